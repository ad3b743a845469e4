"""Finding the bytes of a file or of its metadata."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from registry_service.database import Database, Transaction, catalog
from registry_service.domain.catalog import File
from registry_service.domain.distribution import has_filename_characters
from registry_service.errors import ForbiddenError, NotFoundError
from registry_service.rendering.provenance import render_provenance
from registry_service.storage import BlobStore
from registry_service.use_cases.browsing import normalize
from registry_service.use_cases.places import HeldPackage, Place

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

    async def find(self, place: Place, sha256: str, filename: str) -> StoredBlob:
        """Find a file, or with the suffix `.metadata` its core metadata (PEP 658); digest and name must both fit.

        Raises NotFoundError, and ForbiddenError for what is quarantined.
        """
        published = filename.removesuffix(METADATA_SUFFIX)
        async with self.database.snapshot() as tx:
            _, file = await _find(tx, place, published)
        if file.sha256 != sha256:
            raise NotFoundError("Package")
        if published == filename:
            return StoredBlob(file.blob_key, file.size, file.sha256, filename)
        if file.metadata_key is None or file.metadata_sha256 is None:
            raise NotFoundError("Package")
        return StoredBlob(file.metadata_key, file.metadata_size, file.metadata_sha256, filename)

    async def provenance(self, place: Place, package: str, version: str, filename: str) -> bytes:
        """The provenance object of a file that came with attestations (PEP 740).

        Raises NotFoundError, and ForbiddenError for what is quarantined.
        """
        async with self.database.snapshot() as tx:
            held, file = await _find(tx, place, filename)
            attestations = await catalog.find_attestations(tx, held.project.id, file.id)
        if (held.package.name, file.version) != (normalize(package), version) or attestations is None:
            raise NotFoundError("Provenance")
        return render_provenance(file, attestations)

    def read(self, blob: StoredBlob, start: int, stop: int) -> AsyncIterator[bytes]:
        """Stream the bytes from `start` up to `stop`. Raises StorageError while it is read."""
        return self.store.read(blob.key, start, stop)


async def _find(tx: Transaction, place: Place, filename: str) -> tuple[HeldPackage, File]:
    """The file of this name in the project that its package is read from."""
    if not has_filename_characters(filename):
        raise NotFoundError("Package")
    for name in await place.packages_of_file(tx, filename):
        held = await place.find_package(tx, name)
        file = None if held is None else await catalog.find_file(tx, held.project.id, filename)
        if held is None or file is None or file.deleted_at is not None:
            continue
        if not held.marker.offers_files:
            raise ForbiddenError(f"The package {name} is quarantined: {held.marker.reason or 'no reason was given'}")
        return held, file
    raise NotFoundError("Package")
