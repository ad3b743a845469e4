"""What owners change about files that are published."""

from dataclasses import dataclass
from datetime import datetime

from packaging.utils import NormalizedName
from sqlalchemy import Update, and_, delete, or_, select, update

from registry_service.database import serials
from registry_service.database.schema import file, package, project, release
from registry_service.database.transaction import Transaction
from registry_service.domain.catalog import LARGEST_ID
from registry_service.domain.distribution import Distribution
from registry_service.domain.status import StatusMarker


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that was changed, as the audit trail names it."""

    package: str
    version: str
    filename: str
    sha256: str


async def set_yanked(
    tx: Transaction, project_id: int, release_of: tuple[NormalizedName, str], filename: str | None, reason: str | None
) -> tuple[ChangedFile, ...]:
    """Yank the files of a release (package name, canonical version), or one of them; None as reason takes it back."""
    name, canonical_version = release_of
    query = (
        select(release.c.id)
        .join(package, package.c.id == release.c.package_id)
        .where(package.c.project_id == project_id, package.c.name == name)
        .where(release.c.canonical_version == canonical_version)
    )
    change = update(file).where(file.c.project_id == project_id, file.c.release_id.in_(query))
    if filename is not None:
        change = change.where(file.c.filename == filename)
    return await _change(tx, project_id, change.values(yanked=reason))


async def delete_files(
    tx: Transaction, project_id: int, release_id: int, file_id: int | None, *, now: datetime
) -> tuple[ChangedFile, ...]:
    """Delete the files of a release, or one of them; their names stay taken."""
    change = update(file).where(file.c.project_id == project_id, file.c.release_id == min(release_id, LARGEST_ID))
    if file_id is not None:
        change = change.where(file.c.id == min(file_id, LARGEST_ID))
    return await _change(tx, project_id, change.values(deleted_at=now))


async def forget_deleted(tx: Transaction, project_id: int, distribution: Distribution) -> None:
    """Let a deleted file's name, and its kind of file of the release, be published again; a live file stays."""
    same_release = (
        select(release.c.id)
        .join(package, package.c.id == release.c.package_id)
        .where(package.c.project_id == project_id, package.c.name == distribution.name)
        .where(release.c.canonical_version == distribution.canonical_version)
    )
    same_variant = and_(file.c.release_id.in_(same_release), file.c.variant == distribution.variant)
    change = delete(file).where(file.c.project_id == project_id, file.c.deleted_at.is_not(None))
    await tx.execute(change.where(or_(file.c.filename == distribution.filename, same_variant)))


async def set_project_marker(tx: Transaction, project_id: int, marker: StatusMarker) -> None:
    """Mark a whole project (PEP 792)."""
    await serials.take(tx, project_id)
    values = {"status": marker.status.value, "status_reason": marker.reason}
    await tx.execute(update(project).where(project.c.id == project_id).values(values))


async def set_package_marker(tx: Transaction, project_id: int, name: NormalizedName, marker: StatusMarker) -> bool:
    """Mark a package (PEP 792). False when the project never held it."""
    serial = await serials.take(tx, project_id)
    values = {"status": marker.status.value, "status_reason": marker.reason, "serial": serial}
    change = update(package).where(package.c.project_id == project_id, package.c.name == name)
    return (await tx.execute(change.values(values).returning(package.c.id))).first() is not None


async def _change(tx: Transaction, project_id: int, change: Update) -> tuple[ChangedFile, ...]:
    """Change files that were not deleted, and say that their packages' pages have changed."""
    serial = await serials.take(tx, project_id)
    changed = change.where(file.c.deleted_at.is_(None)).returning(file.c.id)
    ids = (await tx.execute(changed)).scalars().all()
    query = (
        select(package.c.id, package.c.name, file.c.version, file.c.filename, file.c.sha256)
        .join(release, release.c.package_id == package.c.id)
        .join(file, file.c.release_id == release.c.id)
        .where(file.c.id.in_(ids))
        .order_by(file.c.filename)
    )
    found = (await tx.execute(query)).all()
    for package_id in {row.id for row in found}:
        await serials.mark_package(tx, project_id, package_id, serial)
    return tuple(ChangedFile(row.name, row.version, row.filename, row.sha256) for row in found)
