"""Lists as GitLab's packages API asks for them: filters, order, pages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry_service.domain.catalog import Release

PYPI: Final = "pypi"
DEFAULT_PER_PAGE: Final = 20
MAX_PER_PAGE: Final = 100


class Order(StrEnum):
    """What a list of packages is sorted by."""

    CREATED_AT = "created_at"
    NAME = "name"
    VERSION = "version"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for a list. `name` is any part of a package's name; `page` counts from 1."""

    name: str = ""
    version: str = ""
    type: str = PYPI
    order: Order = Order.CREATED_AT
    descending: bool = False
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list, and how long the whole is."""

    releases: tuple[Release, ...]
    total: int
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages there are; a list of nothing has one."""
        return max(1, -(-self.total // self.per_page))


# Everything here is of one type, so that order leaves the age to decide.
_KEYS: Final[dict[Order, Callable[[Release], tuple[object, ...]]]] = {
    Order.CREATED_AT: lambda release: (release.created_at, release.id),
    Order.NAME: lambda release: (release.package.name, release.id),
    Order.VERSION: lambda release: (release.version, release.id),
    Order.TYPE: lambda release: (release.created_at, release.id),
}


def select(releases: Iterable[Release], wanted: Wanted) -> Listed:
    """Filter, sort and cut a project's releases."""
    found = [release for release in releases if _is_wanted(release, wanted)]
    found.sort(key=_KEYS[wanted.order], reverse=wanted.descending)
    start = (wanted.page - 1) * wanted.per_page
    return Listed(tuple(found[start : start + wanted.per_page]), len(found), wanted.page, wanted.per_page)


def _is_wanted(release: Release, wanted: Wanted) -> bool:
    if wanted.type != PYPI or wanted.version not in ("", release.version):
        return False
    return wanted.name.lower() in release.package.name
