"""What a registry holds in memory while one large wheel is published and downloaded, and nothing else happens.

The wheel is written to a disk and read from there piece by piece: the measuring process shares the machine.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import random
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import memory
from benchmarks.traffic import WrongAnswerError
from registry_service.contract import environment, urls
from registry_service.contract.sync import Rules
from tests.support import packages, service
from tests.support.packages import EXAMPLE, MIB
from tests.support.service import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import IO

    from registry_service.contract.clients import Access
    from registry_service.storage.s3_client import S3Settings

SIZE_BYTES = 1024 * MIB
ALLOWED_GROWTH_BYTES = 64 * MIB
HEADING = (
    "memory around a wheel of 1 GiB, MiB: all of a registry's processes, pages that they share counted once (PSS),\n"
    "the most of samples every 20 ms; beyond idle at most 64 are allowed"
)
_ROOM_BYTES = MIB  # the size limit counts the file, which is larger than what it holds
_LOOK_EVERY_SECONDS = 0.02
_SECONDS = 300
_BOUNDARY = "benchmarks-large-51c7"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on a disk."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes that a registry's processes held: before any request, and at most while something went on, by its name."""

    idle: int
    busy: Mapping[str, int]

    @property
    def growth(self) -> int:
        """How far beyond idle it went."""
        return max(self.busy.values()) - self.idle


@dataclass(frozen=True, slots=True)
class Serving:
    """A registry that serves a project, and the process that does."""

    access: Access
    host: str
    pid: int


def write_wheel(folder: Path, size: int) -> Wheel:
    """A wheel with a stored member of `size` bytes that look random, the same every time."""
    version, stem = "1.0", f"{EXAMPLE}-1.0.dist-info"
    path = folder / f"{EXAMPLE}-{version}-py3-none-any.whl"
    generator = random.Random(size)
    padding = hashlib.sha256()
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open(zipfile.ZipInfo(f"{EXAMPLE}/padding.bin"), "w", force_zip64=True) as member:
            for _ in range(size // MIB):
                piece = generator.randbytes(MIB)
                padding.update(piece)
                member.write(piece)
        small = {f"{stem}/{name}": content for name, content in _small_members(version).items()}
        listed = f"{EXAMPLE}/padding.bin,sha256={packages.encoded(padding.digest())},{size // MIB * MIB}\n"
        small[f"{stem}/RECORD"] = listed.encode() + packages.record_of(small, f"{stem}/RECORD")
        for member_name, content in small.items():
            archive.writestr(zipfile.ZipInfo(member_name), content)
    with path.open("rb") as written:
        return Wheel(path, hashlib.file_digest(written, "sha256").hexdigest())


def _small_members(version: str) -> dict[str, bytes]:
    wheel = b"Wheel-Version: 1.0\nGenerator: benchmarks\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return {"METADATA": packages.metadata(EXAMPLE, version), "WHEEL": wheel}


@contextmanager
def folder_registry(folder: Path, size: int) -> Iterator[Serving]:
    """Ours on SQLite and a folder, for files of `size` bytes; it has not answered a request for a file yet."""
    program = Program(folder, {environment.MAX_UPLOAD_SIZE: str(size + _ROOM_BYTES)})
    with service.standalone(folder) as made:
        access = made.project("large")
    with program.serving(made.server.host, "--data", str(made.data), probe="/readyz") as server:
        yield Serving(access, server.host, server.process.pid)


@contextmanager
def pod_registry(folder: Path, database_url: str, bucket: S3Settings, size: int) -> Iterator[Serving]:
    """Ours on PostgreSQL and an S3 store, likewise."""
    with service.pod(folder, database_url, bucket) as made:
        made.rules(Rules(max_upload_size=size + _ROOM_BYTES))
        access = made.project("large")
    program = Program(folder, service.pod_environment(database_url, bucket, folder / "sync"))
    with program.serving(made.server.host, probe="/readyz") as server:
        yield Serving(access, server.host, server.process.pid)


def describe(name: str, seen: Held) -> str:
    """One registry's line below HEADING."""
    more = [f"{(most - seen.idle) / MIB:+.1f} {doing}" for doing, most in seen.busy.items()]
    verdict = "" if seen.growth <= ALLOWED_GROWTH_BYTES else "  TOO MUCH"
    return f"{name:<20}{seen.idle / MIB:.1f} idle, {', '.join(more)}{verdict}"


def held(serving: Serving, wheel: Wheel) -> Held:
    """Publish the wheel, download it, and look at the memory all the while. Raises WrongAnswerError."""
    idle = memory.proportional_bytes(serving.pid)
    with _watching(serving.pid) as publishing:
        _publish(serving, wheel)
    with _watching(serving.pid) as downloading:
        _download(serving, wheel)
    return Held(idle, {"publishing": max(publishing), "downloading": max(downloading)})


@contextmanager
def _watching(pid: int) -> Iterator[list[int]]:
    """What the family of a process holds, sample by sample, until the block ends."""
    samples, ended = [memory.proportional_bytes(pid)], threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOK_EVERY_SECONDS):
            samples.append(memory.proportional_bytes(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield samples
    finally:
        ended.set()
        watcher.join()


def _publish(serving: Serving, wheel: Wheel) -> None:
    fields = {":action": "file_upload", "name": EXAMPLE, "version": "1.0", "sha256_digest": wheel.sha256}
    parts = [f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    disposition = f'Content-Disposition: form-data; name="content"; filename="{wheel.path.name}"'
    head = f"{''.join(parts)}--{_BOUNDARY}\r\n{disposition}\r\n\r\n".encode()
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
    headers = {
        "Authorization": _authorization(serving.access),
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Content-Length": str(len(head) + wheel.path.stat().st_size + len(tail)),
    }
    with _connection(serving) as connection, wheel.path.open("rb") as file:
        connection.request("POST", urls.upload_path(serving.access.project), _body(head, file, tail), headers)
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.CREATED:
            raise WrongAnswerError(f"publishing {wheel.path.name}: {answer.status} {answer.read(300)!r}")


def _body(head: bytes, file: IO[bytes], tail: bytes) -> Iterator[bytes]:
    yield head
    while chunk := file.read(MIB):
        yield chunk
    yield tail


def _download(serving: Serving, wheel: Wheel) -> None:
    path = urls.file_path(urls.upload_path(serving.access.project), wheel.sha256, wheel.path.name)
    digest = hashlib.sha256()
    with _connection(serving) as connection:
        connection.request("GET", path, headers={"Authorization": _authorization(serving.access)})
        answer = connection.getresponse()
        while chunk := answer.read(MIB):
            digest.update(chunk)
    if digest.hexdigest() != wheel.sha256:
        raise WrongAnswerError(f"{wheel.path.name} came back with other bytes ({answer.status})")


@contextmanager
def _connection(serving: Serving) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(serving.host, environment.PUBLIC_PORT, timeout=_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def _authorization(access: Access) -> str:
    return "Basic " + base64.b64encode(f"{access.username}:{access.password}".encode()).decode()
