"""What owners change about files that are published."""

from datetime import datetime

from packaging.utils import NormalizedName
from sqlalchemy import Update, select, update

from registry_service.database import serials
from registry_service.database.catalog import LARGEST_ID
from registry_service.database.schema import file, package, project, release
from registry_service.database.transaction import Transaction
from registry_service.domain.status import StatusMarker


async def set_yanked(
    tx: Transaction, project_id: int, release_of: tuple[NormalizedName, str], filename: str | None, reason: str | None
) -> int:
    """Yank the files of a release (package name, canonical version), or one of them; None as reason takes it back.

    Returns how many files there were.
    """
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


async def delete_files(tx: Transaction, project_id: int, release_id: int, file_id: int | None, *, now: datetime) -> int:
    """Delete the files of a release, or one of them; their names stay taken. Returns how many there were."""
    change = update(file).where(file.c.project_id == project_id, file.c.release_id == min(release_id, LARGEST_ID))
    if file_id is not None:
        change = change.where(file.c.id == min(file_id, LARGEST_ID))
    return await _change(tx, project_id, change.values(deleted_at=now))


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


async def _change(tx: Transaction, project_id: int, change: Update) -> int:
    """Change files that were not deleted, and say that their packages' pages have changed."""
    serial = await serials.take(tx, project_id)
    changed = change.where(file.c.deleted_at.is_(None)).returning(file.c.release_id)
    releases = (await tx.execute(changed)).scalars().all()
    owners = select(release.c.package_id).where(release.c.id.in_(set(releases)))
    for package_id in (await tx.execute(owners.distinct())).scalars().all():
        await serials.mark_package(tx, package_id, serial)
    return len(releases)
