"""Who is asking, and may they: every branch of the answer, on a database of their own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import tokens
from registry_service.contract.sync import Grant, GrantedPermission, Rules, TokenEntry
from registry_service.contract.tokens import JOB_USERNAME, Scope, TokenType
from registry_service.database import sets
from registry_service.database.migrating import migrate
from registry_service.database.sets import ReceivedSet
from registry_service.database.transaction import open_database
from registry_service.domain.access import Permission
from registry_service.domain.audit import Actor
from registry_service.domain.catalog import Visibility
from registry_service.domain.credentials import Credential
from registry_service.errors import (
    ForbiddenError,
    HiddenError,
    NotFoundError,
    TooManyFailuresError,
    UnauthenticatedError,
)
from registry_service.memory.failures import PER_TOKEN, Failures
from registry_service.memory.uses import Uses
from registry_service.use_cases.authenticating import Access, Authenticating
from registry_service.use_cases.minting import Minting, TokenRequest
from registry_service.use_cases.rules import RulesInForce
from tests.outcomes import issue_5

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from registry_service.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(issue_5.COVERED)]

_NOW = datetime(2026, 11, 24, tzinfo=UTC)
_SYNC_KEY = b"the sync key"
_IMPORTED = "a-value-of-a-ci-system-0123456789"


@dataclass
class World:
    """Two private projects and a public one, the clock of their registry, and the use case."""

    database: Database
    now: datetime = _NOW
    sync_key: bytes | None = _SYNC_KEY
    failures: Failures = field(default_factory=Failures)
    uses: Uses = field(default_factory=Uses)
    rules: Rules = field(default_factory=Rules)
    _drawn: int = 0

    @property
    def authenticating(self) -> Authenticating:
        return Authenticating(
            self.database, RulesInForce(self.rules), lambda: self.sync_key, lambda: self.now, self.failures, self.uses
        )

    async def token(self, project: str, kind: TokenType = TokenType.PERSONAL, *scopes: Scope) -> str:
        lifetime = timedelta(minutes=1)
        request = TokenRequest(project, kind, scopes=scopes, lifetime=lifetime)
        return await self.minting.create_token(request)

    @property
    def minting(self) -> Minting:
        return Minting(self.database, lambda: self.now, self._random)

    def _random(self, size: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(size, "big")


@asynccontextmanager
async def _migrated(folder: Path) -> AsyncIterator[Database]:
    database = open_database(f"sqlite:///{folder / 'registry.db'}")
    async with database.transaction() as tx:
        await migrate(tx)
    yield database
    await database.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with _migrated(tmp_path) as database:
        made = World(database)
        for path, visibility in (
            ("ours", Visibility.PRIVATE),
            ("theirs", Visibility.PRIVATE),
            ("open", Visibility.PUBLIC),
        ):
            await made.minting.create_project(path, visibility)
        yield made


def _credential(token: str, username: str = "anybody") -> Credential:
    return Credential(username, token, address="192.0.2.1")


async def test_a_token_opens_its_own_project_and_acts_under_its_name(world: World) -> None:
    token = await world.token("ours")
    access = await world.authenticating.authorize(_credential(token), Permission.PUBLISH, "ours")
    parsed = tokens.parse(token)
    assert parsed is not None
    assert access.project.path == "ours"
    assert replace(access, address="192.0.2.9").actor == Actor("__token__", parsed.id, "Personal", "192.0.2.9")


async def test_nobody_reads_what_is_public_and_nothing_else(world: World) -> None:
    access = await world.authenticating.authorize(None, Permission.READ, "open")
    assert access.principal is None
    with pytest.raises(UnauthenticatedError):
        _ = access.publisher
    for permission, project in ((Permission.PUBLISH, "open"), (Permission.READ, "ours"), (Permission.READ, "nowhere")):
        with pytest.raises(UnauthenticatedError):
            await world.authenticating.authorize(None, permission, project)


async def test_another_project_does_not_exist_and_a_missing_scope_is_forbidden(world: World) -> None:
    reader = _credential(await world.token("ours", TokenType.PERSONAL, Scope.READ_API))
    for project in ("theirs", "nowhere"):
        with pytest.raises(HiddenError):
            await world.authenticating.authorize(reader, Permission.READ, project)
    with pytest.raises(ForbiddenError):
        await world.authenticating.authorize(reader, Permission.PUBLISH, "ours")


@pytest.mark.parametrize("username", ["anybody", ""])
async def test_a_job_token_counts_with_its_own_user_name_alone(world: World, username: str) -> None:
    token = await world.token("ours", TokenType.JOB)
    with pytest.raises(UnauthenticatedError):
        await world.authenticating.authorize(_credential(token, username), Permission.READ, "ours")
    access = await world.authenticating.authorize(_credential(token, JOB_USERNAME), Permission.READ, "ours")
    assert isinstance(access, Access)


async def test_what_has_ended_or_was_never_ours_opens_nothing(world: World) -> None:
    token = await world.token("ours")
    other = tokens.mint(TokenType.PERSONAL, lambda size: b"\xff" * size)
    for wrong in (token[:-1] + "?", other, "no token at all", ""):
        with pytest.raises(UnauthenticatedError):
            await world.authenticating.authorize(_credential(wrong), Permission.READ, "open")
    world.now += timedelta(minutes=1)
    with pytest.raises(UnauthenticatedError):
        await world.authenticating.authorize(_credential(token), Permission.READ, "ours")


async def test_an_imported_token_counts_in_its_project_while_there_is_a_sync_key(world: World) -> None:
    digest = tokens.imported_digest(_IMPORTED, _SYNC_KEY)
    entry = TokenEntry(tokens.imported_id(digest), digest, "ci", TokenType.JOB, imported=True)
    received = ReceivedSet("uid-1", "ours", "digest", '"etag"')
    async with world.database.transaction() as tx:
        await sets.replace_set(tx, received, 1, (entry,), now=_NOW)
    job = _credential(_IMPORTED, JOB_USERNAME)
    assert (await world.authenticating.authorize(job, Permission.PUBLISH, "ours")).publisher.name == "ci"
    for project in ("theirs", "nowhere"):
        with pytest.raises(UnauthenticatedError):
            await world.authenticating.authorize(job, Permission.READ, project)
    with pytest.raises(UnauthenticatedError):
        await world.authenticating.authorize(_credential(_IMPORTED), Permission.READ, "ours")
    with pytest.raises(UnauthenticatedError):
        await world.authenticating.authorize_group(job)
    world.sync_key = None
    with pytest.raises(UnauthenticatedError):
        await world.authenticating.authorize(job, Permission.READ, "ours")


async def test_the_group_is_for_tokens_that_read(world: World) -> None:
    reader = await world.authenticating.authorize_group(_credential(await world.token("ours")))
    assert (reader.principal.name, reader.granted) == ("__token__", ())
    with pytest.raises(UnauthenticatedError):
        await world.authenticating.authorize_group(None)
    writer = await world.token("ours", TokenType.DEPLOY, Scope.WRITE_PACKAGE_REGISTRY)
    with pytest.raises(ForbiddenError):
        await world.authenticating.authorize_group(_credential(writer))


async def test_who_guesses_is_told_to_wait_and_who_is_right_is_not(world: World) -> None:
    token = await world.token("ours", TokenType.JOB)
    for _ in range(PER_TOKEN):
        with pytest.raises(UnauthenticatedError):
            await world.authenticating.identify(_credential(token))
    with pytest.raises(TooManyFailuresError):
        await world.authenticating.identify(_credential(token))
    assert (await world.authenticating.identify(_credential(token, JOB_USERNAME))).type is TokenType.JOB


async def test_a_token_that_somebody_found_is_verified_and_a_guess_counts_like_every_other(world: World) -> None:
    for kind in TokenType:
        assert (await world.authenticating.identify_found(await world.token("ours", kind), "")).type is kind
    guess = tokens.mint(TokenType.PERSONAL, world._random)  # noqa: SLF001 - the world's own source
    for _ in range(PER_TOKEN):
        for unknown in (guess, "\ud800", _IMPORTED):
            with pytest.raises(NotFoundError):
                await world.authenticating.identify_found(unknown, "")
    with pytest.raises(TooManyFailuresError):
        await world.authenticating.identify_found(guess, "")
    with pytest.raises(TooManyFailuresError):
        await world.authenticating.identify(_credential(guess))


async def test_a_token_that_asks_for_another_project_reaches_it_by_a_grant_in_force(world: World) -> None:
    made = tokens.mint(TokenType.PERSONAL, world._random)  # noqa: SLF001 - the world's own source
    entry = TokenEntry(
        made.split("_")[2], tokens.digest(made), "ci", TokenType.PERSONAL, (Scope.API,), projects=("theirs",)
    )
    async with world.database.transaction() as tx:
        await sets.replace_set(tx, ReceivedSet("uid-1", "ours", "digest", '"etag"'), 1, (entry,), now=_NOW)
    credential = _credential(made)
    with pytest.raises(HiddenError):
        await world.authenticating.authorize(credential, Permission.READ, "theirs")
    world.rules = Rules(access=(Grant("shared", ("ours",), ("theirs",), (GrantedPermission.READ,)),))
    assert (await world.authenticating.authorize(credential, Permission.READ, "theirs")).project.path == "theirs"
    assert (await world.authenticating.authorize_group(credential)).granted == ("theirs",)


async def test_patterns_are_asked_for_one_package_and_for_all(world: World) -> None:
    request = TokenRequest("ours", TokenType.PERSONAL, packages=("team-*",))
    token = _credential(await world.minting.create_token(request))
    limited = await world.authenticating.authorize(token, Permission.CURATE, "ours")
    limited.require_package("team-a")
    with pytest.raises(ForbiddenError, match=r"may not change the package other, only: team-\*"):
        limited.require_package("other")
    with pytest.raises(ForbiddenError, match=r"may change only the packages team-\*"):
        limited.require_every_package()
    whole = await world.authenticating.authorize(_credential(await world.token("ours")), Permission.CURATE, "ours")
    whole.require_package("other")
    whole.require_every_package()
    nobody = await world.authenticating.authorize(None, Permission.READ, "open")
    nobody.require_package("other")
    nobody.require_every_package()


async def test_a_use_is_recorded_once_an_hour_and_a_failure_is_none(world: World) -> None:
    token = await world.token("ours")
    with pytest.raises(UnauthenticatedError):
        await world.authenticating.identify(_credential(token[:-1]))
    await world.authenticating.record_uses()
    (listed,) = await world.minting.list_tokens("ours")
    assert listed.last_used_at is None
    await world.authenticating.identify(_credential(token))
    await world.authenticating.record_uses()
    (listed,) = await world.minting.list_tokens("ours")
    assert listed.last_used_at == _NOW
