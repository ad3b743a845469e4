"""What a registry on SQLite holds of tokens, read beside the running service."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RegistryRows:
    """Rows of one database file."""

    database: Path

    def living(self, uid: str) -> set[str]:
        """The ids of a namespace's tokens that the registry takes."""
        now = datetime.now(UTC).isoformat(" ")
        query = "SELECT id, not_after FROM token WHERE set_uid = ? AND revoked_at IS NULL AND NOT suspended"
        return {str(row[0]) for row in self._read(query, uid) if row[1] is None or str(row[1]) > now}

    def held_digest(self, uid: str) -> str | None:
        """The digest of the set that the registry holds for a namespace."""
        rows = self._read("SELECT digest FROM token_set WHERE namespace_uid = ?", uid)
        return str(rows[0][0]) if rows else None

    def dump(self) -> str:
        """The whole database as statements."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return "\n".join(connection.iterdump())
        finally:
            connection.close()

    def _read(self, query: str, *values: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()
