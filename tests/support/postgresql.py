"""One PostgreSQL server for a test session, made from nothing and gone afterwards; a database for each test.

It never syncs to disk: tests of what survives a power cut are not its business.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.support.environments import MissingProgramsError, require_packages
from tests.support.network import own_address
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROLE = "registry"
_PORT = 5432
_READY_SECONDS = 60
# Our own role is trusted; any other gives its password.
_ACCESS = f"local all {_ROLE} trust\nhost all {_ROLE} all trust\nhost all all all scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Postgresql:
    """A running server; `sockets` is the folder of its Unix socket, `host` an address of its own on loopback."""

    sockets: Path
    host: str

    def url(self, database: str) -> str:
        """A database's address over loopback."""
        return f"postgresql://{_ROLE}@{self.host}:{_PORT}/{database}"

    def create(self, name: str, *, template: str = "template1") -> str:
        """Make a database, empty or as a copy of a migrated one; its address."""
        self._administer(f'CREATE DATABASE "{_checked(name)}" TEMPLATE "{_checked(template)}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        self._administer(f'DROP DATABASE IF EXISTS "{_checked(name)}" WITH (FORCE)')

    def add_role(self, name: str, *, password: str) -> None:
        """Make a role that must give its password over the network; the others need none."""
        self._administer(f"CREATE ROLE {_checked(name)} LOGIN PASSWORD '{_checked(password)}'")

    def change_password(self, role: str, password: str) -> None:
        """Give a role another password; who is connected stays connected."""
        self._administer(f"ALTER ROLE {_checked(role)} PASSWORD '{_checked(password)}'")

    def kill(self) -> None:
        """End it without a shutdown, as a crash would: no client is told, and the next start recovers."""
        number = (self.sockets / "data" / "postmaster.pid").read_text().split()[0]
        os.kill(int(number), signal.SIGQUIT)

    def _administer(self, statement: str) -> None:
        address = f"host={self.sockets} port={_PORT} user={_ROLE} dbname=postgres connect_timeout=10"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


def programs() -> Path:
    """The folder with `initdb` and `postgres`, installed when missing and we are root."""
    if (found := _programs()) is None:
        require_packages("postgresql")
        found = _programs()
    if found is None:
        raise MissingProgramsError("PostgreSQL's initdb is neither on PATH nor in /usr/lib/postgresql/*/bin")
    return found


@contextmanager
def running() -> Iterator[Postgresql]:
    """A server for the length of the block."""
    with initialised() as folder, started(folder, own_address()) as server:
        yield server


@contextmanager
def initialised() -> Iterator[Path]:
    """A folder for a server, with its first data; gone after the block."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # a socket's path has at most 107 characters
        folder = Path(name)
        if (user := _user()) is not None:
            shutil.chown(folder, user)
        folder.chmod(0o755)
        _initialise(folder, user)
        yield folder


@contextmanager
def started(folder: Path, host: str) -> Iterator[Postgresql]:
    """A server for the length of the block; one that is started later in the same folder has the same data."""
    server, user = Postgresql(sockets=folder, host=host), _user()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(_command(server), user=user, cwd=folder, stdout=output, stderr=output)
    try:
        wait_for(lambda: _answers(server), process=process, log=log, seconds=_READY_SECONDS)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # does not wait for clients, as SIGTERM would
        stop(process)


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


def _initialise(folder: Path, user: str | None) -> None:
    options = ("-U", _ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
    command = [str(programs() / "initdb"), "-D", str(folder / "data"), *options]
    subprocess.run(command, user=user, cwd=folder, check=True, timeout=120, stdout=subprocess.DEVNULL)
    (folder / "data" / "pg_hba.conf").write_text(_ACCESS)


def _command(server: Postgresql) -> list[str]:
    settings = {
        "listen_addresses": server.host,
        "port": _PORT,
        "unix_socket_directories": server.sockets,
        "fsync": "off",
        "full_page_writes": "off",
        "max_connections": 200,
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [str(programs() / "postgres"), "-D", str(server.sockets / "data"), *options]


def _answers(server: Postgresql) -> bool | None:
    try:
        psycopg.connect(server.url("postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return None
    return True


def _programs() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).parent if found else None


def _checked(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise ValueError(f"not a database's name: {name!r}")
    return name
