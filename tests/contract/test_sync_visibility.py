"""Who may read the projects of namespaces, as the operator's rules say, on each database."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import sync, tokens, wire
from registry_service.contract.sync import (
    Binding,
    ProjectSettings,
    ProjectVisibility,
    Refusal,
    RefusalReason,
    Rules,
    TokenEntry,
    TokenSet,
)
from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.catalog import Visibility

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_UID = "7e2f0f4e-0000-4000-8000-000000000001"
_OTHER_UID = "7e2f0f4e-0000-4000-8000-000000000002"


def _set(token: str, path: str = "team-a") -> TokenSet:
    parsed = tokens.parse(token)
    assert parsed is not None
    return TokenSet(path, (TokenEntry(parsed.id, tokens.digest(token), "ci", parsed.type, (Scope.API,)),))


async def _put(registry: Registry, uid: str, wanted: TokenSet | Rules) -> httpx2.Response:
    path = sync.RULES_PATH if isinstance(wanted, Rules) else f"{sync.SETS_PATH}/{uid}"
    etag = (await registry.sync.get(path)).headers["etag"]
    return await registry.sync.put(path, content=wire.encode(wanted), headers={"if-match": etag})


async def _status(registry: Registry, token: str, project: str = "team-a") -> int:
    url = f"/api/v4/projects/{project}/packages/pypi/simple/"
    return (await registry.http.get(url, auth=("a", token))).status_code


async def test_projects_are_read_by_whom_the_rules_let(registry: Registry) -> None:
    """Also by those who have none of its tokens, from the next request on, and no longer when that is withdrawn."""
    token = tokens.mint(TokenType.PERSONAL, secrets.token_bytes)
    stranger = await registry.token()
    await _put(registry, _UID, _set(token))

    async def seen() -> tuple[int, int, int]:
        url = "/api/v4/projects/team-a/packages/pypi/simple/"
        anonymous = (await registry.http.get(url)).status_code
        return anonymous, await _status(registry, stranger), await _status(registry, token)

    private, internal, public = (401, 404, 200), (401, 200, 200), (200, 200, 200)
    everywhere, here = ProjectVisibility.INTERNAL, (ProjectSettings("team-a", ProjectVisibility.PUBLIC),)
    assert await seen() == private
    for rules, expected in (
        (Rules(visibility=everywhere), internal),
        (Rules(visibility=everywhere, projects=here), public),
        (Rules(visibility=everywhere, projects=(ProjectSettings("team-a"),)), private),
        (Rules(projects=here), public),
        (Rules(), private),
    ):
        assert (await _put(registry, "", rules)).status_code == 200
        assert await seen() == expected


async def test_a_new_project_is_shown_as_the_rules_say(registry: Registry) -> None:
    await _put(registry, "", Rules(projects=(ProjectSettings("team-a", ProjectVisibility.PUBLIC),)))
    for number, (uid, path) in enumerate(((_UID, "team-a"), (_OTHER_UID, "team-b"))):
        await _put(registry, uid, TokenSet(path))
        url = f"/api/v4/projects/{path}/packages/pypi/simple/"
        assert (await registry.http.get(url)).status_code == (200, 401)[number]


async def test_a_change_of_who_may_read_is_recorded_and_projects_of_commands_keep_theirs(registry: Registry) -> None:
    token = tokens.mint(TokenType.PERSONAL, secrets.token_bytes)
    await _put(registry, _UID, _set(token))
    await _put(registry, "", Rules(visibility=ProjectVisibility.INTERNAL))
    await _put(registry, "", Rules(visibility=ProjectVisibility.INTERNAL, max_upload_size=1))
    assert await _status(registry, token, "demo") == 404
    trail = (await registry.http.get("/api/v1/projects/team-a/audit", auth=("a", token))).text
    changes = [line for line in map(json.loads, trail.splitlines()) if line["action"] == "show-project"]
    assert [(one["actor"]["name"], one["details"]) for one in changes] == [
        ("registry-operator", {"from": "private", "to": "internal"})
    ]


async def test_a_project_that_is_handed_over_is_shown_as_the_rules_say(registry: Registry) -> None:
    """Whatever a command, or a backup, said before."""
    await registry.service.minting.create_project("team-a", Visibility.PUBLIC)
    url = "/api/v4/projects/team-a/packages/pypi/simple/"
    assert (await registry.http.get(url)).status_code == 200
    await _put(registry, "", Rules(bindings=(Binding("team-a", _UID),)))
    assert (await registry.http.get(url)).status_code == 200
    await _put(registry, _UID, TokenSet("team-a"))
    assert (await registry.http.get(url)).status_code == 401


async def test_two_settings_for_one_project_are_refused(registry: Registry) -> None:
    refused = await _put(registry, "", Rules(projects=(ProjectSettings("a"), ProjectSettings("a"))))
    assert refused.status_code == 400
    assert wire.decode(Refusal, refused.content).reason is RefusalReason.INVALID_BODY
