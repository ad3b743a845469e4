"""Core metadata, read from the file itself: what a form says about it is compared, never trusted."""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from packaging.metadata import parse_email

# A database's text cannot hold NUL, and no reader of a one-line field expects the others.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
# What `email.parser`, and so every installer, takes for a line of a header: a field's first, or one that goes on.
_HEADER_LINE: Final = re.compile(rb"(?:From |([!-9;-~]*):|[ \t])[^\r\n]*(?:\r\n|\r|\n|\Z)")
_FIELDS: Final = frozenset((b"metadata-version", b"name", b"version", b"summary", b"requires-python"))
MAX_FIELDS_BYTES: Final = 64 * 1024


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
    # An editor's byte order mark would hide the first field.
    raw, _ = parse_email(_wanted_lines(content.removeprefix(codecs.BOM_UTF8)))
    return CoreMetadata(
        metadata_version=raw.get("metadata_version", ""),
        name=raw.get("name", ""),
        version=raw.get("version", ""),
        summary=_one_line(raw.get("summary", "")),
        requires_python=_one_line(raw.get("requires_python", "")) or None,
    )


def _wanted_lines(content: bytes) -> bytes:
    """The lines of the fields that are read; the rest may be megabytes, or a million fields that cost as many scans."""
    lines, position, wanted = bytearray(), 0, False
    while len(lines) < MAX_FIELDS_BYTES and (line := _HEADER_LINE.match(content, position)):
        if line[0][:1] not in b" \t":
            wanted = (line[1] or b"").lower() in _FIELDS
        if wanted:
            lines += line[0][:MAX_FIELDS_BYTES]
        position = line.end()
    return bytes(lines)


def _one_line(value: str) -> str:
    return _CONTROL.sub(" ", value).strip()
