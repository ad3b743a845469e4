"""The parameters of GitLab's lists, read one by one; those that GitLab does not know are ignored, as it does."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from registry_service.domain.listing import (
    DEFAULT_PER_PAGE,
    LAST_PAGE,
    MAX_PER_PAGE,
    PACKAGE_TYPES,
    PYPI,
    FileOrder,
    Order,
    PackageStatus,
    Paging,
    Wanted,
    WantedFiles,
    read_cursor,
)
from registry_service.errors import RefusedError

OFFSET: Final = "offset"
KEYSET: Final = "keyset"
SORTS: Final = {"asc": False, "desc": True}
GROUP_ORDERS: Final = tuple(Order)
# All of a project's packages have one path.
PROJECT_ORDERS: Final = tuple(order for order in Order if order is not Order.PROJECT_PATH)

S = TypeVar("S", bound=str)
T = TypeVar("T")


def read_wanted(query: Mapping[str, str], orders: Iterable[Order]) -> Wanted:
    """What a list of packages shall hold. Raises RefusedError with every parameter that makes no sense."""
    reading = _Reading(query)
    order = reading.value("order_by", _among(orders), Order.CREATED_AT)
    keyset = reading.value("pagination", _among((OFFSET, KEYSET)), OFFSET) == KEYSET
    wanted = Wanted(
        name=query.get("package_name", ""),
        version=query.get("package_version", ""),
        type=reading.value("package_type", _among(PACKAGE_TYPES), PYPI),
        status=reading.value("status", _among(PackageStatus), None),
        order=order,
        descending=reading.value("sort", SORTS.__getitem__, default=False),
        paging=_paging(reading),
        keyset=keyset,
        after=reading.value("cursor", lambda text: read_cursor(text, order), None) if keyset else None,
    )
    reading.finish()
    return wanted


def read_wanted_files(query: Mapping[str, str]) -> WantedFiles:
    """What a list of files shall hold. Raises RefusedError, as above."""
    reading = _Reading(query)
    wanted = WantedFiles(
        order=reading.value("order_by", _among(FileOrder), FileOrder.ID),
        descending=reading.value("sort", SORTS.__getitem__, default=False),
        paging=_paging(reading),
    )
    reading.finish()
    return wanted


@dataclass(frozen=True, slots=True)
class _Reading:
    """A query being read; what is wrong with it is gathered, so that a client learns of all at once."""

    query: Mapping[str, str]
    wrong: list[str] = field(default_factory=list)

    def value(self, name: str, read: Callable[[str], T], default: T) -> T:
        given = self.query.get(name)
        if given is None:
            return default
        try:
            return read(given)
        except (KeyError, ValueError):
            self.wrong.append(f"{name} does not have a valid value")
            return default

    def finish(self) -> None:
        if self.wrong:
            raise RefusedError(*self.wrong)


def _paging(reading: _Reading) -> Paging:
    per_page = reading.value("per_page", _number, DEFAULT_PER_PAGE)
    return Paging(reading.value("page", _number, 1), min(per_page, MAX_PER_PAGE))


def _among(values: Iterable[S]) -> Callable[[str], S]:
    return {str(value): value for value in values}.__getitem__


def _number(text: str) -> int:
    number = int(text)
    if not 1 <= number <= LAST_PAGE:
        raise ValueError(text[:80])
    return number
