"""What outlives a namespace or lies beside the service: old tokens, the sync port, the bucket."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import httpx2
import pytest
from sqlalchemy import text

from registry_service.contract import sync, tokens, wire
from registry_service.contract.sync import TokenEntry, TokenSet
from registry_service.contract.tokens import PERSONAL_USERNAME, Scope, TokenType
from registry_service.domain.catalog import Visibility
from registry_service.storage.s3_client import S3Settings
from registry_service.use_cases.minting import TokenRequest
from tests.support import packages

if TYPE_CHECKING:
    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.hostile, pytest.mark.anyio]

_UID, _NAMESAKES_UID = "uid-of-the-former", "uid-of-its-namesake"


def _set(token: str) -> TokenSet:
    parsed = tokens.parse(token)
    assert parsed is not None
    entry = TokenEntry(parsed.id, tokens.digest(token), "ci", parsed.type, (Scope.API,), PERSONAL_USERNAME)
    return TokenSet("team-a", (entry,))


async def _put(registry: Registry, uid: str, wanted: TokenSet) -> httpx2.Response:
    path = f"{sync.SETS_PATH}/{uid}"
    etag = (await registry.sync.get(path)).headers["etag"]
    return await registry.sync.put(path, content=wire.encode(wanted), headers={"if-match": etag})


async def _status(registry: Registry, token: str) -> int:
    path = "/api/v4/projects/team-a/packages/pypi/simple/"
    return (await registry.http.get(path, auth=("__token__", token))).status_code


async def test_a_namespace_that_is_made_again(registry: Registry) -> None:
    """3.1/14: a namesake gets neither project nor tokens, and the former's token and session are worth nothing."""
    old, new = (tokens.mint(TokenType.PERSONAL, secrets.token_bytes) for _ in range(2))
    assert (await _put(registry, _UID, _set(old))).status_code == 200
    form, origin = {"username": "__token__", "token": old}, {"origin": "http://registry.example"}
    assert (await registry.http.post("/-/sign-in", data=form, headers=origin)).status_code == 303
    assert (await registry.http.get("/team-a/-/packages")).status_code == 200
    assert (await _put(registry, _UID, TokenSet("team-a", ()))).status_code == 200
    assert (await _put(registry, _NAMESAKES_UID, _set(new))).status_code == 409
    assert [await _status(registry, token) for token in (old, new)] == [401, 401]
    assert (await registry.http.get("/team-a/-/packages")).status_code == 303
    assert (await _put(registry, _NAMESAKES_UID, _set(old))).status_code == 409


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "bearer \xff"])
async def test_the_sync_port_without_its_key(registry: Registry, value: str) -> None:
    """3.1/16: everything there is 401; a token of the registry is no key."""
    personal = await registry.token()
    for path in (sync.SETS_PATH, f"{sync.SETS_PATH}/{_UID}", sync.RULES_PATH, "/nosuch", "/docs", "/openapi.json"):
        for method in ("GET", "PUT", "POST", "DELETE"):
            for credential in (value, f"Bearer {personal}"):
                headers = {b"authorization": credential.encode("latin-1")}
                answer = await registry.sync.request(method, path, headers=headers, content=b"{}")
                assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b'{"namespace": "\\ud800"}', b"0" * 10**6], ids=range(5)
)
async def test_bodies_of_the_sync_port(registry: Registry, body: bytes) -> None:
    """2/B7: also who has the key gets a clear refusal for what is no set."""
    path = f"{sync.SETS_PATH}/{_UID}"
    etag = (await registry.sync.get(path)).headers["etag"]
    refused = await registry.sync.put(path, content=body, headers={"if-match": etag})
    assert refused.status_code in (400, 422)
    assert len(refused.content) < 1024


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_bucket_is_nobodys(registry: Registry) -> None:
    """3.3/83: without the service's key nothing in it can be listed, read or written."""
    settings = registry.service.settings.store
    assert isinstance(settings, S3Settings)
    assert (await registry.publish(packages.wheel(), await registry.token())).status_code == 201
    async with registry.service.database.snapshot() as tx:
        prefix, key = settings.prefix, (await tx.execute(text("SELECT blob_key FROM file"))).scalar_one()
    async with httpx2.AsyncClient(base_url=settings.endpoint, timeout=30) as anonymous:
        for method, path in (
            ("GET", f"/{settings.bucket}"),
            ("GET", f"/{settings.bucket}/?list-type=2"),
            ("GET", f"/{settings.bucket}/{prefix}/{key}"),
            ("GET", f"/{settings.bucket}/x/../{prefix}/{key}"),
            ("PUT", f"/{settings.bucket}/{prefix}/{key}"),
            ("DELETE", f"/{settings.bucket}/{prefix}/{key}"),
            ("GET", "/"),
        ):
            assert (await anonymous.request(method, path)).status_code in (400, 403), (method, path)


async def test_a_token_of_the_group_reads_no_strangers_package(registry: Registry) -> None:
    """3.3/76: the group index names nothing that its reader may not read."""
    await registry.service.minting.create_project("stranger", Visibility.PRIVATE)
    token = await registry.service.minting.create_token(TokenRequest("stranger", TokenType.PERSONAL))
    assert (await registry.publish(packages.wheel(), await registry.token())).status_code == 201
    page = await registry.http.get("/api/v4/groups/registry/-/packages/pypi/simple/", auth=("__token__", token))
    assert page.status_code == 200
    assert packages.EXAMPLE not in page.text
