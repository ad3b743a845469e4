"""Queries about the group of projects that a token may read (design section 5, the group index)."""

from typing import Any

from packaging.utils import NormalizedName
from sqlalchemy import ColumnElement, case, or_, select

from registry_service.database import rows
from registry_service.database.schema import file, package, project, release
from registry_service.database.transaction import Transaction
from registry_service.domain.catalog import Package, Project, Visibility


async def find_package(tx: Transaction, own_id: int, name: NormalizedName) -> tuple[Project, Package] | None:
    """The package of this name in the first project, by precedence, that ever held it."""
    query = (
        select(project.c.id, *rows.PACKAGE_COLUMNS)
        .join(package, package.c.project_id == project.c.id)
        .where(package.c.name == name, _readable(own_id))
        .order_by(*_precedence(own_id))
        .limit(1)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        return None
    owner = (await tx.execute(select(project).where(project.c.id == row[0]))).one()
    return rows.project(owner), rows.package(row[1:])


async def packages_of_file(tx: Transaction, own_id: int, filename: str) -> tuple[NormalizedName, ...]:
    """The packages in which files of this name were published, each once."""
    return await _names(tx, own_id, file.c.filename == filename)


async def list_projects(tx: Transaction, own_id: int) -> tuple[Project, ...]:
    """Every project of the group, by precedence."""
    query = select(project).where(_readable(own_id)).order_by(*_precedence(own_id))
    return tuple(rows.project(row) for row in await tx.execute(query))


async def list_package_names(tx: Transaction, own_id: int) -> tuple[NormalizedName, ...]:
    """Every package of the group that has a file, by normalized name in code point order, each once."""
    return await _names(tx, own_id, file.c.deleted_at.is_(None))


async def _names(tx: Transaction, own_id: int, which: ColumnElement[bool]) -> tuple[NormalizedName, ...]:
    """The packages of the group that have such a file, in code point order, each once."""
    query = (
        select(package.c.name)
        .distinct()
        .join(project, project.c.id == package.c.project_id)
        .join(release, release.c.package_id == package.c.id)
        .join(file, file.c.release_id == release.c.id)
        .where(_readable(own_id), which)
        .order_by(package.c.name)
    )
    return tuple(NormalizedName(name) for name in (await tx.execute(query)).scalars())


def _readable(own_id: int) -> ColumnElement[bool]:
    return or_(project.c.id == own_id, project.c.visibility != Visibility.PRIVATE.value)


def _precedence(own_id: int) -> tuple[ColumnElement[Any], ...]:  # Any: a number and a text
    return case((project.c.id == own_id, 0), else_=1), project.c.path
