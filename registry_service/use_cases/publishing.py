"""Publishing a file: nothing is acknowledged that is not stored, nothing is advertised that is not there.

The steps, as they are marked in the code here and in `api.publish` (1 to 3):

 (1) project and scope from the headers, before the body
 (2) the body streams to a spool while it is hashed, with the size limit enforced
 (3) the form is read; as soon as the package is known, and again in (5), the token's patterns must include it
 (4) facts from the archive in the spool
 (5) the rules, all problems at once
 (6) the blob is put and verified
 (7) one transaction: token still valid, rows; the unique constraints judge races
 (8) replicas know: each asks the database for a page's serial, which (7) has raised, on every request
 (9) the reply
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName

from registry_service.archives import ArchivePool
from registry_service.contract.sync import Rules
from registry_service.database import Database, Transaction, audit, catalog, curating, tokens
from registry_service.database.catalog import NewFile
from registry_service.database.transaction import ConflictError
from registry_service.domain.archive import ArchiveFacts
from registry_service.domain.audit import Action, Entry
from registry_service.domain.catalog import File
from registry_service.domain.distribution import Distribution, Kind
from registry_service.domain.upload_rules import AcceptedUpload, Digests, Upload, judge
from registry_service.errors import (
    DeletedNameError,
    FileNameTakenError,
    ForbiddenError,
    ReadOnlyError,
    RefusedError,
    UnauthenticatedError,
)
from registry_service.memory.uploads import UploadsInProgress
from registry_service.storage import BlobStore
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.rules import RulesInForce, project_settings

COMMIT_WITHIN: Final = timedelta(hours=1)
# Each lost race makes one more row visible: package, release, file.
ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class ReceivedUpload:
    """A form whose file lies in the spool at `path`; `started_at` is when its first byte was awaited."""

    fields: Mapping[str, str]
    filename: str
    path: Path
    size: int
    digests: Digests
    started_at: datetime
    sent_as_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Publishing:
    """Accepts distributions into a project. `new_upload_id` makes part of a blob's key: never used twice."""

    database: Database
    store: BlobStore
    archives: ArchivePool
    rules: RulesInForce
    clock: Callable[[], datetime]
    new_upload_id: Callable[[], str]
    in_progress: UploadsInProgress = field(default_factory=UploadsInProgress)

    def begin(self, access: Access) -> AbstractContextManager[None]:
        """An upload, from before its body is read to its answer. Entering raises BusyError for one too many."""
        return self.in_progress.one_more(access.publisher.token_id)

    async def size_limit(self) -> int:
        """How many bytes a file may have."""
        return (await self._rules()).max_upload_size

    async def publish(self, access: Access, received: ReceivedUpload) -> None:
        """Publish a received file; identical bytes under the same name again change nothing.

        Raises RefusedError with every problem, FileNameTakenError for other bytes under a used name, ForbiddenError for
        a package that the token may not change or whose status takes no uploads (PEP 792), UnauthenticatedError when
        the token died meanwhile, BusyError when too many uploads wait for their archives to be read or nothing may
        change.
        """
        facts = await self.archives.read(received.path, received.filename)  # (4)
        accepted = await self._judge(received, facts)  # (5)
        if not isinstance(accepted, AcceptedUpload):
            raise RefusedError(*accepted)
        access.require_package(accepted.distribution.name)
        if await self._is_published(access, accepted.distribution, digests=received.digests):
            return None
        await self._require_room(access, received.size)
        metadata = facts.metadata if accepted.distribution.kind is Kind.WHEEL else None
        blobs = await self._store(access, received, metadata)  # (6)
        new = self._new_file(access, received, accepted, blobs)
        for _ in range(ATTEMPTS):
            try:
                return await self._commit(access, new, received.started_at)  # (7) (8) (9)
            except ConflictError:
                if await self._is_published(access, accepted.distribution, digests=received.digests):
                    return None
        raise RefusedError("Too many uploads of this release at once; try again")

    async def _is_published(self, access: Access, distribution: Distribution, *, digests: Digests) -> bool:
        async with self.database.snapshot() as tx:
            await _require_open(tx, access.project.id, distribution.name)
            rules = await self.rules.read(tx)
            same_name = await catalog.find_file(tx, access.project.id, distribution.filename)
            same_variant = await catalog.find_variant(tx, access.project.id, distribution)
        for taken in (same_name, same_variant):
            if taken is not None and not (rules.reuse_deleted_filenames and taken.deleted_at is not None):
                return _is_identical(taken, distribution.filename, digests)
        if rules.read_only:
            raise ReadOnlyError
        return False

    async def _require_room(self, access: Access, size: int) -> None:
        """Refuse what is too much already, before it is stored; (7) decides between uploads at the same time."""
        async with self.database.snapshot() as tx:
            await _require_quota(tx, access, await self.rules.read(tx), coming=size)

    async def _judge(self, received: ReceivedUpload, facts: ArchiveFacts) -> AcceptedUpload | tuple[str, ...]:
        upload = Upload(
            fields=received.fields,
            filename=received.filename,
            size=received.size,
            digests=received.digests,
            facts=facts,
            sent_as_files=received.sent_as_files,
        )
        strict = (await self._rules()).strict_filenames
        # Megabytes of metadata take a while: others are served meanwhile.
        return await asyncio.to_thread(judge, upload, strict_filenames=strict)

    async def _rules(self) -> Rules:
        async with self.database.snapshot() as tx:
            return await self.rules.read(tx)

    async def _store(self, access: Access, received: ReceivedUpload, metadata: bytes | None) -> "_Blobs":
        upload_id = self.new_upload_id()
        key = f"{access.project.id}/{received.digests.sha256}/{upload_id}"
        await self.store.put(key, received.path, sha256=received.digests.sha256)
        if metadata is None:
            return _Blobs(key)
        sha256 = hashlib.sha256(metadata).hexdigest()
        metadata_key = f"{access.project.id}/{sha256}/{upload_id}"
        async with _spooled(metadata, received.path.parent) as path:
            await self.store.put(metadata_key, path, sha256=sha256)
        return _Blobs(key, metadata_key, sha256, len(metadata))

    def _new_file(self, access: Access, received: ReceivedUpload, accepted: AcceptedUpload, blobs: "_Blobs") -> NewFile:
        return NewFile(
            distribution=accepted.distribution,
            size=received.size,
            sha256=received.digests.sha256,
            md5=received.digests.md5,
            sha1=received.digests.sha1,
            blake2_256=received.digests.blake2_256,
            blob_key=blobs.key,
            upload_time=self.clock(),
            published_by=access.publisher.name,
            summary=accepted.metadata.summary,
            requires_python=accepted.metadata.requires_python,
            metadata_sha256=blobs.metadata_sha256,
            metadata_key=blobs.metadata_key,
            metadata_size=blobs.metadata_size,
            attestations=accepted.attestations,
        )

    async def _commit(self, access: Access, new: NewFile, started_at: datetime) -> None:
        async with self.database.transaction() as tx:
            now = self.clock()
            if not await tokens.is_live(tx, access.publisher.token_id, now=now):
                raise UnauthenticatedError
            if now - started_at > COMMIT_WITHIN:
                # The sweeper may take a blob that has had no row for longer.
                raise RefusedError("The upload took longer than an hour; start it again")
            rules = await self.rules.hold_for_change(tx)
            if rules.reuse_deleted_filenames:
                await curating.forget_deleted(tx, access.project.id, new.distribution)
            await catalog.publish_file(tx, access.project.id, new)
            # Looked at last: the serial's lock keeps every other change of the project out until the commit.
            await _require_quota(tx, access, rules)
            await _require_open(tx, access.project.id, new.distribution.name)
            await audit.record(tx, access.project.id, _entry(access, new), at=now)


@dataclass(frozen=True, slots=True)
class _Blobs:
    key: str
    metadata_key: str | None = None
    metadata_sha256: str | None = None
    metadata_size: int = 0


def _entry(access: Access, new: NewFile) -> Entry:
    distribution = new.distribution
    return Entry(
        action=Action.PUBLISH,
        actor=access.actor,
        package=distribution.name,
        version=str(distribution.version),
        filename=distribution.filename,
        sha256=new.sha256,
    )


async def _require_quota(tx: Transaction, access: Access, rules: Rules, *, coming: int = 0) -> None:
    quota = project_settings(rules)(access.project.path).quota
    if quota is None:
        return
    held = await catalog.count_bytes(tx, access.project.id)
    if held + coming > quota:
        raise RefusedError(
            f"Validation failed: The project's files may have {quota} bytes together, and would have {held + coming}. "
            "Delete files that nobody needs, or ask the registry's owner for a larger quota"
        )


async def _require_open(tx: Transaction, project_id: int, name: NormalizedName) -> None:
    project = await catalog.find_project(tx, str(project_id))
    package = await catalog.find_package(tx, project_id, name)
    for what, held in (("project", project), (f"package {name}", package)):
        if held is not None and not held.marker.accepts_uploads:
            reason = f": {held.marker.reason}" if held.marker.reason else ""
            raise ForbiddenError(f"The {what} is {held.marker.status} and takes no uploads{reason}")


def _is_identical(taken: File, filename: str, digests: Digests) -> bool:
    if taken.deleted_at is not None:
        raise DeletedNameError(filename)
    if taken.filename == filename and taken.sha256 == digests.sha256:
        return True
    raise FileNameTakenError(filename, known_as=taken.filename, sha256=taken.sha256)


@asynccontextmanager
async def _spooled(content: bytes, folder: Path) -> AsyncIterator[Path]:
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(content)
        file.flush()
        yield Path(file.name)
