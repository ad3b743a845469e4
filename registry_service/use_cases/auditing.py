"""Reading the audit trail."""

from dataclasses import dataclass
from typing import Final

from registry_service.database import Database, audit
from registry_service.domain.audit import Recorded
from registry_service.domain.catalog import Project

MAX_LINES: Final = 1000


@dataclass(frozen=True, slots=True)
class Auditing:
    """What was done in a project."""

    database: Database

    async def read(self, project: Project, *, after: int) -> tuple[Recorded, ...]:
        """Up to MAX_LINES lines that follow number `after`, the oldest first."""
        async with self.database.snapshot() as tx:
            return await audit.read(tx, project.id, after=after, limit=MAX_LINES)
