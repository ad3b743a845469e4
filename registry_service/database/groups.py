"""Queries about the group of projects that a token may read (design section 5, the group index).

Its own project comes first, then those that are granted to it, by precedence, then what every token may read.
"""

from typing import Any

from packaging.utils import NormalizedName
from sqlalchemy import ColumnElement, case, or_, select

from registry_service.database import rows
from registry_service.database.schema import file, package, project, release
from registry_service.database.transaction import Transaction
from registry_service.domain.access import GroupReader
from registry_service.domain.catalog import Package, Project, Visibility


async def find_package(tx: Transaction, reader: GroupReader, name: NormalizedName) -> tuple[Project, Package] | None:
    """The package of this name in the first project, by precedence, that ever held it."""
    query = (
        select(project.c.id, *rows.PACKAGE_COLUMNS)
        .join(package, package.c.project_id == project.c.id)
        .where(package.c.name == name, _readable(reader))
        .order_by(*_precedence(reader))
        .limit(1)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        return None
    owner = (await tx.execute(select(project).where(project.c.id == row[0]))).one()
    return rows.project(owner), rows.package(row[1:])


async def packages_of_file(tx: Transaction, reader: GroupReader, filename: str) -> tuple[NormalizedName, ...]:
    """The packages in which files of this name were published, each once."""
    return await _names(tx, reader, file.c.filename == filename)


async def list_projects(tx: Transaction, reader: GroupReader) -> tuple[Project, ...]:
    """Every project of the group, by precedence."""
    query = select(project).where(_readable(reader)).order_by(*_precedence(reader))
    return tuple(rows.project(row) for row in await tx.execute(query))


async def list_package_names(tx: Transaction, reader: GroupReader) -> tuple[NormalizedName, ...]:
    """Every package of the group that has a file, by normalized name in code point order, each once."""
    return await _names(tx, reader, file.c.deleted_at.is_(None))


async def _names(tx: Transaction, reader: GroupReader, which: ColumnElement[bool]) -> tuple[NormalizedName, ...]:
    """The packages of the group that have such a file, in code point order, each once."""
    query = (
        select(package.c.name)
        .distinct()
        .join(project, project.c.id == package.c.project_id)
        .join(release, release.c.package_id == package.c.id)
        .join(file, file.c.release_id == release.c.id)
        .where(_readable(reader), which)
        .order_by(package.c.name)
    )
    return tuple(NormalizedName(name) for name in (await tx.execute(query)).scalars())


def _readable(reader: GroupReader) -> ColumnElement[bool]:
    own = project.c.id == reader.principal.project_id
    return or_(own, project.c.visibility != Visibility.PRIVATE.value, project.c.path.in_(reader.granted))


def _precedence(reader: GroupReader) -> tuple[ColumnElement[Any], ...]:  # Any: a number and a text
    own = (project.c.id == reader.principal.project_id, 0)
    granted = [(project.c.path == path, place) for place, path in enumerate(reader.granted, start=1)]
    return case(own, *granted, else_=len(granted) + 1), project.c.path
