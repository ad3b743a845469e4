"""Rows on their way into a backup and back: all that cannot be had again from elsewhere.

Rules and token sets come from the operator, live tokens are not carried at all: after a restore none works that was
not issued since. What was revoked stays revoked.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, delete, func, insert, select, text, update

from registry_service.database import serials
from registry_service.database.schema import UtcDateTime, audit, file, package, project, release, token
from registry_service.database.transaction import Transaction

Record = dict[str, Any]  # Any: a column's value, in JSON's types once `dump` returns it

# In the order in which rows refer to each other.
TABLES: Final = {table.name: table for table in (project, package, release, file, audit, token)}
BATCH: Final = 1000


async def dump(tx: Transaction, name: str) -> AsyncIterator[list[Record]]:
    """Every row of a table that belongs into a backup, at most BATCH at a time; times in ISO 8601."""
    table = TABLES[name]
    query = select(table).order_by(table.c.id).limit(BATCH)
    if table is token:
        query = query.where(token.c.revoked_at.is_not(None))
    rows = (await tx.execute(query)).mappings().all()
    while rows:
        yield [{key: _plain(value) for key, value in row.items()} for row in rows]
        rows = (await tx.execute(query.where(table.c.id > rows[-1]["id"]))).mappings().all()


async def holds_packages(tx: Transaction) -> bool:
    """Whether the registry ever held a package: a backup is restored where there is none."""
    return (await tx.execute(select(package.c.id).limit(1))).first() is not None


@dataclass(slots=True)
class Loader:
    """Writes the rows of one backup in the order of TABLES.

    A project that its namespace has already made again keeps its number and its namespace; all other numbers stay.
    """

    tx: Transaction
    projects: dict[int, int] = field(default_factory=dict)

    async def load(self, name: str, records: Sequence[Record]) -> None:
        """Write some rows of a table.

        Raises ConflictError when they contradict what is there, KeyError and ValueError when they are no rows of it.
        """
        table = TABLES[name]
        if table is project:
            for record in records:
                self.projects[record["id"]] = await self._load_project(_typed(table, record))
            return
        values = [_typed(table, record) for record in records]
        for value in values:
            if "project_id" in value:
                value["project_id"] = self.projects[value["project_id"]]
            if table is audit:
                del value["id"]  # the trail has begun anew, and goes on from there
        if table is token:
            await self.tx.execute(delete(token).where(token.c.id.in_([value["id"] for value in values])))
        await self.tx.insert(table, values)

    async def finish(self) -> None:
        """Let every page be read anew, and new rows be numbered after the restored ones."""
        for number in self.projects.values():
            await serials.take(self.tx, number)
        if self.tx.connection.dialect.name != "postgresql":
            return
        for table in (project, package, release, file):
            last = select(func.coalesce(func.max(table.c.id), 1)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(text(f"'{table.name}'"), text("'id'"))
            await self.tx.execute(select(func.setval(sequence, last)))

    async def _load_project(self, record: Record) -> int:
        held = (await self.tx.execute(select(project).where(project.c.path == record["path"]))).one_or_none()
        if held is not None:
            # Whom the rules let read a namespace's project now, a backup does not change.
            shown = {} if held.namespace_uid is not None else {"visibility": record["visibility"]}
            kept = shown | {name: record[name] for name in ("status", "status_reason")}
            serial = max(held.serial, record["serial"])
            await self.tx.execute(update(project).where(project.c.id == held.id).values(**kept, serial=serial))
            number: int = held.id
            return number
        taken = (await self.tx.execute(select(project.c.id).where(project.c.id == record["id"]))).first()
        values = record if taken is None else {key: value for key, value in record.items() if key != "id"}
        created: int = (await self.tx.execute(insert(project).values(values).returning(project.c.id))).scalar_one()
        return created


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(table: Table, record: Mapping[str, object]) -> Record:
    """A row's values in the types of its columns. Raises KeyError for a column that the table has not."""
    values = dict(record)
    for name, value in record.items():
        if isinstance(table.c[name].type, UtcDateTime) and isinstance(value, str):
            values[name] = datetime.fromisoformat(value)
    return values
