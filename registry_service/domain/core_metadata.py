"""Core metadata, read from the file itself: what a form says about it is compared, never trusted."""

import re
from dataclasses import dataclass
from typing import Final

from packaging.metadata import parse_email

# A database's text cannot hold NUL, HTML none of the others but line breaks, and a one-line field has no use for these.
_NONCHARACTERS: Final = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
_CONTROL: Final = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef{_NONCHARACTERS}]+")


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """The fields that the registry acts on, each on one line; absent ones are empty (core metadata specification)."""

    metadata_version: str
    name: str
    version: str
    summary: str = ""
    requires_python: str | None = None


def read_core_metadata(content: bytes) -> CoreMetadata:
    """Read METADATA or PKG-INFO as tolerantly as installers do: a field that cannot be read is absent."""
    raw, _ = parse_email(content)
    return CoreMetadata(
        metadata_version=raw.get("metadata_version", ""),
        name=raw.get("name", ""),
        version=raw.get("version", ""),
        summary=_one_line(raw.get("summary", "")),
        requires_python=_one_line(raw.get("requires_python", "")) or None,
    )


def _one_line(value: str) -> str:
    return _CONTROL.sub(" ", value).strip()
