"""Blobs in a folder: what `serve --data DIR` uses, and a PersistentVolumeClaim.

A blob appears by a rename, after its bytes are on the disk, and the folders' entries are on the disk before
`put` returns: a power cut leaves either the whole blob or none.
"""

import asyncio
import errno
import uuid
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from registry_service.errors import BlobMissingError, StorageError
from registry_service.storage import CHUNK_BYTES, durable
from registry_service.storage.keys import check_key, claim_key
from registry_service.storage.preflight import incompatible, round_trip

_INCOMING: Final = ".incoming"
_PREFLIGHT_BYTES: Final = 1_000_000
_DENIED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

T = TypeVar("T")


def _random_id() -> str:
    return uuid.uuid4().hex


class FilesystemStore:
    """Blobs under the folder `root`, made on the first write. Blocking calls run in the event loop's threads."""

    def __init__(self, root: Path, *, new_id: Callable[[], str] = _random_id) -> None:
        self._root = root
        self._new_id = new_id

    async def put(self, key: str, path: Path, *, sha256: str) -> None:
        """As BlobStore.put: what was written is hashed while it is copied."""
        target, incoming = self._path(key), self._root / _INCOMING
        await _in_thread(lambda: durable.store_copy(path, target, incoming=incoming, sha256=sha256))

    async def read(self, key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """As BlobStore.read."""
        blob = self._path(key)
        try:
            file = await _in_thread(lambda: blob.open("rb"))
        except FileNotFoundError as error:
            raise BlobMissingError(key) from error
        with file:
            file.seek(start)
            while start < stop:
                chunk = await _in_thread(partial(file.read, min(CHUNK_BYTES, stop - start)))
                if not chunk:
                    raise incompatible(f"holds a blob that ends before byte {stop}: {key}")
                start += len(chunk)
                yield chunk

    async def delete(self, key: str) -> None:
        """As BlobStore.delete."""
        path = self._path(key)
        await _in_thread(lambda: durable.remove(path))

    async def check(self) -> None:
        """As BlobStore.check."""
        await round_trip(self, key=f"preflight/{self._new_id()}", size=_PREFLIGHT_BYTES)

    async def claim(self, registry_id: str) -> list[str]:
        """As BlobStore.claim."""
        mark = self._root / claim_key(registry_id)
        await _in_thread(lambda: durable.touch(mark))
        return await _in_thread(lambda: sorted(entry.name for entry in mark.parent.iterdir()))

    async def unclaim(self, registry_id: str) -> None:
        """As BlobStore.unclaim."""
        mark = self._root / claim_key(registry_id)
        await _in_thread(lambda: durable.remove(mark))

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)


async def _in_thread(call: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(call)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "StorageAccessDenied" if error.errno in _DENIED else "StorageUnreachable"
        raise StorageError(reason, f"the folder of blobs cannot be used: {error}") from error
