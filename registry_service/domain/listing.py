"""Lists as GitLab's packages API asks for them: filters, order, and pages by number or by cursor.

What stands here is a request and its answer; the database filters, sorts and cuts.
"""

import base64
import binascii
import itertools
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, TypeVar

from registry_service.domain.catalog import LARGEST_ID, Project, Release
from registry_service.domain.status import Status, StatusMarker, strictest

T = TypeVar("T")

PYPI: Final = "pypi"
# The package types that GitLab knows; all but one have no packages here.
PACKAGE_TYPES: Final = frozenset(
    f"maven npm conan nuget {PYPI} composer generic golang debian rubygems helm terraform_module rpm ml_model".split()
)
DEFAULT_PER_PAGE: Final = 20
MAX_PER_PAGE: Final = 100
# Beyond it a page holds nothing, and numbers stay small.
LAST_PAGE: Final = 1_000_000
# Of a longer list GitLab says neither how long it is nor which page is its last.
MAX_COUNTED: Final = 10_000
_MAX_CURSOR_CHARACTERS: Final = 2048
_PART_OF_NAME: Final = re.compile(r"[a-z0-9-]{0,255}", re.ASCII)


class InvalidCursorError(ValueError):
    """A cursor that no page of the list ended with."""


class Order(StrEnum):
    """What a list of packages is sorted by; GitLab offers the path for groups alone."""

    CREATED_AT = "created_at"
    NAME = "name"
    VERSION = "version"
    TYPE = "type"
    PROJECT_PATH = "project_path"


class FileOrder(StrEnum):
    """What a list of package files is sorted by."""

    ID = "id"
    CREATED_AT = "created_at"
    FILE_NAME = "file_name"


class PackageStatus(StrEnum):
    """GitLab's statuses of a package. ERROR is GitLab's for one that is shown and cannot be installed."""

    DEFAULT = "default"
    HIDDEN = "hidden"
    PROCESSING = "processing"
    ERROR = "error"
    PENDING_DESTRUCTION = "pending_destruction"
    DEPRECATED = "deprecated"


# GitLab knows no archived package; one here can be installed like any other.
_SHOWN_AS: Final = {
    Status.ACTIVE: PackageStatus.DEFAULT,
    Status.DEPRECATED: PackageStatus.DEPRECATED,
    Status.ARCHIVED: PackageStatus.DEFAULT,
    Status.QUARANTINED: PackageStatus.ERROR,
}


@dataclass(frozen=True, slots=True)
class Paging:
    """A page by its number, counted from 1, and how much a page holds."""

    page: int = 1
    per_page: int = DEFAULT_PER_PAGE


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: what its last package is sorted by, and its number, which breaks ties."""

    value: str
    id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for a list of packages.

    `name` is any part of a package's name, in any spelling. With `keyset` pages follow each other by cursor
    instead of by number: `after` is where the page before ended.
    """

    name: str = ""
    version: str = ""
    type: str = PYPI
    status: PackageStatus | None = None
    order: Order = Order.CREATED_AT
    descending: bool = False
    paging: Paging = field(default_factory=Paging)
    keyset: bool = False
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class WantedFiles:
    """A request for a list of a package's files."""

    order: FileOrder = FileOrder.ID
    descending: bool = False
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True)
class Entry:
    """A release in a list, and the project that holds it."""

    project: Project
    release: Release

    @property
    def status(self) -> PackageStatus:
        """The status that counts for it, in GitLab's words."""
        return _SHOWN_AS[strictest(self.project.marker, self.release.package.marker).status]


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """One page of a list, and whether more follows. `total` is None when nobody counted, or it is too long to."""

    entries: tuple[T, ...]
    paging: Paging
    has_more: bool
    total: int | None = None

    @property
    def pages(self) -> int | None:
        """How many pages there are; a list of nothing has one."""
        return None if self.total is None else max(1, -(-self.total // self.paging.per_page))


def statuses_shown_as(shown: PackageStatus) -> tuple[tuple[Status, Status], ...]:
    """Every pair of a project's and a package's own status that makes GitLab's."""
    pairs = itertools.product(Status, repeat=2)
    return tuple(
        (whole, own)
        for whole, own in pairs
        if _SHOWN_AS[strictest(StatusMarker(whole), StatusMarker(own)).status] is shown
    )


def part_of_name(spelled: str) -> str | None:
    """What a normalized name must hold to be found; None when none can."""
    part = re.sub(r"[-_.]+", "-", spelled).lower()
    return part if _PART_OF_NAME.fullmatch(part) else None


def cursor_after(entry: Entry, order: Order) -> Cursor:
    """Where a page ends whose last package is `entry`."""
    match order:
        case Order.CREATED_AT:
            value = entry.release.created_at.isoformat()
        case Order.NAME:
            value = entry.release.package.name
        case Order.VERSION:
            value = entry.release.version
        case Order.PROJECT_PATH:
            value = entry.project.path
        case _:  # all packages here are of one type
            value = PYPI
    return Cursor(value, entry.release.id)


def write_cursor(cursor: Cursor, order: Order) -> str:
    """A cursor as a client hands it back; nothing in it is secret, and nothing it says is trusted."""
    content = json.dumps({order.value: cursor.value, "id": cursor.id}, separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_cursor(text: str, order: Order) -> Cursor:
    """Read a cursor that was written for the same order. Raises InvalidCursorError for anything else."""
    try:
        return _parsed(text, order)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InvalidCursorError(f"not a cursor of a list by {order.value}") from error


def _parsed(text: str, order: Order) -> Cursor:
    if len(text) > _MAX_CURSOR_CHARACTERS or not text.isascii():
        raise ValueError(text[:80])
    content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    match content:
        case {order.value: str(value), "id": int(number)} if len(content) == 2:  # noqa: PLR2004 - these two
            return Cursor(_sortable(value, order), _numbered(number))
    raise ValueError(text[:80])


def _sortable(value: str, order: Order) -> str:
    # What a database could not take as text no list is sorted by.
    if not value.isprintable() or (order is Order.CREATED_AT and datetime.fromisoformat(value).tzinfo is None):
        raise ValueError(value[:80])
    return value


def _numbered(number: int) -> int:
    if isinstance(number, bool) or not 1 <= number <= LARGEST_ID:
        raise ValueError(number)
    return number
