"""File names of distributions (PEP 427, PEP 625 and the older spellings that internal builds still produce)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

MAX_FILENAME_BYTES: Final = 255 - len(".metadata")
# Nothing that a path, a header or a page could trip over.
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*", re.ASCII)


class Kind(StrEnum):
    """The two kinds of file that are accepted, by the names that the upload form uses."""

    SDIST = "sdist"
    WHEEL = "bdist_wheel"


class InvalidFilenameError(ValueError):
    """A file name that no installer would understand; the message ends with the name."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a file name says. `tags` are sorted; `build` is empty for sdists and for wheels without a build tag."""

    filename: str
    kind: Kind
    name: NormalizedName
    version: Version
    build: str = ""
    tags: tuple[str, ...] = ()

    @property
    def canonical_version(self) -> str:
        """Equal for versions that PEP 440 calls equal: `1.0` and `1.0.0` are one release."""
        return canonicalize_version(self.version)

    @property
    def variant(self) -> str:
        """What tells two files of one release apart: kind, build tag and sorted compatibility tags."""
        return "|".join((self.kind, self.build, *self.tags))


def parse_filename(filename: str) -> Distribution:
    """Read a distribution's file name.

    Raises InvalidFilenameError for anything but a wheel (PEP 427) or a `.tar.gz` sdist (PEP 625).
    """
    if len(filename.encode()) > MAX_FILENAME_BYTES:
        raise InvalidFilenameError(f"The file name is longer than {MAX_FILENAME_BYTES} bytes: {filename[:80]!r}...")
    if not has_filename_characters(filename):
        raise InvalidFilenameError(f"The file name holds characters that no distribution's name has: {filename!r}")
    try:
        if filename.endswith(".whl"):
            return _wheel(filename)
        if filename.endswith(".tar.gz"):
            name, version = parse_sdist_filename(filename)
            return Distribution(filename, Kind.SDIST, name, version)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise InvalidFilenameError(f"The file name is not that of a distribution: {filename!r}") from error
    raise InvalidFilenameError(f"Only wheels (.whl) and source distributions (.tar.gz) are accepted: {filename!r}")


def has_filename_characters(filename: str) -> bool:
    """Whether a text holds only what names, versions and tags of a distribution may hold."""
    return _CHARACTERS.fullmatch(filename) is not None


def _wheel(filename: str) -> Distribution:
    name, version, build, tags = parse_wheel_filename(filename)
    spelled = "".join(str(part) for part in build)
    return Distribution(filename, Kind.WHEEL, name, version, spelled, tuple(sorted(str(tag) for tag in tags)))
