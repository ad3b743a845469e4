"""File names of distributions (PEP 427, PEP 625 and the older spellings that internal builds still produce)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from packaging.utils import (
    InvalidName,
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

WHEEL_SUFFIX: Final = ".whl"
SDIST_SUFFIX: Final = ".tar.gz"
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

    @property
    def standard_filename(self) -> str:
        """The one name that PEP 625 (sdist) or the binary distribution format (wheel) gives to this file."""
        stem = f"{self.name.replace('-', '_')}-{self.version}"
        if self.kind is Kind.SDIST:
            return stem + SDIST_SUFFIX
        return "-".join((stem, *self.filename.split("-")[2:]))


def parse_filename(filename: str, *, name: str | None = None) -> Distribution:
    """Read a distribution's file name.

    `name` is whose file it is said to be. It decides how an old sdist's name is read, as installers do it: the file
    `a-1.0-1.tar.gz` is post-release 1 of `a` 1.0, or version 1 of a package `a-1.0`. Where it does not fit, the
    last hyphen decides.

    Raises InvalidFilenameError for anything but a wheel (PEP 427) or a `.tar.gz` sdist (PEP 625).
    """
    if not filename:
        raise InvalidFilenameError("The form gives the file no name: its part needs a filename of the distribution's")
    if len(filename.encode()) > MAX_FILENAME_BYTES:
        raise InvalidFilenameError(f"The file name is longer than {MAX_FILENAME_BYTES} bytes: {filename[:80]!r}...")
    if not has_filename_characters(filename):
        raise InvalidFilenameError(f"The file name holds characters that no distribution's name has: {filename!r}")
    try:
        if filename.endswith(WHEEL_SUFFIX):
            return _wheel(filename)
        if filename.endswith(SDIST_SUFFIX):
            return _sdist(filename, name)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise InvalidFilenameError(
            f"The file name is not that of a distribution, {_form_of(filename)}: {filename!r}"
        ) from error
    raise InvalidFilenameError(f"Only wheels (.whl) and source distributions (.tar.gz) are accepted: {filename!r}")


def has_filename_characters(filename: str) -> bool:
    """Whether a text holds only what names, versions and tags of a distribution may hold."""
    return _CHARACTERS.fullmatch(filename) is not None


def version_after(stem: str, name: NormalizedName) -> Version | None:
    """The version in `{name}-{version}`, with the name in any spelling; None when it is not of that form."""
    for cut, character in enumerate(stem):
        if character == "-" and _is_spelling(stem[:cut], name):
            try:
                return Version(stem[cut + 1 :])
            except InvalidVersion:
                continue
    return None


def _is_spelling(text: str, name: NormalizedName) -> bool:
    try:
        return canonicalize_name(text, validate=True) == name
    except InvalidName:
        return False


def _form_of(filename: str) -> str:
    if filename.endswith(SDIST_SUFFIX):
        return "{name}-{version}.tar.gz"
    return "{name}-{version}[-{build number}]-{python tag}-{abi tag}-{platform tag}.whl"


def _sdist(filename: str, name: str | None) -> Distribution:
    wanted = None if name is None else canonicalize_name(name)
    version = None if wanted is None else version_after(filename.removesuffix(SDIST_SUFFIX), wanted)
    if wanted is None or version is None:
        wanted, version = parse_sdist_filename(filename)
    return Distribution(filename, Kind.SDIST, wanted, version)


def _wheel(filename: str) -> Distribution:
    name, version, build, tags = parse_wheel_filename(filename)
    spelled = "".join(str(part) for part in build)
    return Distribution(filename, Kind.WHEEL, name, version, spelled, tuple(sorted(str(tag) for tag in tags)))
