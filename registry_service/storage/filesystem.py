"""Blobs in a folder: what `serve --data DIR` uses, and a PersistentVolumeClaim.

A blob appears by a rename, after its bytes are on the disk, and the folders' entries are on the disk before
`put` returns: a power cut leaves either the whole blob or none. Several pods may share the folder: no two ever write
one file. It may be another machine's, and hang: calls run in threads of their own and have a deadline.
"""

import asyncio
import errno
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from registry_service.errors import BlobMissingError, StorageError
from registry_service.storage import CHUNK_BYTES, durable
from registry_service.storage.keys import check_key, claim_key
from registry_service.storage.preflight import incompatible, round_trip

_INCOMING: Final = ".incoming"
_PREFLIGHT_BYTES: Final = 1_000_000
_THREADS: Final = 16
_CALL_SECONDS: Final = 60.0
_SLOWEST_BYTES_PER_SECOND: Final = 512 * 1024
_DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

T = TypeVar("T")


def _random_id() -> str:
    return uuid.uuid4().hex


class FilesystemStore:
    """Blobs under the folder `root`, made on the first write.

    `new_id` names the blobs of a preflight; `seconds` is what one call may take, and an upload its size besides.
    """

    def __init__(self, root: Path, *, new_id: Callable[[], str] = _random_id, seconds: float = _CALL_SECONDS) -> None:
        self._root = root
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="folder")
        self._new_id = new_id
        self._seconds = seconds

    async def put(self, key: str, path: Path, *, sha256: str) -> None:
        """As BlobStore.put: what was written is hashed while it is copied."""
        target, incoming = self._path(key), self._root / _INCOMING
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        copy = partial(durable.store_copy, path, target, incoming=incoming, sha256=sha256)
        await self._call(copy, extra_seconds=size / _SLOWEST_BYTES_PER_SECOND)

    async def read(self, key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """As BlobStore.read; a reader that goes away early has its file closed."""
        blob = self._path(key)
        try:
            file = await self._call(lambda: blob.open("rb"))
        except FileNotFoundError as error:
            raise BlobMissingError(key) from error
        try:
            file.seek(start)
            while start < stop:
                chunk = await self._call(partial(file.read, min(CHUNK_BYTES, stop - start)))
                if not chunk:
                    raise incompatible(f"holds a blob that ends before byte {stop}: {key}")
                start += len(chunk)
                yield chunk
        finally:
            # Not here: a reader that went away may have left a thread that still reads.
            self._threads.submit(file.close)

    async def delete(self, key: str) -> None:
        """As BlobStore.delete."""
        path = self._path(key)
        await self._call(lambda: durable.remove(path))

    async def check(self) -> None:
        """As BlobStore.check."""
        await round_trip(self, key=f"preflight/{self._new_id()}", size=_PREFLIGHT_BYTES)

    async def claim(self, registry_id: str) -> list[str]:
        """As BlobStore.claim."""
        mark = self._root / claim_key(registry_id)
        await self._call(lambda: durable.touch(mark))
        return await self._call(lambda: sorted(entry.name for entry in mark.parent.iterdir()))

    async def unclaim(self, registry_id: str) -> None:
        """As BlobStore.unclaim."""
        mark = self._root / claim_key(registry_id)
        await self._call(lambda: durable.remove(mark))

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    async def _call(self, call: Callable[[], T], *, extra_seconds: float = 0) -> T:
        """Run a blocking call in the store's threads. The deadline counts its wait for one, so it bounds the queue."""
        seconds = self._seconds + extra_seconds
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except FileNotFoundError:
            raise
        except TimeoutError as error:
            raise StorageError("StorageUnreachable", f"the folder of blobs took more than {seconds:.0f} s") from error
        except OSError as error:
            reason = "StorageAccessDenied" if error.errno in _DENIED else "StorageUnreachable"
            raise StorageError(reason, f"the folder of blobs cannot be used: {error}") from error
