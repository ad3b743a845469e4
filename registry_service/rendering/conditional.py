"""Conditional and partial answers (RFC 9110, sections 13 and 14): one byte range, strong validators."""

import re
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Half-open: the bytes from `start` up to, not including, `stop`."""

    start: int
    stop: int


class UnsatisfiableRangeError(ValueError):
    """The range lies outside of the file: 416."""


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether a GET may be answered with 304: weak comparison, lists and `*` (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def select_range(header: str | None, if_range: str | None, *, etag: str, size: int) -> ByteRange | None:
    """The range to send, or None for the whole.

    Anything but one range in bytes is ignored, as the standard allows, and so is a range whose If-Range names
    another state of the file. Raises UnsatisfiableRangeError.
    """
    match = None if header is None else _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", "") or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= size:
        raise UnsatisfiableRangeError(header)
    return ByteRange(start, stop)
