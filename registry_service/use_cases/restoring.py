"""A backup back into a registry that holds no package yet: blobs stored first, then all rows in one transaction."""

import asyncio
import hashlib
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from registry_service.database import Database, Transaction, audit, backup
from registry_service.database.transaction import ConflictError
from registry_service.domain.audit import COMMAND, Action, Entry
from registry_service.errors import RefusedError
from registry_service.storage import CHUNK_BYTES, BlobStore
from registry_service.storage.keys import check_key
from registry_service.use_cases.backing_up import BLOBS, END, FORMAT, HEAD, ROWS, Contents

_MOST_JSON_BYTES: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class _Received:
    """What has come out of the stream: the rows in `spool`, by table in pieces of a start and a size."""

    spool: IO[bytes]
    head: dict[str, Any] = field(default_factory=dict)  # Any: JSON
    end: dict[str, Any] | None = None
    blobs: set[str] = field(default_factory=set)
    pieces: dict[str, list[tuple[int, int]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Restoring:
    """Reads backups: all of one, or nothing that anybody sees."""

    database: Database
    store: BlobStore
    clock: Callable[[], datetime]

    async def read(self, source: IO[bytes]) -> Contents:
        """Restore a backup.

        Raises RefusedError when the registry holds packages, or when the backup is damaged, cut off or of another
        format; StorageError and DatabaseError.
        """
        async with self.database.snapshot() as tx:
            await _require_empty(tx)
        with tempfile.TemporaryFile() as spool, _explained():
            received = _Received(spool)
            with tarfile.open(fileobj=source, mode="r|") as tar:
                while (entry := await asyncio.to_thread(tar.next)) is not None:
                    await self._take(tar, entry, received)
            return await self._commit(received)

    async def _take(self, tar: tarfile.TarFile, entry: tarfile.TarInfo, received: _Received) -> None:
        content = tar.extractfile(entry)
        if content is None:
            raise RefusedError(f"the backup is damaged: {entry.name} is no file")
        if entry.name.startswith(BLOBS):
            await self._store(entry.name.removeprefix(BLOBS), content)
            received.blobs.add(entry.name.removeprefix(BLOBS))
            return
        if entry.size > _MOST_JSON_BYTES:
            raise RefusedError(f"the backup is damaged: {entry.name} has {entry.size} bytes")
        text = await asyncio.to_thread(content.read)
        if entry.name.startswith(ROWS):
            table = entry.name.split("/")[1]
            received.pieces.setdefault(table, []).append((received.spool.tell(), len(text)))
            await asyncio.to_thread(received.spool.write, text)
        elif entry.name == HEAD:
            received.head = _head(text)
        elif entry.name == END:
            received.end = json.loads(text)

    async def _store(self, key: str, content: IO[bytes]) -> None:
        sha256 = check_key(key).split("/")[1]
        with tempfile.NamedTemporaryFile() as file:
            if await asyncio.to_thread(_copy, content, file) != sha256:
                raise RefusedError(f"the backup is damaged: {BLOBS}{key} has not the SHA-256 of its name")
            await self.store.put(key, Path(file.name), sha256=sha256)

    async def _commit(self, received: _Received) -> Contents:
        contents = Contents(blobs=len(received.blobs))
        async with self.database.transaction() as tx:
            await _require_empty(tx)
            loader = backup.Loader(tx)
            for table in backup.TABLES:
                for lines in _pieces(received, table):
                    records = [json.loads(line) for line in lines.splitlines()]
                    _require_stored(table, records, received.blobs)
                    await loader.load(table, records)
                    contents.rows[table] = contents.rows.get(table, 0) + len(records)
            await loader.finish()
            if asdict(contents) != received.end:
                raise RefusedError(
                    "the backup was cut off: it does not hold all that its end says; nothing is restored"
                )
            details = {name: str(received.head[name]) for name in ("registryID", "takenAt")}
            for number in loader.projects.values():
                await audit.record(tx, number, Entry(Action.RESTORE, COMMAND, details=details), at=self.clock())
        return contents


async def _require_empty(tx: Transaction) -> None:
    if await backup.holds_packages(tx):
        raise RefusedError("this registry holds packages: restore into one that never held any")


def _require_stored(table: str, records: list[dict[str, Any]], blobs: set[str]) -> None:  # Any: JSON
    if table != "file":
        return
    for record in records:
        for key in (record["blob_key"], record["metadata_key"]):
            if key is not None and key not in blobs and record["deleted_at"] is None:
                raise RefusedError(f"the backup is damaged: it has a row of {record['filename']}, but not its file")


def _head(text: bytes) -> dict[str, Any]:  # Any: JSON
    head: dict[str, Any] = json.loads(text)
    if head["format"] != FORMAT:
        raise RefusedError(f"the backup has the format {head['format']}; this version reads {FORMAT}")
    return head


def _pieces(received: _Received, table: str) -> Iterator[bytes]:
    for start, size in received.pieces.get(table, ()):
        received.spool.seek(start)
        yield received.spool.read(size)


def _copy(content: IO[bytes], file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(CHUNK_BYTES):
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    return digest.hexdigest()


@contextmanager
def _explained() -> Iterator[None]:
    """What a stream that is no backup runs into, as a refusal."""
    try:
        yield
    except (tarfile.TarError, ValueError, KeyError, TypeError, EOFError) as error:
        raise RefusedError(f"this is no backup, or a damaged one: {error}; nothing is restored") from error
    except ConflictError as error:
        raise RefusedError(f"the backup contradicts what this registry holds: {error}") from error
