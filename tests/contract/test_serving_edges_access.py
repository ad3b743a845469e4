"""Credentials, errors and times at their edges, over a socket."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from registry_service.api.application import public_application
from registry_service.composition import compose
from registry_service.contract import sync, tokens
from registry_service.contract import wire as wire_format
from registry_service.contract.sync import TokenEntry, TokenSet
from registry_service.contract.tokens import TokenType
from registry_service.database.schema import file as file_table
from registry_service.database.schema import token as token_table
from registry_service.domain.catalog import Visibility
from registry_service.rendering.negotiation import Representation
from tests.contract.conftest import SYNC_KEY
from tests.outcomes import issue_4
from tests.support import packages, schemas
from tests.support.wire import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx2

    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(issue_4.EDGE_CASES)]

_BASE = "/api/v4/projects/demo/packages/pypi"
_ROOT, _PAGE = f"{_BASE}/simple/", f"{_BASE}/simple/mypypipackage/"
_JSON = Representation.JSON.value
_CHALLENGE = 'Basic realm="GitLab Packages Registry"'


def _basic(username: bytes, password: bytes, scheme: bytes = b"Basic") -> list[tuple[bytes, bytes]]:
    return [(b"authorization", scheme + b" " + base64.b64encode(username + b":" + password))]


async def _import(registry: Registry, value: str) -> None:
    """Let the project `team` take a CI system's own token, as the operator does."""
    digest = tokens.imported_digest(value, SYNC_KEY.encode())
    entry = TokenEntry(tokens.imported_id(digest), digest, "ci", TokenType.JOB, imported=True)
    path = f"{sync.SETS_PATH}/uid-of-team"
    etag = (await registry.sync.get(path)).headers["etag"]
    body = wire_format.encode(TokenSet("team", (entry,)))
    assert (await registry.sync.put(path, content=body, headers={"if-match": etag})).status_code == 200


async def test_odd_user_names_do_not_spoil_a_good_token(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.29: none, any, in UTF-8 and, as requests sends it, in Latin-1; the scheme's name in any case."""
    token = (await registry.token()).encode()
    for username in (b"", b"__token__", b"anybody", "Jos\xe9".encode(), "Jos\xe9".encode("latin-1"), b"a" * 4000):
        answer = await wire.get(_ROOT, headers=_basic(username, token))
        assert (username, answer.status_code) == (username, 200)
    for scheme in (b"basic", b"BASIC"):
        assert (await wire.get(_ROOT, headers=_basic(b"a", token, scheme))).status_code == 200
    for scheme in (b"Bearer", b"bearer"):
        assert (await wire.get(_ROOT, headers=[(b"authorization", scheme + b" " + token)])).status_code == 200


async def test_a_password_may_hold_a_colon_and_be_long(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.29: the first colon ends the user name; a CI system's token of the full length counts."""
    for value in ("a:CI:system's:own:token".replace("'", ""), "eyJ" + "x" * (tokens.IMPORTED_MAX_BYTES - 3)):
        await _import(registry, value)
        url = "/api/v4/projects/team/packages/pypi/simple/"
        answer = await wire.get(url, headers=_basic(b"gitlab-ci-token", value.encode()))
        assert answer.status_code == 200
        cut = await wire.get(url, headers=_basic(b"gitlab-ci-token", value.encode()[:-1]))
        assert cut.status_code == 401


def _worthless(token: bytes, job: bytes) -> list[list[tuple[bytes, bytes]]]:
    """Headers that prove nothing, though some hold a token."""
    return [
        _basic(b"", b""),
        _basic(b"__token__", b""),
        _basic(b"a", b"x" * 8192),
        _basic(b"a", b"x" * 40_000),
        _basic(b"a", "p\xe4ss".encode()),
        _basic(b"a", b"p\xe4\xff\x00ss"),
        _basic(b"a", token + b" "),
        _basic(b"a", token.swapcase()),
        _basic(b"gitlab-ci-token\xff", job),
        _basic("gitlab-c\u0131-token".encode(), job),
        [(b"authorization", b"Basic " + base64.b64encode(token))],
        [(b"authorization", b"Basic not base64!")],
        [(b"authorization", b"Basic")],
        [(b"authorization", b"")],
        [(b"authorization", token)],
        [(b"authorization", b"Digest username=a")],
        [(b"authorization", b"Negotiate " + base64.b64encode(token))],
        [(b"authorization", b"Bearer \xe9\xff")],
        [(b"authorization", b"Bearer wrong"), (b"private-token", token)],
        [(b"private-token", b"\xe9")],
        [(b"deploy-token", b"")],
    ]


async def test_what_is_no_credential_is_401_with_a_challenge_and_never_an_error(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.29: wrong scheme, broken base64, no colon, 8 kB, 40 kB, bytes beyond ASCII, on public projects too."""
    await registry.service.minting.create_project("open", Visibility.PUBLIC)
    token, job = (await registry.token()).encode(), (await registry.token("demo", TokenType.JOB)).encode()
    for headers in _worthless(token, job):
        for project in ("demo", "open", "unknown"):
            answer = await wire.get(f"/api/v4/projects/{project}/packages/pypi/simple/", headers=headers)
            assert (headers, project, answer.status_code) == (headers, project, 401)
            assert answer.headers["www-authenticate"] == _CHALLENGE
            assert answer.json() == {"message": "401 Unauthorized"}


async def _upload(
    registry: Registry, wire: httpx2.AsyncClient, meanwhile: Callable[[str], Awaitable[None]]
) -> httpx2.Response:
    """Publish a wheel while something happens to the token after half of the body."""
    token, wheel = await registry.token(), packages.wheel(padding=500_000)
    form, content = {"name": packages.EXAMPLE, "version": "0.0.1"}, {"content": (wheel.filename, wheel.content)}
    whole = wire.build_request("POST", _BASE, data=form, files=content)
    body = await whole.aread()

    async def halves() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        await meanwhile(token.split("_")[2])
        yield body[len(body) // 2 :]

    headers = {"content-type": whole.headers["content-type"], "content-length": str(len(body))}
    return await wire.post(_BASE, content=halves(), headers=headers, auth=("__token__", token))


@pytest.mark.parametrize("event", ["nothing", "revoked", "expired"])
async def test_a_token_that_dies_during_an_upload_publishes_nothing(
    registry: Registry, wire: httpx2.AsyncClient, event: str
) -> None:
    """6.29: it is looked at again in the transaction that makes the file visible."""

    async def meanwhile(token_id: str) -> None:
        if event == "revoked":
            await registry.service.minting.revoke_token(token_id)
        if event == "expired":
            async with registry.service.database.transaction() as tx:
                past = datetime.now(UTC) - timedelta(seconds=1)
                await tx.execute(update(token_table).where(token_table.c.id == token_id).values(not_after=past))

    answer = await _upload(registry, wire, meanwhile)
    page = await registry.page(await registry.token())
    if event == "nothing":
        assert (answer.status_code, page.status_code) == (201, 200)
        return
    assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})
    assert page.status_code == 404


async def test_one_credential_serves_every_index_of_a_host_that_it_may_read(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.30: pip keeps one credential a host, so one token reads its own project, internal ones and the group."""
    await registry.service.minting.create_project("shared", Visibility.INTERNAL)
    await registry.publish(packages.wheel(name="ours"), await registry.token())
    other = ("__token__", await registry.token("shared"))
    wheel = packages.wheel(name="theirs")
    published = await wire.post(
        "/api/v4/projects/shared/packages/pypi",
        data={"name": "theirs", "version": "0.0.1"},
        files={"content": (wheel.filename, wheel.content)},
        auth=other,
    )
    assert published.status_code == 201
    auth = ("__token__", await registry.token())
    for index, name in (
        ("projects/demo", "ours"),
        ("projects/shared", "theirs"),
        ("groups/registry/-", "ours"),
        ("groups/registry/-", "theirs"),
    ):
        page = await wire.get(f"/api/v4/{index}/packages/pypi/simple/{name}/", headers={"accept": _JSON}, auth=auth)
        schemas.validate("simple-package", page.json())
        (file,) = page.json()["files"]
        assert (await wire.get(file["url"], auth=auth)).status_code == 200
    assert (await wire.get("/api/v4/groups/registry/-/packages/pypi/simple/ours/", auth=other)).status_code == 404


_WRONG = (
    ("GET", "/api/v4/unknown", 404),
    ("GET", "/api/v4/projects/demo/packages/abc", 404),
    ("GET", f"{_BASE}/files/00/x.whl", 404),
    ("GET", f"{_BASE}/files/{'0' * 64}/x.whl", 404),
    ("GET", f"{_BASE}/simple/a/b/", 404),
    ("GET", f"{_BASE}/simple/unknown/", 404),
    ("GET", "/api/v4/projects/unknown/packages/pypi/simple/", 404),
    ("GET", "/api/v4/groups/unknown/-/packages/pypi/simple/", 404),
    ("GET", "/api/v4/projects/team%2Fdemo/packages/pypi/simple/", 404),
    ("GET", _BASE, 405),
    ("POST", _ROOT, 405),
    ("DELETE", "/api/v4/projects/demo/packages", 405),
    ("PATCH", "/api/v1/projects/demo/packages/mypypipackage/1.0/yank", 405),
    ("GET", f"{_ROOT}?format=image/png", 406),
    ("POST", _BASE, 400),
    ("PUT", "/api/v1/projects/demo/packages/mypypipackage/1.0/yank", 404),
    ("GET", "/api/v4/projects/demo/packages?page=0", 400),
)


async def test_an_error_is_json_even_for_who_asks_for_html(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.31: pip would take a page in HTML for an index without files; wherever a request fails, the answer is JSON."""
    auth = ("__token__", await registry.token())
    for method, url, status in _WRONG:
        for credential, expected in ((auth, {status}), (("a", "wrong"), {401, status})):
            answer = await wire.request(method, url, headers={"accept": "text/html"}, auth=credential)
            assert (method, url, answer.status_code in expected) == (method, url, True)
            assert answer.headers["content-type"] == "application/json"
            schemas.validate("error", answer.json())


async def test_an_outage_says_in_whole_seconds_when_to_come_back(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.31: poetry cannot read a date there. The registry limits nobody's rate, so it never sends 429."""
    auth = ("__token__", await registry.token())
    await registry.publish(packages.wheel(), auth[1])
    url = (await registry.page(auth[1])).json()["files"][0]["url"]
    async with registry.service.database.snapshot() as tx:
        row = (await tx.execute(select(file_table.c.blob_key, file_table.c.metadata_key))).one()
    for key in row:
        await registry.service.downloading.store.delete(key)
    unreachable = replace(registry.service.settings, data=None, database_url="postgresql://nobody@127.0.0.1:1/none")
    # On one machine the database is a file beside the process: there is nothing to reach.
    service = None if registry.service.settings.data else compose(unreachable)
    answers = [await wire.get(path, headers={"accept": "text/html"}, auth=auth) for path in (url, f"{url}.metadata")]
    if service is not None:
        async with served(public_application(service)) as without_database:
            answers.append(await without_database.get(_PAGE, headers={"accept": "text/html"}, auth=auth))
        await service.database.close()
    for answer in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/json")
        assert answer.headers["retry-after"].isdecimal()
        schemas.validate("error", answer.json())


async def test_upload_time_is_when_the_server_received_the_file_for_ever(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.32: no field of the form sets it, and the same file again does not move it."""
    token, wheel = await registry.token(), packages.wheel()
    before = datetime.now(UTC)
    claimed = {"upload_time": "1999-01-01T00:00:00Z", "upload-time": "1999-01-01T00:00:00Z"}
    assert (await registry.publish(wheel, token, **claimed)).status_code == 201
    after = datetime.now(UTC)
    first = await wire.get(_PAGE, headers={"accept": _JSON}, auth=("a", token))
    (file,) = first.json()["files"]
    shown = datetime.strptime(file["upload-time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert before <= shown <= after
    assert (await registry.publish(wheel, await registry.token())).status_code in (200, 201)
    again = await wire.get(_PAGE, headers={"accept": _JSON}, auth=("a", token))
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])


async def test_a_digest_that_was_not_sent_is_served_all_the_same(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.26: an upload that knows only MD5 is listed with the SHA-256 of its bytes."""
    token, wheel = await registry.token(), packages.wheel()
    md5 = hashlib.md5(wheel.content, usedforsecurity=False).hexdigest()
    assert (await registry.publish(wheel, token, md5_digest=md5)).status_code == 201
    page = (await wire.get(_PAGE, headers={"accept": _JSON}, auth=("a", token))).json()
    assert page["files"][0]["hashes"] == {"sha256": hashlib.sha256(wheel.content).hexdigest()}
    url = "/api/v4/projects/demo/packages/1/package_files"
    (file,) = (await wire.get(url, auth=("a", token))).json()
    schemas.validate("gitlab-package-file", file)
    assert (file["file_md5"], file["file_sha256"]) == (md5, wheel.sha256)
    (package,) = (await wire.get("/api/v4/projects/demo/packages", auth=("a", token))).json()
    schemas.validate("gitlab-package", package)


async def test_a_quarantined_package_is_an_empty_page(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.20: 200 with no files, as PEP 792 has it, in both forms; and back again."""
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    status = "/api/v1/projects/demo/packages/mypypipackage/status"
    for marker, files in (({"status": "quarantined", "reason": 'a "<b>"'}, 0), ({"status": "active"}, 1)):
        assert (await wire.put(status, content=json.dumps(marker), auth=("a", token))).status_code == 204
        page = await wire.get(_PAGE, headers={"accept": _JSON}, auth=("a", token))
        schemas.validate("simple-package", page.json())
        assert (len(page.json()["files"]), page.json()["versions"]) == (files, ["0.0.1"])
        html = (await wire.get(_PAGE, auth=("a", token))).text
        assert html.count("<a ") == files
        assert ('content="a &quot;&lt;b&gt;&quot;"' in html) == (files == 0)
