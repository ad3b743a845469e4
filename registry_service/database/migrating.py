"""Brings a database to the schema of this version, one migrator at a time."""

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from registry_service.database.transaction import Database, Transaction
from registry_service.errors import DatabaseError

# Any number will do that no other program on the same database takes: the first bytes of "pypi-registry".
ADVISORY_LOCK: Final = 0x707970692D726567


async def migrate(tx: Transaction) -> None:
    """Migrate inside one transaction, under an advisory lock on PostgreSQL; SQLite's writers are alone anyway.

    Raises DatabaseError(SchemaAhead) when a newer version has migrated the database, (MigrationFailed) when a
    step fails; nothing is changed then.
    """
    if tx.connection.dialect.name == "postgresql":
        await tx.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    await tx.connection.run_sync(_upgrade)


async def schema_is_served(database: Database) -> bool:
    """Whether this version can serve the database: its schema is this version's, or a newer one's.

    A newer version migrates before its pods start, and until then those of this one go on: a migration therefore only
    adds, and what it makes superfluous goes with the version after. That this version does not start anew on such a
    database is for `migrate` to say (SchemaAhead).
    """
    async with database.snapshot() as tx:
        current = await tx.connection.run_sync(_revision)
    return current is not None and (current == _script().get_current_head() or _is_unknown(current))


@cache
def _script() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent / "migrations"))


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    if _is_ahead(connection):
        raise DatabaseError("SchemaAhead", "a newer version has migrated the database; run that version or a later one")
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseError("MigrationFailed", f"the migration failed: {error}") from error


def _is_ahead(connection: Connection) -> bool:
    current = _revision(connection)
    return current is not None and _is_unknown(current)


def _is_unknown(revision: str) -> bool:
    return revision not in {known.revision for known in _script().walk_revisions()}


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
