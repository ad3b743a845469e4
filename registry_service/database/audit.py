"""The audit trail: written in the transaction of what it records, and never changed (a trigger refuses)."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from registry_service.database.schema import audit
from registry_service.database.transaction import Transaction
from registry_service.domain.audit import Action, Actor, Entry, Recorded


async def record(tx: Transaction, project_id: int, *entries: Entry, at: datetime) -> None:
    """Record what the transaction does."""
    if entries:
        await tx.execute(insert(audit).values([_row(project_id, entry, at) for entry in entries]))


async def read(tx: Transaction, project_id: int, *, after: int, limit: int) -> tuple[Recorded, ...]:
    """Up to `limit` lines of a project's trail that follow number `after`, the oldest first."""
    query = select(audit).where(audit.c.project_id == project_id, audit.c.id > after)
    found = await tx.execute(query.order_by(audit.c.id).limit(limit))
    return tuple(Recorded(number=row.id, at=row.at, entry=_entry(row)) for row in found)


async def last_mark(tx: Transaction, project_id: int, package: str) -> Entry | None:
    """The line of the last status that a package was given; the project's own when `package` is empty."""
    query = select(audit).where(audit.c.project_id == project_id, audit.c.package == package)
    marks = query.where(audit.c.action.in_([Action.MARK_PROJECT.value, Action.MARK_PACKAGE.value]))
    row = (await tx.execute(marks.order_by(audit.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else _entry(row)


def _entry(row: Any) -> Entry:  # Any: a row knows its columns only when it is read
    return Entry(
        action=Action(row.action),
        actor=Actor(row.actor, row.token_id, row.token_type, row.address),
        package=row.package,
        version=row.version,
        filename=row.filename,
        sha256=row.sha256,
        details=json.loads(row.details),
    )


def _row(project_id: int, entry: Entry, at: datetime) -> dict[str, object]:
    return {
        "project_id": project_id,
        "at": at,
        "action": entry.action.value,
        "actor": entry.actor.name,
        "token_id": entry.actor.token_id,
        "token_type": entry.actor.token_type,
        "address": entry.actor.address,
        "package": entry.package,
        "version": entry.version,
        "filename": entry.filename,
        "sha256": entry.sha256,
        "details": json.dumps(entry.details, ensure_ascii=False),
    }
