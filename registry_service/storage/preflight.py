"""Proof that a store keeps what it is given, by the same calls that publishing and downloading make."""

import hashlib
import tempfile
from pathlib import Path

from registry_service.errors import BlobMissingError, StorageError
from registry_service.storage import BlobStore


def incompatible(what: str) -> StorageError:
    """The error for a store that answers, but not as the S3 API or a file system should."""
    return StorageError("StorageIncompatible", f"the blob store {what}")


async def round_trip(store: BlobStore, *, key: str, size: int) -> None:
    """Put `size` bytes under `key`, read them whole and in part, delete them. Raises StorageError."""
    payload = hashlib.shake_256(key.encode()).digest(size)
    with tempfile.NamedTemporaryFile(prefix="preflight-") as file:
        file.write(payload)
        file.flush()
        await store.put(key, Path(file.name), sha256=hashlib.sha256(payload).hexdigest())
    try:
        await _compare(store, key, payload)
    finally:
        await store.delete(key)
    await _expect_missing(store, key)


async def _compare(store: BlobStore, key: str, payload: bytes) -> None:
    size = len(payload)
    for start, stop in ((0, size), (size // 3, size // 2), (size - 1, size)):
        if b"".join([chunk async for chunk in store.read(key, start, stop)]) != payload[start:stop]:
            raise incompatible(f"returned other bytes than were stored, for the range {start} to {stop}")


async def _expect_missing(store: BlobStore, key: str) -> None:
    try:
        async for _ in store.read(key, 0, 1):
            break
    except BlobMissingError:
        return
    raise incompatible("still returns a blob that was deleted")
