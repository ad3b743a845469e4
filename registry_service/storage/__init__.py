"""Where the bytes of published files live. One protocol, so that use cases know neither folders nor S3.

A blob is written once under a key of its own, never changed and never shared (design section 6, rule 1); a
damaged or half-written blob must therefore be impossible to mistake for a stored one.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Protocol

CHUNK_BYTES: Final = 256 * 1024


class BlobStore(Protocol):
    """Blobs by key. Every method raises StorageError when the store cannot be used."""

    async def put(self, key: str, path: Path, *, sha256: str) -> None:
        """Store the file at `path`; when this returns, the store holds exactly the bytes with that SHA-256 (hex)."""
        ...

    def read(self, key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Bytes `start` to `stop`, `stop` not included, in chunks of at most CHUNK_BYTES.

        Raises BlobMissingError before the first chunk when there is no such blob.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove the blob; it is no error when it is not there."""
        ...

    async def check(self) -> None:
        """Preflight: prove with blobs of its own that put, get, range, multipart and delete work.

        Raises StorageError with the reason StorageUnreachable, StorageAccessDenied, BucketNotFound or
        StorageIncompatible.
        """
        ...

    async def claim(self, registry_id: str) -> list[str]:
        """Mark the store as this registry's and return the IDs of all registries that have marked it, sorted."""
        ...

    async def unclaim(self, registry_id: str) -> None:
        """Remove this registry's mark."""
        ...
