"""A registry as one stream: the rows of one moment and every file that they name (design section 6, rule 1).

The stream is a tar archive, whatever database and store it came from or goes to:

    registry.json           the format's number, the registryID, when it was taken
    blobs/<key>             each file and `.metadata`, under the key that its row names
    rows/<table>/<number>   JSON lines, tables in the order in which rows refer to each other
    end.json                how many rows and blobs there are: without it the stream was cut off

Blobs come first, so that whoever restores has stored them before a row names them.
"""

import asyncio
import json
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import IO, Final

from registry_service.database import Database, Transaction, backup, identity
from registry_service.storage import BlobStore

FORMAT: Final = 1
HEAD, END = "registry.json", "end.json"
BLOBS, ROWS = "blobs/", "rows/"


@dataclass(slots=True)
class Contents:
    """What a backup holds: rows by table, and blobs."""

    rows: dict[str, int] = field(default_factory=dict)
    blobs: int = 0


@dataclass(frozen=True, slots=True)
class BackingUp:
    """Takes backups beside a running service: nothing is locked, and nobody waits."""

    database: Database
    store: BlobStore
    clock: Callable[[], datetime]

    async def write(self, out: IO[bytes]) -> Contents:
        """Write a backup. Raises DatabaseError, and BlobMissingError when the store has lost a file."""
        tar, contents = _Tar(out, int(self.clock().timestamp())), Contents()
        with tempfile.TemporaryFile() as spool:
            async with self.database.snapshot() as tx:
                head = {"format": FORMAT, "registryID": await identity.find(tx), "takenAt": self.clock().isoformat()}
                pieces = await _spool_rows(tx, spool, contents)
            await tar.add(HEAD, json.dumps(head).encode())
            for name, start, size in pieces:
                if name.startswith(f"{ROWS}file/"):
                    await self._add_blobs(tar, await _piece(spool, start, size), contents)
            for name, start, size in pieces:
                await tar.add(name, await _piece(spool, start, size))
        await tar.add(END, json.dumps(asdict(contents)).encode())
        await tar.finish()
        return contents

    async def _add_blobs(self, tar: "_Tar", lines: bytes, contents: Contents) -> None:
        for line in lines.splitlines():
            row = json.loads(line)
            if row["deleted_at"] is not None:
                continue
            for key, size in ((row["blob_key"], row["size"]), (row["metadata_key"], row["metadata_size"])):
                if key is not None:
                    await tar.add_stream(BLOBS + key, size, self.store.read(key, 0, size))
                    contents.blobs += 1


async def _spool_rows(tx: Transaction, spool: IO[bytes], contents: Contents) -> list[tuple[str, int, int]]:
    """Write all rows to `spool`: the name, start and size of each piece."""
    pieces = []
    for table in backup.TABLES:
        number = 0
        async for records in backup.dump(tx, table):
            lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
            start = spool.tell()
            await asyncio.to_thread(spool.write, lines)
            pieces.append((f"{ROWS}{table}/{number:06}", start, len(lines)))
            contents.rows[table] = contents.rows.get(table, 0) + len(records)
            number += 1
    return pieces


async def _piece(spool: IO[bytes], start: int, size: int) -> bytes:
    def read() -> bytes:
        spool.seek(start)
        return spool.read(size)

    return await asyncio.to_thread(read)


class _Tar:
    """An archive that is written as it comes, without going back."""

    def __init__(self, out: IO[bytes], moment: int) -> None:
        self._out = out
        self._moment = moment

    async def add(self, name: str, content: bytes) -> None:
        await self._write(self._header(name, len(content)) + content + _padding(len(content)))

    async def add_stream(self, name: str, size: int, chunks: AsyncIterator[bytes]) -> None:
        await self._write(self._header(name, size))
        async for chunk in chunks:
            await self._write(chunk)
        await self._write(_padding(size))

    async def finish(self) -> None:
        await self._write(bytes(2 * tarfile.BLOCKSIZE))
        await asyncio.to_thread(self._out.flush)

    def _header(self, name: str, size: int) -> bytes:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = size, self._moment, 0o600
        return entry.tobuf(tarfile.PAX_FORMAT)

    async def _write(self, content: bytes) -> None:
        await asyncio.to_thread(self._out.write, content)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
