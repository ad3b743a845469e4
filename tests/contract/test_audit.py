"""The audit trail, and the end of a token that leaked, on each pair of adapters."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from registry_service.contract import tokens, wire
from registry_service.contract.sync import TokenEntry, TokenSet
from registry_service.contract.tokens import Scope, TokenType
from registry_service.database.tokens import TokenChoice
from registry_service.database.transaction import ConflictError
from registry_service.domain.catalog import Visibility
from registry_service.errors import DatabaseError, NotFoundError
from registry_service.memory.failures import PER_TOKEN
from registry_service.use_cases import auditing
from tests.support import packages

if TYPE_CHECKING:
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_AUDIT = "/api/v1/projects/demo/audit"
_REVOKE = "/api/v1/tokens/revoke"


async def _trail(registry: Registry, token: str, after: int = 0) -> list[dict[str, Any]]:  # Any: JSON
    answer = await registry.http.get(_AUDIT, params={"after": str(after)}, auth=("a", token))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


def _id(token: str) -> str:
    parsed = tokens.parse(token)
    assert parsed is not None
    return parsed.id


async def test_the_trail_says_who_did_what_to_which_file(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel("1.0")
    await registry.publish(wheel, token)
    release = "/api/v1/projects/demo/packages/mypypipackage"
    await registry.http.put(f"{release}/1.0/yank", json={"reason": "broken"}, auth=("a", token))
    await registry.http.delete(f"{release}/1.0/yank", auth=("a", token))
    await registry.http.put(f"{release}/status", json={"status": "deprecated", "reason": "old"}, auth=("a", token))
    await registry.http.put("/api/v1/projects/demo/status", json={"status": "active"}, auth=("a", token))
    await registry.http.delete("/api/v4/projects/demo/packages/1", auth=("a", token))
    trail = await _trail(registry, token)
    assert [line["action"] for line in trail] == [
        "create-project",
        "create-token",
        "publish",
        "yank",
        "unyank",
        "mark-package",
        "mark-project",
        "delete",
    ]
    who = {"name": "__token__", "token_id": _id(token), "token_type": "Personal", "address": "127.0.0.1"}
    assert all(line["actor"] == who for line in trail[2:])
    assert trail[1]["actor"] == {"name": "registry-service"}
    file = {"package": "mypypipackage", "version": "1.0", "filename": wheel.filename, "sha256": wheel.sha256}
    for number in (2, 3, 4, 7):
        assert file.items() <= trail[number].items()
    assert trail[3]["details"] == {"reason": "broken"}
    assert trail[5]["details"] == {"status": "deprecated", "reason": "old"}
    times = [datetime.fromisoformat(line["at"]) for line in trail]
    assert times == sorted(times)


async def test_what_was_refused_left_no_line(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    await registry.publish(packages.wheel("1.0"), token)
    await registry.publish(packages.wheel("1.0", padding=10), token)
    await registry.http.delete("/api/v4/projects/demo/packages/9", auth=("a", token))
    assert [line["action"] for line in await _trail(registry, token)].count("publish") == 1


async def test_the_trail_is_read_in_parts(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "MAX_LINES", 2)
    monkeypatch.setattr("registry_service.api.audit.MAX_LINES", 2)
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    first = await registry.http.get(_AUDIT, auth=("a", token))
    assert first.headers["link"] == f'<{_AUDIT}?after=2>; rel="next"'
    assert [line["action"] for line in await _trail(registry, token, after=2)] == ["publish"]
    for after in ("x", "-1", "²", "9" * 19, "9" * 30, "0" * 5000):
        refused = await registry.http.get(_AUDIT, params={"after": after}, auth=("a", token))
        assert refused.status_code == 400


async def test_only_who_may_change_a_project_reads_its_trail(registry: Registry) -> None:
    reader = await registry.token("demo", TokenType.PERSONAL, Scope.READ_API)
    assert (await registry.http.get(_AUDIT, auth=("a", reader))).status_code == 403
    assert (await registry.http.get(_AUDIT)).status_code == 401


@pytest.mark.parametrize("statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit"])
async def test_nothing_changes_a_line(registry: Registry, statement: str) -> None:
    token = await registry.token()
    before = await _trail(registry, token)
    with pytest.raises((ConflictError, DatabaseError), match="the audit trail is append-only"):
        async with registry.service.database.transaction() as tx:
            await tx.execute(text(statement))
    assert await _trail(registry, token) == before


async def test_a_set_that_changes_tokens_leaves_a_line(registry: Registry) -> None:
    kind, path = TokenType.PERSONAL, "/sync/v1/sets/uid-1"
    token = tokens.mint(kind, lambda size: b"x" * size)
    entry = TokenEntry(_id(token), tokens.digest(token), "ci", kind, (Scope.API,), "__token__")
    first = await registry.sync.put(path, content=wire.encode(TokenSet("team", (entry,))), headers={"if-match": '"0"'})
    again = await registry.sync.put(
        path,
        content=wire.encode(TokenSet("team", (replace(entry, name="other"),))),
        headers={"if-match": first.headers["etag"]},
    )
    assert again.status_code == 200
    answer = await registry.http.get("/api/v1/projects/team/audit", auth=("a", token))
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [(line["action"], line["details"]) for line in lines] == [
        ("create-project", {"namespaceUID": "uid-1", "visibility": "private"}),
        ("replace-tokens", {"added": _id(token)}),
    ]
    assert all(line["actor"] == {"name": "registry-operator"} for line in lines)


async def test_who_holds_a_token_can_end_it(registry: Registry) -> None:
    token, other = await registry.token(), await registry.token()
    assert (await registry.http.post(_REVOKE, json={"token": token})).status_code == 204
    assert (await registry.page(token)).status_code == 401
    assert (await registry.http.post(_REVOKE, json={"token": token})).status_code == 404
    revoked = (await _trail(registry, other))[-1]
    assert (revoked["action"], revoked["actor"]["token_id"]) == ("revoke-token", _id(token))
    for wrong in (other[:-1] + "?", "pyr_p_x", ""):
        assert (await registry.http.post(_REVOKE, json={"token": wrong})).status_code == 404
    for body in (b"", b"[]", b'{"token": 1}', b"x" * 5000):
        assert (await registry.http.post(_REVOKE, content=body)).status_code == 400
    assert (await registry.page(other)).status_code == 404


async def test_who_guesses_tokens_to_revoke_is_told_to_wait(registry: Registry) -> None:
    token = await registry.token()
    revoked = await registry.token()
    await registry.service.minting.revoke_token(_id(revoked))
    for _ in range(PER_TOKEN):
        assert (await registry.http.post(_REVOKE, json={"token": revoked})).status_code == 404
    refused = await registry.http.post(_REVOKE, json={"token": revoked})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert (await registry.http.post(_REVOKE, json={"token": token})).status_code == 204


async def test_tokens_are_revoked_by_project_and_by_time(registry: Registry) -> None:
    minting = registry.service.minting
    await minting.create_project("other", Visibility.PRIVATE)
    ours, theirs = await registry.token(), await registry.token("other")
    long_ago = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(NotFoundError):
        await minting.revoke_tokens(TokenChoice(created_before=long_ago))
    assert await minting.revoke_tokens(TokenChoice(project="demo")) == 1
    assert (await registry.page(ours)).status_code == 401
    assert await minting.revoke_tokens(TokenChoice(created_before=datetime.now(UTC))) == 1
    assert (
        await registry.http.get("/api/v4/projects/other/packages/pypi/simple/", auth=("a", theirs))
    ).status_code == 401
