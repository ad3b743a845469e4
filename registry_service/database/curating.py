"""What owners change about files that are published."""

from datetime import datetime

from packaging.utils import NormalizedName
from sqlalchemy import and_, delete, or_, select, update

from registry_service.database.catalog import LARGEST_ID
from registry_service.database.schema import file, package, release
from registry_service.database.transaction import Transaction
from registry_service.domain.distribution import Distribution


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
    change = change.where(file.c.deleted_at.is_(None))
    if filename is not None:
        change = change.where(file.c.filename == filename)
    return len((await tx.execute(change.values(yanked=reason).returning(file.c.id))).all())


async def delete_files(tx: Transaction, project_id: int, release_id: int, file_id: int | None, *, now: datetime) -> int:
    """Delete the files of a release, or one of them; their names stay taken. Returns how many there were."""
    change = update(file).where(file.c.project_id == project_id, file.c.release_id == min(release_id, LARGEST_ID))
    change = change.where(file.c.deleted_at.is_(None))
    if file_id is not None:
        change = change.where(file.c.id == min(file_id, LARGEST_ID))
    return len((await tx.execute(change.values(deleted_at=now).returning(file.c.id))).all())


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
