"""The audit trail: written in the transaction of what it records, and never changed (a trigger refuses)."""

import json
from datetime import datetime

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
    return tuple(
        Recorded(
            number=row.id,
            at=row.at,
            entry=Entry(
                action=Action(row.action),
                actor=Actor(row.actor, row.token_id, row.token_type, row.address),
                package=row.package,
                version=row.version,
                filename=row.filename,
                sha256=row.sha256,
                details=json.loads(row.details),
            ),
        )
        for row in found
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
