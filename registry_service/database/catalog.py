"""Queries about projects, packages, releases and files. Every one names its project."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packaging.utils import NormalizedName
from sqlalchemy import Select, func, insert, select

from registry_service.database import rows, serials
from registry_service.database.schema import file, package, project, release
from registry_service.database.transaction import Transaction
from registry_service.domain.catalog import (
    LARGEST_ID,
    File,
    Package,
    Project,
    Release,
    Visibility,
    project_path_problem,
)
from registry_service.domain.distribution import Distribution


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file about to be published: what `File` holds, without what the database gives it."""

    distribution: Distribution
    size: int
    sha256: str
    md5: str
    sha1: str
    blake2_256: str
    blob_key: str
    upload_time: datetime
    published_by: str
    summary: str = ""
    requires_python: str | None = None
    metadata_sha256: str | None = None
    metadata_key: str | None = None
    metadata_size: int = 0
    attestations: str | None = None


async def find_project(tx: Transaction, reference: str) -> Project | None:
    """Find a project by its path or, when `reference` is all digits, by its numeric id."""
    if reference.isdecimal() and reference.isascii():
        found = project.c.id == min(int(reference[:20]), LARGEST_ID)
    elif project_path_problem(reference) is None:
        found = project.c.path == reference
    else:
        return None
    row = (await tx.execute(select(project).where(found))).one_or_none()
    return None if row is None else rows.project(row)


async def create_project(tx: Transaction, path: str, visibility: Visibility, *, now: datetime) -> Project:
    """Create a project that belongs to no namespace yet. Raises ConflictError when the path is taken."""
    values = {"path": path, "visibility": visibility.value, "created_at": now}
    row = (await tx.execute(insert(project).values(values).returning(*project.c))).one()
    return rows.project(row)


async def list_package_names(tx: Transaction, project_id: int) -> tuple[NormalizedName, ...]:
    """Every package of a project that has a file, by normalized name in code point order."""
    held = select(release.c.package_id).join(file, file.c.release_id == release.c.id).where(file.c.deleted_at.is_(None))
    query = select(package.c.name).where(package.c.project_id == project_id, package.c.id.in_(held))
    return tuple(NormalizedName(name) for name in (await tx.execute(query.order_by(package.c.name))).scalars())


async def find_package(tx: Transaction, project_id: int, name: NormalizedName) -> Package | None:
    """Find a package that the project ever held a file of, also if none is left."""
    query = select(*rows.PACKAGE_COLUMNS).where(package.c.project_id == project_id, package.c.name == name)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else rows.package(row)


async def list_files(tx: Transaction, project_id: int, package_id: int) -> tuple[File, ...]:
    """Every file of a package, in no order."""
    query = _live(project_id).where(release.c.package_id == package_id)
    return tuple(rows.file(row) for row in await tx.execute(query))


async def list_release_files(tx: Transaction, project_id: int, release_id: int) -> tuple[File, ...]:
    """The files of one release, by file name."""
    query = _live(project_id).where(file.c.release_id == release_id).order_by(file.c.filename)
    return tuple(rows.file(row) for row in await tx.execute(query))


async def find_file(tx: Transaction, project_id: int, filename: str) -> File | None:
    """Find a file by its name, also one that was deleted."""
    row = (await tx.execute(_files(project_id).where(file.c.filename == filename))).one_or_none()
    return None if row is None else rows.file(row)


async def packages_of_file(tx: Transaction, project_id: int, filename: str) -> tuple[NormalizedName, ...]:
    """The package that a file of this name was published in; none or one."""
    query = (
        select(package.c.name)
        .join(release, release.c.package_id == package.c.id)
        .join(file, file.c.release_id == release.c.id)
        .where(file.c.project_id == project_id, file.c.filename == filename)
    )
    return tuple(NormalizedName(name) for name in (await tx.execute(query)).scalars())


async def count_bytes(tx: Transaction, project_id: int) -> int:
    """How many bytes the files of a project have together; deleted ones do not count."""
    query = select(func.coalesce(func.sum(file.c.size), 0))
    query = query.where(file.c.project_id == project_id, file.c.deleted_at.is_(None))
    return int((await tx.execute(query)).scalar_one())


async def find_attestations(tx: Transaction, project_id: int, file_id: int) -> str | None:
    """The JSON array of a file's attestations (PEP 740), as it was received."""
    query = select(file.c.attestations).where(file.c.project_id == project_id, file.c.id == file_id)
    found: str | None = (await tx.execute(query)).scalar_one_or_none()
    return found


async def find_variant(tx: Transaction, project_id: int, distribution: Distribution) -> File | None:
    """Find the file of the same release with the same kind, build and tags, whatever its name, also if deleted."""
    query = (
        _files(project_id)
        .join(package, package.c.id == release.c.package_id)
        .where(package.c.name == distribution.name)
        .where(release.c.canonical_version == distribution.canonical_version)
        .where(file.c.variant == distribution.variant)
    )
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else rows.file(row)


async def list_releases(tx: Transaction, project_id: int, package_id: int | None = None) -> tuple[Release, ...]:
    """Every release of a project, or those of one of its packages, the newest first."""
    query = _releases(project_id).order_by(release.c.created_at.desc(), release.c.id.desc())
    if package_id is not None:
        query = query.where(release.c.package_id == package_id)
    return tuple(rows.release(row) for row in await tx.execute(query))


async def find_release(tx: Transaction, project_id: int, release_id: int) -> Release | None:
    """Find a release by the number that GitLab's URLs call a package id."""
    found = release.c.id == min(release_id, LARGEST_ID)
    row = (await tx.execute(_releases(project_id).where(found))).one_or_none()
    return None if row is None else rows.release(row)


async def publish_file(tx: Transaction, project_id: int, new: NewFile) -> int:
    """Insert a file, with its package and release where they are new, and return the release's id.

    Raises ConflictError when another transaction published the name, or the release's variant, first.
    """
    serial = await serials.take(tx, project_id)
    package_id = await _package_id(tx, project_id, new)
    await serials.mark_package(tx, project_id, package_id, serial)
    release_id = await _release_id(tx, package_id, new)
    await tx.execute(insert(file).values(_row(project_id, release_id, new)))
    return release_id


def _row(project_id: int, release_id: int, new: NewFile) -> dict[str, object]:
    return {
        "project_id": project_id,
        "release_id": release_id,
        "filename": new.distribution.filename,
        "kind": new.distribution.kind.value,
        "variant": new.distribution.variant,
        "version": str(new.distribution.version),
        "size": new.size,
        "sha256": new.sha256,
        "md5": new.md5,
        "sha1": new.sha1,
        "blake2_256": new.blake2_256,
        "requires_python": new.requires_python,
        "metadata_sha256": new.metadata_sha256,
        "metadata_key": new.metadata_key,
        "metadata_size": new.metadata_size,
        "blob_key": new.blob_key,
        "upload_time": new.upload_time,
        "stored_at": new.upload_time,
        "published_by": new.published_by,
        "attestations": new.attestations,
    }


async def _package_id(tx: Transaction, project_id: int, new: NewFile) -> int:
    query = select(package.c.id).where(package.c.project_id == project_id, package.c.name == new.distribution.name)
    found: int | None = (await tx.execute(query)).scalar_one_or_none()
    if found is not None:
        return found
    values = {
        "project_id": project_id,
        "name": new.distribution.name,
        "created_at": new.upload_time,
    }
    created: int = (await tx.execute(insert(package).values(values).returning(package.c.id))).scalar_one()
    return created


async def _release_id(tx: Transaction, package_id: int, new: NewFile) -> int:
    canonical = new.distribution.canonical_version
    query = select(release.c.id).where(release.c.package_id == package_id, release.c.canonical_version == canonical)
    found: int | None = (await tx.execute(query)).scalar_one_or_none()
    if found is not None:
        return found
    values = {
        "package_id": package_id,
        "version": str(new.distribution.version),
        "canonical_version": canonical,
        "summary": new.summary,
        "created_at": new.upload_time,
    }
    created: int = (await tx.execute(insert(release).values(values).returning(release.c.id))).scalar_one()
    return created


async def count_projects(tx: Transaction) -> int:
    """How many projects the registry has."""
    count: int = (await tx.execute(select(func.count()).select_from(project))).scalar_one()
    return count


def _files(project_id: int) -> Select[Any]:  # Any: SQLAlchemy types a row by its columns
    return (
        select(*rows.FILE_COLUMNS)
        .join(release, release.c.id == file.c.release_id)
        .where(file.c.project_id == project_id)
    )


def _live(project_id: int) -> Select[Any]:  # Any: as above
    return _files(project_id).where(file.c.deleted_at.is_(None))


def _releases(project_id: int) -> Select[Any]:  # Any: as above
    joined = select(release, package.c.name).join(package, package.c.id == release.c.package_id)
    live = select(file.c.release_id).where(file.c.project_id == project_id, file.c.deleted_at.is_(None))
    return joined.where(package.c.project_id == project_id, release.c.id.in_(live))
