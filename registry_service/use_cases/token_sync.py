"""The registry's side of the sync contract (design section 4, "Syncing")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from registry_service.contract import sync, wire
from registry_service.contract.sync import (
    NEVER_WRITTEN,
    Grant,
    RefusalReason,
    Rules,
    RulesState,
    SetPage,
    SetReply,
    SetSummary,
    TokenEntry,
    TokenSet,
)
from registry_service.database import Database, Transaction, sets
from registry_service.database.sets import BoundProject, NewProject, ReceivedSet
from registry_service.domain.access import package_pattern_problem
from registry_service.domain.catalog import Project, project_path_problem
from registry_service.errors import SyncRefusedError
from registry_service.use_cases.rules import RulesInForce, project_settings, visibility

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TokenSync:
    """Accepts sets and rules. `new_etag` returns a quoted random value, never one it returned before."""

    database: Database
    rules: RulesInForce
    clock: Callable[[], datetime]
    new_etag: Callable[[], str]

    async def list_sets(self, after: str) -> SetPage:
        """A page of what the registry holds, for the operator to compare with what it wants."""
        async with self.database.snapshot() as tx:
            found = await sets.list_sets(tx, after, sync.PAGE_SIZE)
        return SetPage(found, next=found[-1].namespace_uid if len(found) == sync.PAGE_SIZE else None)

    async def find_set(self, namespace_uid: str) -> SetSummary:
        """What the registry holds for one namespace; its ETag is NEVER_WRITTEN before the first set."""
        async with self.database.snapshot() as tx:
            found = await sets.find_set(tx, namespace_uid)
        return found or SetSummary(namespace="", namespace_uid=namespace_uid, digest="", etag=NEVER_WRITTEN)

    async def put_set(self, namespace_uid: str, body: bytes, if_match: str | None) -> tuple[SetReply, str]:
        """Replace a namespace's set; return the reply and the new ETag.

        Raises SyncRefusedError: ETagMismatch, UnknownField, InvalidBody, TooManyTokens,
        ProjectOwnedByFormerNamespace.
        """
        wanted = _decode(TokenSet, body)
        _check(wanted)
        received = ReceivedSet(namespace_uid, wanted.namespace, sync.body_digest(body), self.new_etag())
        async with self.database.transaction() as tx:
            current = await sets.find_set(tx, namespace_uid)
            _match(if_match, current.etag if current else NEVER_WRITTEN)
            project = await self._project(tx, wanted, namespace_uid)
            revoked = await sets.replace_set(tx, received, project.id, wanted.tokens, now=self.clock())
        return SetReply(project.id, project.path, revoked), received.etag

    async def find_rules(self) -> RulesState:
        """Which rules are in force."""
        async with self.database.snapshot() as tx:
            return (await sets.find_rules(tx)).state

    async def put_rules(self, body: bytes, if_match: str | None) -> RulesState:
        """Replace the rules; projects of namespaces get the visibility that these say.

        Raises SyncRefusedError: ETagMismatch, UnknownField, InvalidBody.
        """
        wanted = _decode(Rules, body)
        _check_projects(wanted)
        _check_grants(wanted.access)
        state = RulesState(etag=self.new_etag(), digest=sync.body_digest(body))
        async with self.database.transaction() as tx:
            _match(if_match, (await sets.find_rules(tx)).state.etag)
            await sets.store_rules(tx, body, state)
            settings = project_settings(wanted)
            for project in await sets.list_bound_projects(tx):
                await sets.show_project(tx, project, visibility(settings(project.path)), now=self.clock())
        return state

    async def has_rules(self) -> bool:
        """Whether rules exist: before that a pod is not ready."""
        return (await self.find_rules()).digest is not None

    async def _project(self, tx: Transaction, wanted: TokenSet, namespace_uid: str) -> Project:
        held = await sets.find_bound_project(tx, wanted.namespace)
        # Held, so that no project is made or bound beside a change of who may read it.
        shown = visibility(project_settings(await self.rules.read(tx, hold=True))(wanted.namespace))
        if held is None:
            return await sets.create_bound_project(
                tx, NewProject(wanted.namespace, namespace_uid, shown), now=self.clock()
            )
        if held.namespace_uid != namespace_uid:
            await self._require_binding(tx, held, namespace_uid)
            await sets.rebind_project(tx, held.project.id, held.namespace_uid, namespace_uid, now=self.clock())
        await sets.show_project(tx, held.project, shown, now=self.clock())
        return held.project

    async def _require_binding(self, tx: Transaction, held: BoundProject, namespace_uid: str) -> None:
        rules = await self.rules.read(tx)
        if (held.project.path, namespace_uid) not in {(entry.namespace, entry.uid) for entry in rules.bindings}:
            raise SyncRefusedError(
                RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE,
                f"project {held.project.path} belongs to the namespace with UID {held.namespace_uid}",
            )


def _decode(kind: type[T], body: bytes) -> T:
    try:
        return wire.decode(kind, body)
    except wire.UnknownFieldError as error:
        raise SyncRefusedError(RefusalReason.UNKNOWN_FIELD, str(error)) from error
    except wire.WireError as error:
        raise SyncRefusedError(RefusalReason.INVALID_BODY, str(error)) from error


def _check(wanted: TokenSet) -> None:
    problem = project_path_problem(wanted.namespace)
    if problem is not None:
        raise SyncRefusedError(RefusalReason.INVALID_BODY, problem)
    if len(wanted.tokens) > sync.MAX_TOKENS:
        message = f"a project has at most {sync.MAX_TOKENS} tokens, not {len(wanted.tokens)}"
        raise SyncRefusedError(RefusalReason.TOO_MANY_TOKENS, message)
    if len({entry.id for entry in wanted.tokens}) != len(wanted.tokens):
        raise SyncRefusedError(RefusalReason.INVALID_BODY, "two tokens have one id")
    for entry in wanted.tokens:
        _check_reach(entry)


def _check_reach(entry: TokenEntry) -> None:
    if entry.imported and entry.projects:
        raise SyncRefusedError(RefusalReason.INVALID_BODY, f"{entry.name}: an imported token has one project")
    _check_all(f"{entry.name}: projects", entry.projects, sync.MAX_PROJECTS, project_path_problem)
    _check_all(f"{entry.name}: packages", entry.packages, sync.MAX_PACKAGES, package_pattern_problem)


def _check_grants(grants: tuple[Grant, ...]) -> None:
    _check_all("access", [grant.name for grant in grants], sync.MAX_GRANTS, lambda _: None)
    for grant in grants:
        for field, paths in (("namespaces", grant.namespaces), ("projects", grant.projects)):
            _check_all(f"access {grant.name}: {field}", paths, sync.MAX_GRANTED, project_path_problem)


def _check_all(what: str, texts: Sequence[str], most: int, problem_of: Callable[[str], str | None]) -> None:
    """Refuse a list that is too long or holds what it must not. Raises SyncRefusedError."""
    if len(texts) > most:
        raise SyncRefusedError(RefusalReason.INVALID_BODY, f"{what}: at most {most}, not {len(texts)}")
    for text in texts:
        problem = problem_of(text)
        if problem is not None:
            raise SyncRefusedError(RefusalReason.INVALID_BODY, f"{what}: {problem}")


def _check_projects(wanted: Rules) -> None:
    if len({settings.path for settings in wanted.projects}) != len(wanted.projects):
        raise SyncRefusedError(RefusalReason.INVALID_BODY, "two settings are for one project")


def _match(if_match: str | None, current: str) -> None:
    if if_match != current:
        raise SyncRefusedError(RefusalReason.ETAG_MISMATCH, f"the current ETag is {current}; read again, then write")
