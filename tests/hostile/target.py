"""The registry that is attacked, over raw sockets, and what must be true of it whatever it was sent."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import secrets
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

from registry_service.composition import compose
from registry_service.contract import environment, urls
from registry_service.contract.tokens import TokenType, mint
from registry_service.settings import read_settings
from tests.hostile import watcher
from tests.support import packages
from tests.support.network import own_address
from tests.support.service import Program, Standalone
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    from registry_service.contract.clients import Access
    from registry_service.use_cases.minting import TokenRequest
    from registry_service.use_cases.service import Service

# What a pod with the chart's own limit may hold, and what a person would wait.
MAX_BYTES = 256 * packages.MIB
MAX_SECONDS = 5.0
# On two busy and slow cores; a blocked event loop shows as the whole time that it is blocked.
MAX_WAIT_SECONDS = 4.0
SECRET_PACKAGE = "canary-of-another-team"

_SECONDS = 30
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n")


@dataclass(frozen=True, slots=True)
class Look:
    """One look of the watcher."""

    at: float
    seconds: float
    memory: int
    wrong: str


@dataclass(slots=True)
class Target:
    """A registry with three projects: the attacker's, one that everybody may read, and one of another team."""

    registry: Standalone
    attacker: Access
    open: Access
    other: Access
    spools: Path
    looks: Path
    received: bytearray = field(default_factory=bytearray)
    planted: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.registry.server.process.pid

    def connect(self) -> socket.socket:
        """A connection to the public port."""
        connection = socket.create_connection((self.registry.server.host, environment.PUBLIC_PORT), timeout=_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def head(self, method: str, path: str, *lines: str, password: str | None = None, host: str | None = None) -> bytes:
        """A request's head, with the attacker's own credential unless another `password` ("": none) is given."""
        password = self.attacker.password if password is None else password
        credential = [f"Authorization: {basic(password)}"] if password else []
        first = [f"{method} {path} HTTP/1.1", f"Host: {self.attacker.host if host is None else host}"]
        return ("\r\n".join([*first, *credential, *lines]) + "\r\n\r\n").encode("latin-1")

    def exchange(self, sent: bytes, *, seconds: float = 0.5) -> bytes:
        """Everything that is answered to these bytes until the registry closes, or is silent for `seconds`."""
        answer = bytearray()
        with self.connect() as connection:
            with contextlib.suppress(ConnectionError):  # it may close before it has read all
                connection.sendall(sent)
            connection.settimeout(seconds)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while piece := connection.recv(65536):
                    answer += piece
        self.received += answer
        return bytes(answer)

    def ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request as a client sends it, with the attacker's credential unless `headers` has one; the answer."""
        with self.connect() as connection:
            given = {"authorization": basic(self.attacker.password), **(headers or {})}
            lines = [f"{name}: {value}" for name, value in given.items() if value]
            lines += [f"Content-Length: {len(body)}"] if body else []
            connection.sendall(self.head(method, path, "Connection: close", *lines, password="") + body)
            whole = bytearray()
            while piece := connection.recv(65536):
                whole += piece
        self.received += whole
        return read_answer(bytes(whole))

    def looks_since(self, start: float, until: float) -> list[Look]:
        """What the watcher saw since then; waits for a look that began after `until`."""
        return wait_for(
            lambda: self._looks(start, until), process=self.registry.server.process, log=self.looks, seconds=_SECONDS
        )

    def _looks(self, start: float, until: float) -> list[Look] | None:
        lines = [line.split(" ", 3) for line in self.looks.read_text().splitlines(keepends=True) if line[-1:] == "\n"]
        looks = [Look(float(one[0]), float(one[1]), int(one[2]), one[3].strip()) for one in lines]
        found = [look for look in looks if look.at + look.seconds >= start]
        return found if found and found[-1].at >= until else None

    def others(self) -> str:
        """A digest of the other team's rows and blobs, but for when its tokens were used: its own looks are uses."""
        database = self.registry.data / "registry.db"
        found = []
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (project,) = connection.execute("SELECT id FROM project WHERE path = ?", (self.other.project,)).fetchone()
            for table in ("token", "package", "file", "audit"):
                rows = connection.execute(f"SELECT * FROM {table} WHERE project_id = ? ORDER BY id", (project,))
                kept = [place for place, column in enumerate(rows.description) if column[0] != "last_used_at"]
                found.append(repr([[row[place] for place in kept] for row in rows]))
            found.append(repr(connection.execute("SELECT * FROM project WHERE id = ?", (project,)).fetchall()))
        blobs = [path for path in (self.registry.data / "blobs" / str(project)).rglob("*") if path.is_file()]
        found += [f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(blobs)]
        return hashlib.sha256("\n".join(found).encode()).hexdigest()

    def secrets(self) -> tuple[str, ...]:
        """What nobody may ever see again, or the attacker never at all."""
        return (self.attacker.password, self.other.password, self.open.password, SECRET_PACKAGE, *self.planted)

    def number(self, project: str) -> int:
        """A project's numeric id."""
        with contextlib.closing(sqlite3.connect(self.registry.data / "registry.db")) as connection:
            (found,) = connection.execute("SELECT id FROM project WHERE path = ?", (project,)).fetchone()
        return int(found)

    def actors(self) -> list[dict[str, str]]:
        """Who acted in the attacker's project, the first first, as its owner reads it in the audit trail."""
        lines = self.ask("GET", f"/api/v1/projects/{self.attacker.project}/audit").body.decode().splitlines()
        return [json.loads(line)["actor"] for line in lines if line.startswith("{")]

    def token(self, request: TokenRequest) -> str:
        """Make a token beside the running service, as the command does; it is another secret."""
        self.planted.append(made := asyncio.run(self._make(request)))
        return made

    def revoke(self, token: str) -> None:
        """Revoke a token, as the command does."""
        asyncio.run(self._revoke(token))

    async def _make(self, request: TokenRequest) -> str:
        async with self._beside() as service:
            return await service.minting.create_token(request)

    async def _revoke(self, token: str) -> None:
        async with self._beside() as service:
            await service.minting.revoke_token(token.split("_")[2])

    @asynccontextmanager
    async def _beside(self) -> AsyncIterator[Service]:
        service = compose(read_settings({}, self.registry.data))
        yield service
        await service.database.close()

    def leaks(self) -> dict[str, list[str]]:
        """Where secrets appear that must appear nowhere: by place, the secrets."""
        metrics = f"http://{self.registry.server.host}:{environment.METRICS_PORT}/metrics"
        data = self.registry.data
        stored = [path for path in data.iterdir() if path.is_file()]
        places = {
            "answers": bytes(self.received),
            "log": (self.registry.program.folder / "serve.log").read_bytes(),
            "metrics": _read(metrics),
        }
        found = {name: [one for one in self.secrets() if one.encode() in content] for name, content in places.items()}
        # The name of the other team's package is theirs, and stands in the database; their token does not.
        dump = b"".join(path.read_bytes() for path in stored)
        found["database"] = [one for one in self.secrets() if one.startswith("pyr_") and one.encode() in dump]
        return {name: secrets for name, secrets in found.items() if secrets}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status, its headers with lower-case names, its body as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)


def read_answer(whole: bytes) -> Answer:
    """The one answer that a connection carried."""
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


def statuses(answer: bytes) -> list[int]:
    """The statuses of all answers on a connection, 100 among them."""
    return [int(status) for status in _STATUS.findall(answer)]


def basic(password: str, username: str = "__token__") -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def forged(token: str) -> str:
    """A token with the public id of another, its checksum correct: everybody can compute that."""
    number = _number(token.split("_")[2]).to_bytes(11, "big")
    return mint(TokenType.PERSONAL, lambda count: number if count == len(number) else secrets.token_bytes(count))


def _number(public: str) -> int:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    total = 0
    for letter in public:
        total = total * len(alphabet) + alphabet.index(letter)
    return total


@contextmanager
def attacked(folder: Path, **variables: str) -> Iterator[Target]:
    """Start a registry that is going to be attacked, with what its environment holds, and somebody who watches it."""
    (spools := folder / "spools").mkdir()
    program = Program(folder, {"TMPDIR": str(spools), **variables})
    with program.serving(own_address(), "--data", str(folder / "data"), probe="/readyz") as server:
        registry = Standalone(program, server, folder / "data")
        own, everybodys = registry.project("attacker"), registry.project("open", visibility="public")
        target = Target(registry, own, everybodys, registry.project("other-team"), spools, folder / "looks")
        _publish(target.other, packages.wheel(name=SECRET_PACKAGE))
        _publish(target.open, packages.wheel())
        with _watched(target):
            yield target


@contextmanager
def _watched(target: Target) -> Iterator[None]:
    host = target.registry.server.host
    page = target.other.base_url + urls.index_path(target.other.project)
    probe = f"http://{host}:{environment.METRICS_PORT}/healthz"
    command = [sys.executable, watcher.__file__, str(target.pid), page, probe, target.other.password]
    with target.looks.open("wb") as output:
        process = subprocess.Popen(command, stdout=output)
    try:
        wait_for(lambda: target.looks.read_text() or None, process=process, log=target.looks, seconds=_SECONDS)
        yield
    finally:
        stop(process)


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_SECONDS) as response:
        content: bytes = response.read()
    return content


def _publish(access: Access, file: packages.Distribution) -> None:
    name, version = file.filename.split("-")[:2]
    answer = httpx2.post(
        access.base_url + urls.upload_path(access.project),
        data={":action": "file_upload", "name": name, "version": version},
        files={"content": (file.filename, file.content)},
        auth=(access.username, access.password),
        timeout=_SECONDS,
    )
    assert answer.status_code == 201, answer.text
