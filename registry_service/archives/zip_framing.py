"""Whether a zip archive says the same from both ends, and whose members it holds.

A zip lists its members twice: in the directory at its end, which most tools read, and before each member, which tools
that unpack while they download go by. Where the two differ, or other bytes lie between members, two installers of one
wheel install different files. So an archive is read record by record from its first byte to its last, and every
number in it must be the one that was counted.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

from registry_service.archives.limits import UnreadableError, require_members
from registry_service.archives.zip_headers import (
    AGAIN,
    DIRECTORY,
    END,
    END64,
    LOCAL,
    LOCATOR64,
    SIGNATURE_BYTES,
    Entry,
    Header,
    Records,
)

_END: Final = struct.Struct("<4H2IH")
_END64: Final = struct.Struct("<Q4x2I4Q")
_LOCATOR64: Final = struct.Struct("<IQI")
_END64_REST: Final = 44
_SMALL: Final = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
_MAX_TAIL_BYTES: Final = 22 + 0xFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """A member on which both ends agree: `data` is where its content begins, `mode` Unix's mode, 0 without one."""

    header: Header
    data: int
    mode: int

    @property
    def name(self) -> str:
        """Its name, escaped where it is no UTF-8."""
        return self.header.name

    @property
    def is_folder(self) -> bool:
        """Whether installers make a folder of it."""
        return self.header.raw_name.endswith(b"/")


@dataclass(frozen=True, slots=True)
class _Own:
    """A member's own header, and where its content begins."""

    header: Header
    data: int


def read_members(file: IO[bytes]) -> tuple[Member, ...]:
    """Every member in the directory's order. Raises UnreadableError where readers may differ on the archive."""
    records = Records(file)
    own, signature = _own_headers(records)
    if not own and signature not in (DIRECTORY, END):
        raise UnreadableError(_why_not_a_zip(file))
    start = records.position - SIGNATURE_BYTES
    entries, signature = _directory(records, signature)
    _require_end(records, signature, _Counted(len(entries), records.position - SIGNATURE_BYTES - start, start))
    return _matched(own, entries)


def _own_headers(records: Records) -> tuple[dict[int, _Own], bytes]:
    """The members by where they begin, and the signature of the record behind them."""
    own: dict[int, _Own] = {}
    while (signature := records.take(SIGNATURE_BYTES)) == LOCAL:
        offset = records.position - SIGNATURE_BYTES
        header = records.local()
        own[offset] = _Own(header, records.position)
        require_members(len(own))
        records.skip(header.packed)
    return own, signature


def _directory(records: Records, signature: bytes) -> tuple[list[Entry], bytes]:
    entries: list[Entry] = []
    while signature == DIRECTORY:
        entries.append(records.entry())
        require_members(len(entries))
        signature = records.take(SIGNATURE_BYTES)
    return entries, signature


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the end record must say of the directory."""

    count: int
    size: int
    start: int

    @property
    def fields(self) -> tuple[int, int, int, int]:
        return self.count, self.count, self.size, self.start


def _require_end(records: Records, signature: bytes, counted: _Counted) -> None:
    """Read the end records to the end of the file, and refuse numbers that are not those counted."""
    large = signature == END64
    if large:
        _require_end64(records, counted)
        signature = records.take(SIGNATURE_BYTES)
    if signature != END:
        raise UnreadableError(f"other bytes than members stand between its members or before its directory: {AGAIN}")
    disk, directory_disk, *fields, comment_length = _END.unpack(records.take(_END.size))
    if disk or directory_disk or not _agree(fields, counted.fields, large=large):
        raise UnreadableError(f"the end of its zip directory counts other members than it holds: {AGAIN}")
    _require_nothing_behind(records, comment_length)


def _require_end64(records: Records, counted: _Counted) -> None:
    """The end record of large archives (4.3.14), without room for extensions, and its locator (4.3.15)."""
    offset = records.position - SIGNATURE_BYTES
    rest, disk, directory_disk, *fields = _END64.unpack(records.take(_END64.size))
    if rest != _END64_REST:
        raise UnreadableError(f"the Zip64 end of its directory has data of some tool's own: {AGAIN}")
    if disk or directory_disk or tuple(fields) != counted.fields:
        raise UnreadableError(f"the Zip64 end of its directory counts other members than it holds: {AGAIN}")
    if records.take(SIGNATURE_BYTES) != LOCATOR64:
        raise UnreadableError(f"the Zip64 end of its directory has no locator behind it: {AGAIN}")
    if _LOCATOR64.unpack(records.take(_LOCATOR64.size)) != (0, offset, 1):
        raise UnreadableError(f"its Zip64 locator points elsewhere than to the end of its directory: {AGAIN}")


def _agree(fields: Sequence[int], counted: Sequence[int], *, large: bool) -> bool:
    """Whether each field has the number counted, or is left to the record of large archives where there is one."""
    triples = zip(fields, counted, _SMALL, strict=True)
    return all(field == number or (large and field == marker) for field, number, marker in triples)


def _require_nothing_behind(records: Records, comment_length: int) -> None:
    comment = records.take(comment_length)
    # Who looks for the end record from the end would find another one.
    if b"PK" in comment:
        raise UnreadableError(f"its zip comment holds a zip record: {AGAIN}")
    if records.peek():
        raise UnreadableError("it goes on after the archive's end: nothing may stand behind it")


def _matched(own: Mapping[int, _Own], entries: Sequence[Entry]) -> tuple[Member, ...]:
    unlisted = dict(own)
    members = []
    for entry in entries:
        found = unlisted.pop(entry.offset, None)
        if found is None or found.header != entry.header:
            raise UnreadableError(f"it holds {entry.header.name!r} otherwise than its zip directory says: {AGAIN}")
        members.append(Member(entry.header, found.data, entry.mode))
    for left in unlisted.values():
        raise UnreadableError(f"its zip directory does not list {left.header.name!r}, which it holds: {AGAIN}")
    return tuple(members)


def _why_not_a_zip(file: IO[bytes]) -> str:
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _MAX_TAIL_BYTES))
    if END in file.read():
        return "it begins with other bytes than the archive's: nothing may stand before it"
    return "it is not a zip archive"
