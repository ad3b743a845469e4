"""The Simple index as values: what a page says, before it is HTML or JSON (PEP 503, 629, 691, 700, 792)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from registry_service.domain.catalog import File
from registry_service.domain.status import ACTIVE, StatusMarker

API_VERSION: Final = "1.4"


@dataclass(frozen=True, slots=True)
class PackagePage:
    """One package: its versions in PEP 440 order and its files, oldest version first, then by name.

    `base` is the path below which the index and its files lie.
    """

    base: str
    name: NormalizedName
    versions: tuple[str, ...]
    files: tuple[File, ...]
    marker: StatusMarker = ACTIVE


@dataclass(frozen=True, slots=True)
class RootPage:
    """All packages of an index, by normalized name in code point order."""

    base: str
    names: tuple[NormalizedName, ...]


def package_page(base: str, name: NormalizedName, files: Iterable[File], marker: StatusMarker = ACTIVE) -> PackagePage:
    """Arrange a package's files. PEP 700: every file's version is listed, each once.

    PEP 792: what is quarantined offers no files, and still says which versions there are.
    """
    ordered = tuple(sorted(files, key=lambda file: (Version(file.version), file.filename)))
    versions = _each_once(dict.fromkeys(file.version for file in ordered))
    return PackagePage(base, name, versions, ordered if marker.offers_files else (), marker)


def _each_once(ordered: dict[str, None]) -> tuple[str, ...]:
    """Of equal versions the first spelling: `1.0` and `1.0.0` are one release."""
    spelled = {Version(version): version for version in reversed(ordered)}
    return tuple(reversed(spelled.values()))
