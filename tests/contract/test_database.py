"""Schema, migrations and claims, on each database."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from registry_service.composition import compose
from registry_service.database import Database, migrating
from registry_service.database.identity import Identity
from registry_service.database.schema import metadata
from registry_service.database.transaction import open_database
from registry_service.errors import DatabaseError, StorageError
from registry_service.storage.filesystem import FilesystemStore
from registry_service.use_cases.founding import Founding
from tests.contract.conftest import settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.postgresql import Postgresql

pytestmark = pytest.mark.anyio

_ME = Identity(namespace_uid="uid-1", namespace="team-a", name="internal", resource_uid="r-1")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def founding(database: Database, tmp_path: Path) -> Founding:
    return Founding(database, FilesystemStore(tmp_path / "blobs"), _ME, lambda: datetime.now(UTC))


async def test_migrations_make_the_schema_that_the_code_uses(founding: Founding, database: Database) -> None:
    await founding.migrate()

    def differences(connection: Connection) -> list[object]:
        found: list[object] = compare_metadata(MigrationContext.configure(connection), metadata)
        return found

    async with database.snapshot() as tx:
        assert await tx.connection.run_sync(differences) == []
    assert await migrating.schema_is_served(database)


async def test_migrating_again_changes_nothing(founding: Founding) -> None:
    assert await founding.migrate() == await founding.migrate()


async def test_migrators_at_once_agree(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> None:
    services = [compose(settings(tmp_path, database_url, request)) for _ in range(4)]
    found = await asyncio.gather(*(service.founding.migrate() for service in services))
    assert len(set(found)) == 1
    for service in services:
        await service.database.close()


async def test_a_new_sqlite_database_that_somebody_else_is_opening_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    opened = open_database(f"sqlite:///{path}")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.5, other.execute, "COMMIT")
        async with opened.snapshot() as tx:
            assert (await tx.connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
    await opened.close()


async def test_a_database_of_a_newer_version_is_left_alone(founding: Founding, database: Database) -> None:
    await founding.migrate()
    async with database.transaction() as tx:
        await tx.connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(DatabaseError) as caught:
        await founding.migrate()
    assert caught.value.reason == "SchemaAhead"


async def test_a_server_goes_on_while_a_newer_version_migrates_and_waits_for_its_own_migration(
    founding: Founding, database: Database
) -> None:
    await founding.migrate()

    async def served_at(revision: str) -> bool:
        async with database.transaction() as tx:
            await tx.connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
        return await migrating.schema_is_served(database)

    assert await served_at("from-the-future")
    assert not await served_at("0001")


async def test_an_empty_database_is_not_served(database: Database) -> None:
    assert not await migrating.schema_is_served(database)


async def test_another_registry_gets_nothing_until_it_takes_over(founding: Founding) -> None:
    registry_id = await founding.migrate()
    other = replace(founding, identity=replace(_ME, namespace_uid="uid-2", namespace="team-b"))
    with pytest.raises(DatabaseError) as caught:
        await other.migrate()
    assert caught.value.reason == "DatabaseInUse"
    assert f"spec.takeover: {registry_id}" in caught.value.message
    takeover = replace(other, identity=replace(other.identity, takeover=registry_id))
    assert await takeover.migrate() == registry_id
    with pytest.raises(DatabaseError):
        await founding.migrate()


async def test_the_resource_made_again_keeps_its_data(founding: Founding) -> None:
    registry_id = await founding.migrate()
    again = replace(founding, identity=replace(_ME, resource_uid="r-2"))
    assert await again.migrate() == registry_id


async def test_a_store_that_another_registry_marked_is_refused_and_our_mark_removed(founding: Founding) -> None:
    await founding.store.claim("another")
    with pytest.raises(StorageError) as caught:
        await founding.migrate()
    assert caught.value.reason == "BucketInUse"
    assert await founding.store.claim("another") == ["another"]
    assert "spec.takeover: another" in caught.value.message
    taking = replace(founding, identity=replace(_ME, takeover="another"))
    registry_id = await taking.migrate()
    # It stays ours also when nobody asks for it any more, and asking twice does no harm.
    assert await taking.migrate() == await founding.migrate() == registry_id


async def test_a_store_of_several_registries_is_taken_over_one_by_one(founding: Founding) -> None:
    for former in ("first", "second"):
        await founding.store.claim(former)
    first, second = (replace(founding, identity=replace(_ME, takeover=former)) for former in ("first", "second"))
    with pytest.raises(StorageError) as caught:
        await first.migrate()
    assert "spec.takeover: second" in caught.value.message
    assert await second.migrate() == await founding.migrate()


async def test_a_server_gets_along_with_its_connections_after_the_password_changed(
    empty_database: str, postgresql: Postgresql
) -> None:
    postgresql.add_role("rotated", password="former")
    database = open_database(empty_database.replace("registry@", "rotated:former@"))

    async def ask() -> None:
        async with database.snapshot() as tx:
            await tx.execute(text("SELECT pg_sleep(0.01)"))

    await ask()
    postgresql.change_password("rotated", "next")
    await asyncio.gather(*(ask() for _ in range(50)))
    for _ in range(20):
        await asyncio.gather(ask(), ask())
    await database.close()
    with pytest.raises(DatabaseError) as caught:
        await ask()
    assert caught.value.reason == "DatabaseAuthenticationFailed"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((r"/test_", "/nosuch_"), "DatabaseNotFound"),
        ((r"registry@", "nobody@"), "DatabaseAuthenticationFailed"),
        ((r":\d+/", ":1/"), "DatabaseUnreachable"),
    ],
)
async def test_a_database_that_cannot_be_used_says_why(
    empty_database: str, change: tuple[str, str], reason: str
) -> None:
    database = open_database(re.sub(*change, empty_database))
    with pytest.raises(DatabaseError) as caught:
        async with database.snapshot():
            pass
    assert caught.value.reason == reason
    await database.close()
