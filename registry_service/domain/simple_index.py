"""The Simple index as values: what a page says, before it is HTML or JSON (PEP 503, 629, 691, 700)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from registry_service.domain.catalog import File

API_VERSION: Final = "1.4"


@dataclass(frozen=True, slots=True)
class PackagePage:
    """One package: its versions in PEP 440 order and its files, oldest version first, then by name."""

    project: str
    name: NormalizedName
    versions: tuple[str, ...]
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class RootPage:
    """All packages of a project, by normalized name in code point order."""

    project: str
    names: tuple[NormalizedName, ...]


def package_page(project: str, name: NormalizedName, files: Iterable[File]) -> PackagePage:
    """Arrange a package's files. PEP 700: every file's version is listed, each once."""
    ordered = tuple(sorted(files, key=lambda file: (Version(file.version), file.filename)))
    return PackagePage(project, name, _each_once(dict.fromkeys(file.version for file in ordered)), ordered)


def _each_once(ordered: dict[str, None]) -> tuple[str, ...]:
    """Of equal versions the first spelling: `1.0` and `1.0.0` are one release."""
    spelled = {Version(version): version for version in reversed(ordered)}
    return tuple(reversed(spelled.values()))
