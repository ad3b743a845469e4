"""Connections and transactions on PostgreSQL (psycopg) and SQLite (aiosqlite).

A use case opens a transaction, calls queries with it, and leaves: a normal end commits, an error rolls back.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Executable, Table, event, insert
from sqlalchemy.engine import CursorResult, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from registry_service.database.pool import PatientPool, is_refusal
from registry_service.errors import DatabaseError

CONNECT_SECONDS: Final = 5
STATEMENT_MILLISECONDS: Final = 30_000
POOL_SIZE: Final = 10
# Of those that open one database at the same time at least one succeeds each time.
WAL_ATTEMPTS: Final = 10


class ConflictError(Exception):
    """A unique constraint judged that another transaction was first; the use case decides what that means."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What queries run in. Only this package sees the connection."""

    connection: AsyncConnection

    async def execute(self, statement: Executable) -> "CursorResult[Any]":  # Any: a row's type is its query's
        """Run one statement. Raises ConflictError when a constraint refuses it."""
        try:
            return await self.connection.execute(statement)
        except IntegrityError as error:
            raise ConflictError(str(error.orig)) from error

    async def insert(self, table: Table, values: Sequence[dict[str, Any]]) -> None:  # Any: a column's value
        """Insert many rows with the same columns. Raises ConflictError when a constraint refuses one."""
        try:
            await self.connection.execute(insert(table), values)
        except IntegrityError as error:
            raise ConflictError(str(error.orig)) from error


@dataclass(frozen=True, slots=True)
class Database:
    """A pool of connections to one database."""

    engine: AsyncEngine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction that writes. Raises DatabaseError when the database cannot be reached."""
        async with _explained(), self.engine.begin() as connection:
            yield Transaction(connection)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """Open a transaction that only reads, all of it from one state of the database."""
        options = {"begin": "BEGIN", "isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        if self.engine.dialect.name == "sqlite":
            options = {"begin": "BEGIN"}
        async with _explained(), self.engine.connect() as connection:
            await connection.execution_options(**options)
            async with connection.begin():
                yield Transaction(connection)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def open_database(url: str) -> Database:
    """Prepare a database by its URL: `postgresql://…` as libpq reads it, or `sqlite:///path`. Connects to nothing."""
    return Database(_open_sqlite(url) if url.startswith("sqlite") else _open_postgresql(url))


def _open_postgresql(url: str) -> AsyncEngine:
    def connect(*_: object) -> Any:  # Any: the pool's own type for a driver's connection
        return psycopg.AsyncConnection.connect(
            url, connect_timeout=CONNECT_SECONDS, options=f"-c statement_timeout={STATEMENT_MILLISECONDS}"
        )

    # libpq reads the URL itself, with all its parameters and PG* variables; SQLAlchemy only learns the dialect.
    return create_async_engine(
        "postgresql+psycopg://",
        async_creator=connect,
        poolclass=PatientPool,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
    )


def _open_sqlite(url: str) -> AsyncEngine:
    engine = create_async_engine(make_url(url).set(drivername="sqlite+aiosqlite"), connect_args={"timeout": 30})

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:  # Any: the driver's connection behind an adapter
        connection.isolation_level = None  # BEGIN is ours to say, below
        _use_write_ahead_log(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: upgrading a reader's lock fails without waiting.
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE"))

    return engine


def _use_write_ahead_log(connection: Any) -> None:  # Any: the driver's connection behind an adapter
    """Have the database keep its log that way, also when others open it anew at the same time.

    SQLite waits for every lock but for the one that changes this, which it refuses at once.
    https://www.sqlite.org/pragma.html#pragma_journal_mode
    """
    for _ in range(WAL_ATTEMPTS - 1):
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        for waiting in ("BEGIN IMMEDIATE", "COMMIT"):
            connection.execute(waiting).close()
    connection.execute("PRAGMA journal_mode=WAL").close()


@asynccontextmanager
async def _explained() -> AsyncIterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error, sqlite3.Error, PoolTimeoutError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
            raise
        raise explain(error) from error


def explain(error: BaseException) -> DatabaseError:
    """Put a driver's error into the words of a condition, without what it may quote of a credential."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = getattr(cause, "sqlstate", None) or ""
    text = " ".join(str(cause).split())[:300]
    if state.startswith("28") or is_refusal(text):
        return DatabaseError("DatabaseAuthenticationFailed", f"the database refuses the user or its password: {text}")
    if state.startswith("3D") or "does not exist" in text:
        return DatabaseError("DatabaseNotFound", f"the database has not what the connection asks for: {text}")
    return DatabaseError("DatabaseUnreachable", f"the database cannot be used: {text}")
