"""Queries of GitLab's packages API: one counts, one finds a page. Nothing is sorted outside of the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from packaging.utils import canonicalize_version
from sqlalchemy import ColumnElement, Select, and_, cast, exists, false, func, literal, or_, select, tuple_

from registry_service.database import rows
from registry_service.database.schema import Bytewise, file, package, project, release
from registry_service.database.transaction import Transaction
from registry_service.domain.catalog import LARGEST_ID, File, Project, Release
from registry_service.domain.listing import (
    MAX_COUNTED,
    PYPI,
    Cursor,
    Entry,
    FileOrder,
    Listed,
    Order,
    Paging,
    Wanted,
    WantedFiles,
    part_of_name,
    statuses_shown_as,
)
from registry_service.domain.upload_rules import is_valid_version

T = TypeVar("T")

# Numbers break ties, and decide alone among packages of one type. Versions are sorted as GitLab does it: as text.
_SORTED_BY: Final[Mapping[Order, ColumnElement[Any]]] = {  # Any: a time or a text
    Order.CREATED_AT: release.c.created_at,
    Order.NAME: package.c.name,
    Order.VERSION: cast(release.c.version, Bytewise),
    Order.PROJECT_PATH: project.c.path,
}
_FILES_SORTED_BY: Final[Mapping[FileOrder, ColumnElement[Any]]] = {  # Any: as above, or a number
    FileOrder.ID: file.c.id,
    FileOrder.CREATED_AT: file.c.upload_time,
    FileOrder.FILE_NAME: file.c.filename,
}


async def list_releases(tx: Transaction, projects: Sequence[Project], wanted: Wanted) -> Listed[Entry]:
    """A page of the releases of several projects."""
    found = _wanted([owner.id for owner in projects], wanted)
    total = None if wanted.keyset else await _count(tx, found)
    query = _by_cursor(found, wanted) if wanted.keyset else _by_number(found, wanted.paging)
    column = _SORTED_BY.get(wanted.order)
    columns = (release.c.id,) if column is None else (column, release.c.id)
    entries = await _entries(tx, query.order_by(*_directed(columns, descending=wanted.descending)), projects)
    return _cut(entries, wanted.paging, total)


async def find_release(tx: Transaction, owner: Project, release_id: int) -> Entry | None:
    """Find a release by the number that GitLab's URLs call a package id."""
    query = _releases().where(package.c.project_id == owner.id, release.c.id == min(release_id, LARGEST_ID))
    return next(iter(await _entries(tx, query, (owner,))), None)


async def list_other_versions(tx: Transaction, shown: Entry) -> tuple[Entry, ...]:
    """The other releases of a release's package, as GitLab sorts versions: as text."""
    own = package.c.project_id == shown.project.id
    query = _releases().where(own, package.c.id == shown.release.package.id, release.c.id != shown.release.id)
    return await _entries(tx, query.order_by(_SORTED_BY[Order.VERSION], release.c.id), (shown.project,))


async def list_release_files(tx: Transaction, owner: Project, release_id: int, wanted: WantedFiles) -> Listed[File]:
    """A page of the files of one release."""
    own = file.c.project_id == owner.id
    found = select(*rows.FILE_COLUMNS).where(own, file.c.release_id == release_id, file.c.deleted_at.is_(None))
    columns = (_FILES_SORTED_BY[wanted.order], file.c.id)
    query = _by_number(found, wanted.paging).order_by(*_directed(columns, descending=wanted.descending))
    files = tuple(rows.file(row) for row in await tx.execute(query))
    return _cut(files, wanted.paging, await _count(tx, found))


def _wanted(project_ids: Sequence[int], wanted: Wanted) -> Select[Any]:  # Any: SQLAlchemy types a row by its columns
    query, part = _releases().where(package.c.project_id.in_(project_ids)), part_of_name(wanted.name)
    if part is None or wanted.type != PYPI:
        return query.where(false())
    if part:
        query = query.where(package.c.name.contains(part))
    if wanted.status is not None:
        pairs = [(whole.value, own.value) for whole, own in statuses_shown_as(wanted.status)]
        query = query.where(tuple_(project.c.status, package.c.status).in_(pairs))
    if wanted.version:
        # `1.0` and `1.0.0` are one release, so either finds it.
        named = release.c.canonical_version == canonicalize_version(wanted.version)
        query = query.where(named if is_valid_version(wanted.version) else false())
    return query


def _releases() -> Select[Any]:  # Any: as above
    """Releases that have a file."""
    live = exists().where(file.c.release_id == release.c.id, file.c.deleted_at.is_(None))
    columns = (release.c.id, release.c.version, release.c.created_at, package.c.project_id, *rows.PACKAGE_COLUMNS)
    joined = select(*columns).join(package, package.c.id == release.c.package_id)
    return joined.join(project, project.c.id == package.c.project_id).where(live)


async def _entries(tx: Transaction, query: Select[Any], projects: Sequence[Project]) -> tuple[Entry, ...]:  # Any: row
    owners = {owner.id: owner for owner in projects}
    return tuple(_entry(row, owners) for row in await tx.execute(query))


def _entry(row: Sequence[Any], owners: Mapping[int, Project]) -> Entry:  # Any: as above
    number, version, created_at, owner_id = row[:4]
    return Entry(owners[owner_id], Release(number, rows.package(row[4:]), version, created_at))


async def _count(tx: Transaction, found: Select[Any]) -> int | None:  # Any: as above
    some = found.with_only_columns(literal(1), maintain_column_froms=True).limit(MAX_COUNTED + 1).subquery()
    total: int = (await tx.execute(select(func.count()).select_from(some))).scalar_one()
    return total if total <= MAX_COUNTED else None


def _by_number(found: Select[Any], paging: Paging) -> Select[Any]:  # Any: as above
    """One more than a page holds says that another follows."""
    return found.offset((paging.page - 1) * paging.per_page).limit(paging.per_page + 1)


def _by_cursor(found: Select[Any], wanted: Wanted) -> Select[Any]:  # Any: as above
    page = found.limit(wanted.paging.per_page + 1)
    return page if wanted.after is None else page.where(_follows(wanted.after, wanted))


def _follows(after: Cursor, wanted: Wanted) -> ColumnElement[bool]:
    def beyond(column: ColumnElement[Any], value: object) -> ColumnElement[bool]:  # Any: as above
        return column < value if wanted.descending else column > value

    column = _SORTED_BY.get(wanted.order)
    if column is None:
        return beyond(release.c.id, after.id)
    value = _comparable(after, wanted.order)
    return or_(beyond(column, value), and_(column == value, beyond(release.c.id, after.id)))


def _comparable(after: Cursor, order: Order) -> datetime | str:
    return datetime.fromisoformat(after.value) if order is Order.CREATED_AT else after.value


def _directed(columns: Sequence[ColumnElement[Any]], *, descending: bool) -> list[ColumnElement[Any]]:  # Any: as above
    return [column.desc() if descending else column.asc() for column in columns]


def _cut(entries: tuple[T, ...], paging: Paging, total: int | None) -> Listed[T]:
    return Listed(entries[: paging.per_page], paging, len(entries) > paging.per_page, total)
