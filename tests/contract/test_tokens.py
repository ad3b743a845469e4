"""The tokens of a project as its owner sees them, and their end while an upload is under way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_service.contract.sync import TokenEntry
from registry_service.contract.tokens import Scope, TokenType
from registry_service.database import catalog
from registry_service.use_cases.minting import TokenRequest
from tests.support import packages
from tests.support.forms import CONTENT_TYPE, file, form, part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from registry_service.domain.catalog import Project
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

End = Callable[["Registry", str], Awaitable[None]]

_URL = "/api/v1/projects/demo/tokens"
_CI = TokenEntry("", "", "ci", TokenType.PERSONAL, (Scope.API,))


async def _listed(registry: Registry, token: str) -> dict[str, dict[str, Any]]:  # Any: JSON
    answer = await registry.http.get(_URL, auth=("a", token))
    assert answer.status_code == 200, answer.text
    return {entry["id"]: entry for entry in answer.json()}


def _id(token: str) -> str:
    return token.split("_")[2]


async def test_a_projects_tokens_are_listed_without_what_proves_them(registry: Registry) -> None:
    owner = await registry.token()
    request = TokenRequest("demo", TokenType.DEPLOY, "robot", (Scope.READ_PACKAGE_REGISTRY,), packages=("team-*",))
    limited = await registry.service.minting.create_token(request)
    answer = await registry.http.get(_URL, auth=("a", owner))
    for token in (owner, limited):
        assert token.split("_")[3] not in answer.text
    shown = (await _listed(registry, owner))[_id(limited)]
    assert shown.pop("created_at").endswith("Z")
    assert shown == {
        "id": _id(limited),
        "name": "robot",
        "type": "Deploy",
        "scopes": ["read_package_registry"],
        "projects": [],
        "packages": ["team-*"],
        "state": "active",
        "expires_at": None,
        "last_used_at": None,
    }
    await registry.service.minting.revoke_token(_id(limited))
    assert (await _listed(registry, owner))[_id(limited)]["state"] == "revoked"


async def test_last_use_is_told_to_the_hour_and_costs_a_reader_no_write(registry: Registry) -> None:
    owner, used, unused = [await registry.token() for _ in range(3)]
    for _ in range(3):
        await registry.page(used)
    assert (await _listed(registry, owner))[_id(used)]["last_used_at"] is None
    await registry.service.authenticating.record_uses()
    listed = await _listed(registry, owner)
    assert listed[_id(used)]["last_used_at"] is not None
    assert listed[_id(unused)]["last_used_at"] is None


async def test_what_a_set_says_of_a_token_is_shown_and_only_to_its_project(registry: Registry) -> None:
    entry = replace(_CI, projects=("demo",), packages=("a-*",))
    made, other = await registry.issue("guest", entry, replace(entry, name="deploy"))
    answer = await registry.http.get("/api/v1/projects/guest/tokens", auth=("a", made))
    assert {(one["name"], *one["projects"], *one["packages"]) for one in answer.json()} == {
        ("ci", "demo", "a-*"),
        ("deploy", "demo", "a-*"),
    }
    assert _id(other) not in (await registry.http.get(_URL, auth=("a", await registry.token()))).text
    assert (await registry.http.get(_URL, auth=("a", made))).status_code == 404


async def test_the_page_shows_a_projects_tokens_to_its_owner(registry: Registry) -> None:
    owner, reader = await registry.token(), await registry.token("demo", TokenType.DEPLOY)
    origin = {"origin": "http://registry.example"}
    await registry.http.post("/-/sign-in", data={"username": "a", "token": reader}, headers=origin)
    assert 'href="/demo/-/tokens"' not in (await registry.http.get("/demo/-/packages")).text
    refused = await registry.http.get("/demo/-/tokens")
    assert refused.status_code == 403
    assert "This token may not see the project" in refused.text
    await registry.http.post("/-/sign-in", data={"username": "a", "token": owner}, headers=origin)
    assert 'href="/demo/-/tokens"' in (await registry.http.get("/demo/-/packages")).text
    page = (await registry.http.get("/demo/-/tokens")).text
    for token in (owner, reader):
        assert _id(token) in page
        assert token.split("_")[3] not in page
    assert "not yet" in page


async def _revoke(registry: Registry, token: str) -> None:
    await registry.http.post("/api/v1/tokens/revoke", json={"token": token})


async def _suspend(registry: Registry, _: str) -> None:
    await registry.service.minting.suspend_tokens()


async def _leave_the_set(registry: Registry, _: str) -> None:
    await registry.issue("guest")


@pytest.mark.parametrize("end", [_revoke, _suspend, _leave_the_set])
async def test_a_token_that_ends_during_an_upload_publishes_nothing(registry: Registry, end: End) -> None:
    (token,) = await registry.issue("guest", _CI)
    body = form(part("name", packages.EXAMPLE), part("version", "0.0.1"), file(packages.wheel()))

    async def arriving() -> AsyncIterator[bytes]:
        yield body[:400]  # by then the request was let in
        await end(registry, token)
        yield body[400:]

    url, headers = "/api/v4/projects/guest/packages/pypi", {"content-type": CONTENT_TYPE}
    refused = await registry.http.post(url, content=arriving(), headers=headers, auth=("a", token))
    assert refused.status_code == 401
    assert await registry.service.browsing.releases(await _project(registry)) == ()


async def _project(registry: Registry) -> Project:
    async with registry.service.database.snapshot() as tx:
        project = await catalog.find_project(tx, "guest")
    assert project is not None
    return project
