"""Queries about token sets and rules: what the operator told the registry (design section 4, "Syncing")."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from registry_service.contract.sync import NEVER_WRITTEN, RulesState, SetSummary, TokenEntry
from registry_service.database import audit, rows
from registry_service.database.schema import project, registry, token, token_set
from registry_service.database.transaction import Transaction
from registry_service.domain.audit import OPERATOR, Action, Actor, Entry
from registry_service.domain.catalog import Project, Visibility


@dataclass(frozen=True, slots=True)
class ReceivedSet:
    """What is remembered of an accepted set."""

    namespace_uid: str
    namespace: str
    digest: str
    etag: str


@dataclass(frozen=True, slots=True)
class StoredRules:
    """The rules as they were received, and their state."""

    body: bytes | None
    state: RulesState


@dataclass(frozen=True, slots=True)
class BoundProject:
    """A project and the UID of the namespace that owns it."""

    project: Project
    namespace_uid: str | None


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project that a namespace's first set makes."""

    path: str
    namespace_uid: str
    visibility: Visibility


async def list_sets(tx: Transaction, after: str, limit: int) -> tuple[SetSummary, ...]:
    """Up to `limit` sets whose namespace UID follows `after`, in the order of the UIDs."""
    query = select(token_set).where(token_set.c.namespace_uid > after).order_by(token_set.c.namespace_uid).limit(limit)
    found = (await tx.execute(query)).all()
    revoked = await _revoked(tx, [row.namespace_uid for row in found])
    return tuple(_summary(row, revoked.get(row.namespace_uid, ())) for row in found)


async def find_set(tx: Transaction, namespace_uid: str) -> SetSummary | None:
    """What the registry holds for one namespace."""
    row = (await tx.execute(select(token_set).where(token_set.c.namespace_uid == namespace_uid))).one_or_none()
    if row is None:
        return None
    return _summary(row, (await _revoked(tx, [namespace_uid])).get(namespace_uid, ()))


async def find_bound_project(tx: Transaction, path: str) -> BoundProject | None:
    """The project at a path, with the namespace UID it is bound to."""
    row = (await tx.execute(select(project).where(project.c.path == path))).one_or_none()
    return None if row is None else _bound(row)


async def create_bound_project(tx: Transaction, wanted: NewProject, *, now: datetime) -> Project:
    """Create the project of a namespace."""
    values = {
        "path": wanted.path,
        "visibility": wanted.visibility.value,
        "namespace_uid": wanted.namespace_uid,
        "created_at": now,
    }
    created = _bound((await tx.execute(insert(project).values(values).returning(*project.c))).one()).project
    details = {"namespaceUID": wanted.namespace_uid, "visibility": wanted.visibility.value}
    await audit.record(tx, created.id, Entry(Action.CREATE_PROJECT, OPERATOR, details=details), at=now)
    return created


async def list_bound_projects(tx: Transaction) -> tuple[Project, ...]:
    """The project of each namespace, and none that a command made."""
    query = select(project).where(project.c.namespace_uid.is_not(None)).order_by(project.c.id)
    return tuple(rows.project(row) for row in await tx.execute(query))


async def show_project(tx: Transaction, shown: Project, visibility: Visibility, *, now: datetime) -> None:
    """Give a project another visibility, if it has not got it."""
    if shown.visibility is visibility:
        return
    await tx.execute(update(project).where(project.c.id == shown.id).values(visibility=visibility.value))
    details = {"from": shown.visibility.value, "to": visibility.value}
    await audit.record(tx, shown.id, Entry(Action.SHOW_PROJECT, OPERATOR, details=details), at=now)


async def rebind_project(
    tx: Transaction, project_id: int, former_uid: str | None, namespace_uid: str, *, now: datetime
) -> None:
    """Give a project to another namespace, and empty the set of the one that had it."""
    if former_uid is not None:
        await _delete_tokens(tx, former_uid)
        await tx.execute(delete(token_set).where(token_set.c.namespace_uid == former_uid))
    await tx.execute(update(project).where(project.c.id == project_id).values(namespace_uid=namespace_uid))
    details = {"from": former_uid or "", "to": namespace_uid}
    await audit.record(tx, project_id, Entry(Action.REBIND_PROJECT, OPERATOR, details=details), at=now)


async def replace_set(
    tx: Transaction, received: ReceivedSet, project_id: int, tokens: Sequence[TokenEntry], *, now: datetime
) -> tuple[str, ...]:
    """Replace what earlier sets wrote for a namespace; return the ids that are tombstones and stay dead."""
    former = await _delete_tokens(tx, received.namespace_uid)
    ids = [entry.id for entry in tokens]
    dead = set((await tx.execute(select(token.c.id).where(token.c.id.in_(ids)))).scalars()) if ids else set()
    live = [_token_row(entry, received.namespace_uid, project_id, now) for entry in tokens if entry.id not in dead]
    if live:
        await tx.execute(insert(token).values(live))
    await tx.execute(delete(token_set).where(token_set.c.namespace_uid == received.namespace_uid))
    values = {
        "namespace_uid": received.namespace_uid,
        "namespace": received.namespace,
        "digest": received.digest,
        "etag": received.etag,
    }
    await tx.execute(insert(token_set).values(values))
    await _record(tx, project_id, former, {entry.id for entry in tokens} - dead, now)
    return tuple(sorted(dead))


async def suspend_all(tx: Transaction, actor: Actor, *, now: datetime) -> None:
    """Refuse every token: those of sets until their set is sent again, those made by commands for good."""
    for project_id in (await tx.execute(select(project.c.id))).scalars().all():
        await audit.record(tx, project_id, Entry(Action.SUSPEND_TOKENS, actor), at=now)
    await tx.execute(update(token).where(token.c.revoked_at.is_(None)).values(suspended=True))
    await tx.execute(update(token_set).values(digest="", etag=NEVER_WRITTEN))


async def find_rules(tx: Transaction, *, hold: bool = False) -> StoredRules:
    """The rules that the registry was last given; to `hold` them lets no other transaction replace them meanwhile."""
    query = select(registry.c.rules, registry.c.rules_digest, registry.c.rules_etag)
    row = (await tx.execute(query.with_for_update(read=True) if hold else query)).one_or_none()
    if row is None or row.rules is None:
        return StoredRules(None, RulesState(etag=NEVER_WRITTEN))
    return StoredRules(row.rules, RulesState(etag=row.rules_etag, digest=row.rules_digest))


async def store_rules(tx: Transaction, body: bytes, state: RulesState) -> None:
    """Remember new rules."""
    await tx.execute(update(registry).values(rules=body, rules_digest=state.digest, rules_etag=state.etag))


async def _delete_tokens(tx: Transaction, namespace_uid: str) -> set[str]:
    # A tombstone outlives its set.
    change = delete(token).where(token.c.set_uid == namespace_uid, token.c.revoked_at.is_(None))
    return set((await tx.execute(change.returning(token.c.id))).scalars())


async def _record(tx: Transaction, project_id: int, former: set[str], live: set[str], now: datetime) -> None:
    details = {"added": " ".join(sorted(live - former)), "removed": " ".join(sorted(former - live))}
    if any(details.values()):
        await audit.record(tx, project_id, Entry(Action.REPLACE_TOKENS, OPERATOR, details=details), at=now)


async def _revoked(tx: Transaction, namespace_uids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    if not namespace_uids:
        return {}
    query = select(token.c.set_uid, token.c.id).where(token.c.set_uid.in_(namespace_uids))
    found: dict[str, tuple[str, ...]] = {}
    for row in await tx.execute(query.where(token.c.revoked_at.is_not(None)).order_by(token.c.id)):
        found[row.set_uid] = (*found.get(row.set_uid, ()), row.id)
    return found


def _token_row(entry: TokenEntry, namespace_uid: str, project_id: int, now: datetime) -> dict[str, object]:
    return {
        "id": entry.id,
        "project_id": project_id,
        "digest": entry.digest,
        "type": entry.type.value,
        "name": entry.name,
        "username": entry.username,
        "scopes": " ".join(entry.scopes),
        "projects": " ".join(entry.projects),
        "packages": " ".join(entry.packages),
        "imported": entry.imported,
        "set_uid": namespace_uid,
        "not_after": None if entry.not_after is None else datetime.fromtimestamp(entry.not_after, UTC),
        "suspended": False,
        "created_at": now,
    }


def _summary(row: Row[Any], revoked: tuple[str, ...]) -> SetSummary:  # Any: SQLAlchemy types a row by its columns
    return SetSummary(row.namespace, row.namespace_uid, row.digest, row.etag, revoked)


def _bound(row: Row[Any]) -> BoundProject:  # Any: as above
    return BoundProject(rows.project(row), row.namespace_uid)
