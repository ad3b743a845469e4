"""Finding the bytes of a file or of its metadata."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from registry_service.database import Database, catalog
from registry_service.domain.catalog import Project
from registry_service.domain.distribution import has_filename_characters
from registry_service.errors import NotFoundError
from registry_service.storage import BlobStore

METADATA_SUFFIX = ".metadata"


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """Bytes that never change: where they are, how many, and their digest."""

    key: str
    size: int
    sha256: str
    filename: str


@dataclass(frozen=True, slots=True)
class Downloading:
    """Serves what was published, byte for byte."""

    database: Database
    store: BlobStore

    async def find(self, project: Project, sha256: str, filename: str) -> StoredBlob:
        """Find a file, or with the suffix `.metadata` its core metadata (PEP 658); digest and name must both fit.

        Raises NotFoundError.
        """
        published = filename.removesuffix(METADATA_SUFFIX)
        if not has_filename_characters(published):
            raise NotFoundError("Package")
        async with self.database.snapshot() as tx:
            file = await catalog.find_file(tx, project.id, published)
        if file is None or file.sha256 != sha256 or file.deleted_at is not None:
            raise NotFoundError("Package")
        if published == filename:
            return StoredBlob(file.blob_key, file.size, file.sha256, filename)
        if file.metadata_key is None or file.metadata_sha256 is None:
            raise NotFoundError("Package")
        return StoredBlob(file.metadata_key, file.metadata_size, file.metadata_sha256, filename)

    def read(self, blob: StoredBlob, start: int, stop: int) -> AsyncIterator[bytes]:
        """Stream the bytes from `start` up to `stop`. Raises StorageError while it is read."""
        return self.store.read(blob.key, start, stop)
