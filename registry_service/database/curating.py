"""What owners change about files that are published."""

from datetime import datetime

from packaging.utils import NormalizedName
from sqlalchemy import select, update

from registry_service.database.catalog import LARGEST_ID
from registry_service.database.schema import file, package, release
from registry_service.database.transaction import Transaction


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
