"""The sync port's contract, on each database."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import sync, tokens, wire
from registry_service.contract.sync import (
    Binding,
    Refusal,
    RefusalReason,
    Rules,
    RulesState,
    SetPage,
    SetReply,
    SetSummary,
    TokenEntry,
    TokenSet,
    Upstream,
)
from registry_service.contract.tokens import Scope, TokenType
from tests.contract.conftest import SYNC_KEY
from tests.support import packages

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_UID = "7e2f0f4e-0000-4000-8000-000000000001"
_OTHER_UID = "7e2f0f4e-0000-4000-8000-000000000002"


def _entry(token: str, **more: object) -> TokenEntry:
    parsed = tokens.parse(token)
    assert parsed is not None
    values = {
        "id": parsed.id,
        "digest": tokens.digest(token),
        "name": "ci",
        "type": parsed.type,
        "scopes": (Scope.API,),
    }
    return TokenEntry(**{**values, **more})  # type: ignore[arg-type]  # a row's cells


async def _put(registry: Registry, uid: str, wanted: TokenSet | Rules, etag: str | None = None) -> httpx2.Response:
    path = sync.RULES_PATH if isinstance(wanted, Rules) else f"{sync.SETS_PATH}/{uid}"
    if etag is None:
        etag = (await registry.sync.get(path)).headers["etag"]
    return await registry.sync.put(path, content=wire.encode(wanted), headers={"if-match": etag})


async def _status(registry: Registry, token: str, project: str = "team-a", username: str = "a") -> int:
    url = f"/api/v4/projects/{project}/packages/pypi/simple/"
    return (await registry.http.get(url, auth=(username, token))).status_code


def _refusal(response: httpx2.Response) -> RefusalReason:
    return wire.decode(Refusal, response.content).reason


async def test_a_set_makes_the_project_and_its_tokens_work(registry: Registry) -> None:
    token = tokens.mint(TokenType.DEPLOY, secrets.token_bytes)
    body = wire.encode(TokenSet("team-a", (_entry(token),)))
    response = await _put(registry, _UID, TokenSet("team-a", (_entry(token),)))
    reply = wire.decode(SetReply, response.content)
    assert (reply.project, reply.revoked) == ("team-a", ())
    assert await _status(registry, token) == 200
    assert await _status(registry, token, str(reply.project_id)) == 200
    summary = wire.decode(SetSummary, (await registry.sync.get(f"{sync.SETS_PATH}/{_UID}")).content)
    assert summary == SetSummary("team-a", _UID, sync.body_digest(body), response.headers["etag"])
    page = wire.decode(SetPage, (await registry.sync.get(sync.SETS_PATH)).content)
    assert page == SetPage((summary,))


async def test_what_a_set_no_longer_holds_is_dead(registry: Registry) -> None:
    kept, dropped = (tokens.mint(TokenType.PERSONAL, secrets.token_bytes) for _ in range(2))
    await _put(registry, _UID, TokenSet("team-a", (_entry(kept), _entry(dropped))))
    await _put(registry, _UID, TokenSet("team-a", (_entry(kept),)))
    assert [await _status(registry, token) for token in (kept, dropped)] == [200, 401]
    await _put(registry, _UID, TokenSet("team-a"))
    assert await _status(registry, kept) == 401


async def test_a_set_leaves_tokens_of_commands_alone(registry: Registry) -> None:
    await _put(registry, _UID, TokenSet("team-a"))
    made = await registry.token("team-a")
    await _put(registry, _UID, TokenSet("team-a", (_entry(tokens.mint(TokenType.JOB, secrets.token_bytes)),)))
    assert await _status(registry, made) == 200


async def test_a_revoked_token_is_a_tombstone_that_no_set_revives(registry: Registry) -> None:
    token = tokens.mint(TokenType.PERSONAL, secrets.token_bytes)
    entry = _entry(token)
    await _put(registry, _UID, TokenSet("team-a", (entry,)))
    await registry.service.minting.revoke_token(entry.id)
    for _ in range(2):
        reply = wire.decode(SetReply, (await _put(registry, _UID, TokenSet("team-a", (entry,)))).content)
        assert reply.revoked == (entry.id,)
        assert await _status(registry, token) == 401
    summary = wire.decode(SetSummary, (await registry.sync.get(f"{sync.SETS_PATH}/{_UID}")).content)
    assert summary.revoked == (entry.id,)


async def test_a_token_ends_at_its_time(registry: Registry) -> None:
    past, future = (tokens.mint(TokenType.PERSONAL, secrets.token_bytes) for _ in range(2))
    await _put(registry, _UID, TokenSet("team-a", (_entry(past, not_after=1), _entry(future, not_after=2**33))))
    assert [await _status(registry, token) for token in (past, future)] == [401, 200]


async def test_an_imported_token_counts_only_in_its_project_and_with_its_user_name(registry: Registry) -> None:
    value = "a CI system's own job token".replace(" ", "-")
    digest = tokens.imported_digest(value, SYNC_KEY.encode())
    entry = TokenEntry(tokens.imported_id(digest), digest, "ci", TokenType.JOB, imported=True)
    await _put(registry, _UID, TokenSet("team-a", (entry,)))
    await _put(registry, _OTHER_UID, TokenSet("team-b"))
    assert await _status(registry, value, username="gitlab-ci-token") == 200
    assert await _status(registry, value, username="__token__") == 401
    assert await _status(registry, value, "team-b", "gitlab-ci-token") == 401
    assert await _status(registry, digest, username="gitlab-ci-token") == 401


async def test_a_writer_who_did_not_read_starts_over(registry: Registry) -> None:
    first = await _put(registry, _UID, TokenSet("team-a"), sync.NEVER_WRITTEN)
    assert first.status_code == 200
    stale = await _put(registry, _UID, TokenSet("team-a"), sync.NEVER_WRITTEN)
    assert (stale.status_code, _refusal(stale)) == (412, RefusalReason.ETAG_MISMATCH)
    missing = await registry.sync.put(f"{sync.SETS_PATH}/{_UID}", content=wire.encode(TokenSet("team-a")))
    assert missing.status_code == 412


async def test_a_project_stays_with_its_namespace_until_the_owner_says_otherwise(registry: Registry) -> None:
    old, new = (tokens.mint(TokenType.PERSONAL, secrets.token_bytes) for _ in range(2))
    await _put(registry, _UID, TokenSet("team-a", (_entry(old),)))
    refused = await _put(registry, _OTHER_UID, TokenSet("team-a", (_entry(new),)))
    assert (refused.status_code, _refusal(refused)) == (409, RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE)
    assert [await _status(registry, token) for token in (old, new)] == [200, 401]
    await _put(registry, "", Rules(bindings=(Binding("team-a", _OTHER_UID),)))
    assert (await _put(registry, _OTHER_UID, TokenSet("team-a", (_entry(new),)))).status_code == 200
    assert [await _status(registry, token) for token in (old, new)] == [401, 200]
    page = wire.decode(SetPage, (await registry.sync.get(sync.SETS_PATH)).content)
    assert [summary.namespace_uid for summary in page.sets] == [_OTHER_UID]


async def test_a_project_of_a_command_belongs_to_no_namespace(registry: Registry) -> None:
    refused = await _put(registry, _UID, TokenSet("demo"))
    assert _refusal(refused) is RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{", 400, RefusalReason.INVALID_BODY),
        (b'{"namespace":"a","superuser":true}', 422, RefusalReason.UNKNOWN_FIELD),
        (b'{"namespace":"123"}', 400, RefusalReason.INVALID_BODY),
        (b'{"namespace":"A/b"}', 400, RefusalReason.INVALID_BODY),
        (
            wire.encode(TokenSet("a", (TokenEntry("i", "d", "n", TokenType.JOB),) * 2)),
            400,
            RefusalReason.INVALID_BODY,
        ),
        (
            wire.encode(TokenSet("a", tuple(TokenEntry(str(n), "d", "n", TokenType.JOB) for n in range(1001)))),
            400,
            RefusalReason.TOO_MANY_TOKENS,
        ),
        (b" " * (sync.MAX_BODY_BYTES + 1), 400, RefusalReason.INVALID_BODY),
    ],
)
async def test_a_wrong_set_is_refused_and_changes_nothing(
    registry: Registry, body: bytes, status: int, reason: RefusalReason
) -> None:
    path = f"{sync.SETS_PATH}/{_UID}"
    response = await registry.sync.put(path, content=body, headers={"if-match": sync.NEVER_WRITTEN})
    assert (response.status_code, _refusal(response)) == (status, reason)
    assert (await registry.sync.get(path)).headers["etag"] == sync.NEVER_WRITTEN


async def test_a_thousand_tokens_are_one_set(registry: Registry) -> None:
    entries = tuple(TokenEntry(f"{number:016}", "d" * 64, "n", TokenType.JOB) for number in range(1000))
    assert (await _put(registry, _UID, TokenSet("team-a", entries))).status_code == 200


async def test_sets_come_in_pages(registry: Registry) -> None:
    for number in range(3):
        await _put(registry, f"uid-{number}", TokenSet(f"team-{number}"))
    page = wire.decode(SetPage, (await registry.sync.get(sync.SETS_PATH, params={"after": "uid-0"})).content)
    assert [summary.namespace_uid for summary in page.sets] == ["uid-1", "uid-2"]


async def test_suspending_makes_the_operator_send_everything_again(registry: Registry) -> None:
    token = tokens.mint(TokenType.PERSONAL, secrets.token_bytes)
    wanted = TokenSet("team-a", (_entry(token),))
    await _put(registry, _UID, wanted)
    await registry.service.minting.suspend_tokens()
    assert await _status(registry, token) == 401
    summary = wire.decode(SetSummary, (await registry.sync.get(f"{sync.SETS_PATH}/{_UID}")).content)
    assert summary.digest == ""
    await _put(registry, _UID, wanted)
    assert await _status(registry, token) == 200


async def test_rules_hold_from_the_moment_they_are_acknowledged(registry: Registry) -> None:
    assert not await registry.service.token_sync.has_rules()
    upstream = Upstream("https://index.example/simple/", reserved_names=("Our.Secret",))
    rules = Rules(max_upload_size=100, upstream=upstream)
    response = await _put(registry, "", rules)
    state = RulesState(response.headers["etag"], sync.body_digest(wire.encode(rules)))
    assert wire.decode(RulesState, response.content) == state
    assert wire.decode(RulesState, (await registry.sync.get(sync.RULES_PATH)).content) == state
    assert await registry.service.token_sync.has_rules()
    token = await registry.token()
    assert (await registry.publish(packages.wheel(), token)).status_code == 400
    elsewhere = await registry.http.get(_simple("Flask"), auth=("a", token))
    assert (elsewhere.status_code, elsewhere.headers["location"]) == (302, "https://index.example/simple/flask/")
    assert (await registry.http.get(_simple("our-secret"), auth=("a", token))).status_code == 404


async def test_a_name_that_is_held_never_goes_upstream(registry: Registry) -> None:
    await _put(registry, "", Rules(upstream=Upstream("https://index.example/simple/")))
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    assert (await registry.http.get(_simple("mypypipackage"), auth=("a", token))).status_code == 200


async def test_stale_and_unknown_rules_are_refused(registry: Registry) -> None:
    await _put(registry, "", Rules())
    stale = await _put(registry, "", Rules(), sync.NEVER_WRITTEN)
    assert _refusal(stale) is RefusalReason.ETAG_MISMATCH
    etag = (await registry.sync.get(sync.RULES_PATH)).headers["etag"]
    unknown = await registry.sync.put(sync.RULES_PATH, content=b'{"x":1}', headers={"if-match": etag})
    assert (unknown.status_code, _refusal(unknown)) == (422, RefusalReason.UNKNOWN_FIELD)


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Bearer ", f"Basic {SYNC_KEY}", SYNC_KEY])
async def test_without_the_key_every_route_is_closed(registry: Registry, authorization: str) -> None:
    headers = {"authorization": authorization}
    served = (("GET", sync.SETS_PATH), ("PUT", f"{sync.SETS_PATH}/u"), ("PUT", sync.RULES_PATH))
    for method, path in (*served, ("POST", sync.RULES_PATH), ("GET", "/"), ("GET", "/docs"), ("GET", "/openapi.json")):
        response = await registry.sync.request(method, path, headers=headers)
        assert (response.status_code, _refusal(response)) == (401, RefusalReason.UNAUTHORIZED)


def _simple(name: str) -> str:
    return f"/api/v4/projects/demo/packages/pypi/simple/{name}/"
