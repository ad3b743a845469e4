"""Serials: how a replica knows whether a page that it keeps is still true (design section 6, rule 3)."""

from sqlalchemy import update

from registry_service.database.schema import package, project
from registry_service.database.transaction import Transaction


async def take(tx: Transaction, project_id: int) -> int:
    """Take the project's next serial; the row stays locked, so that the order of serials is that of commits."""
    change = update(project).where(project.c.id == project_id).values(serial=project.c.serial + 1)
    taken: int = (await tx.execute(change.returning(project.c.serial))).scalar_one()
    return taken


async def mark_package(tx: Transaction, project_id: int, package_id: int, serial: int) -> None:
    """Say that a package's page has changed."""
    change = update(package).where(package.c.project_id == project_id, package.c.id == package_id)
    await tx.execute(change.values(serial=serial))
