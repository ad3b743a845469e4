"""The records of a zip archive one by one, each refused where two readers of different make may differ on it.

The format is that of PKWARE's APPNOTE.TXT; the sections are named where a rule is taken from one.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Final

from registry_service.archives.limits import UnreadableError

LOCAL: Final = b"PK\x03\x04"
DIRECTORY: Final = b"PK\x01\x02"
END: Final = b"PK\x05\x06"
END64: Final = b"PK\x06\x06"
LOCATOR64: Final = b"PK\x06\x07"
SIGNATURE_BYTES: Final = 4
_CUT_OFF: Final = "it is damaged or was cut off: its zip directory is not all there"
AGAIN: Final = "zip it again with a current build tool"

_LOCAL: Final = struct.Struct("<3H4x3I2H")
_ENTRY: Final = struct.Struct("<2x3H4x3I3H4x2I")
_EXTRA: Final = struct.Struct("<2H")
_UNICODE_PATH: Final = struct.Struct("<BI")
_ENCRYPTED_FLAG: Final = 0x1
_DESCRIPTOR_FLAG: Final = 0x8
_UTF8_FLAG: Final = 0x800
_ZIP64_EXTRA: Final = 0x0001
_NEWEST_VERSION: Final = 63
_UNICODE_PATH_EXTRA: Final = 0x7075
_IN_EXTRA: Final = 0xFFFFFFFF
_STORED_AND_DEFLATED: Final = (0, 8)


@dataclass(frozen=True, slots=True)
class Header:
    """What the directory and a member's own header must both say of it. `size` and `packed` are in bytes."""

    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int

    @property
    def name(self) -> str:
        """The name for people and for comparisons; escaped where it is no UTF-8."""
        return self.raw_name.decode("utf-8", "backslashreplace")

    @property
    def has_plain_encoding(self) -> bool:
        """Whether every reader takes the name for the same characters (APPNOTE, appendix D)."""
        try:
            return self.raw_name.decode("utf-8").isascii() or bool(self.flags & _UTF8_FLAG)
        except UnicodeDecodeError:
            return False


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as the directory lists it: `offset` is where its own header begins, `mode` Unix's, if any."""

    header: Header
    offset: int
    mode: int


class Records:
    """A zip archive read from its beginning, record by record."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._size = file, file.seek(0, 2)
        file.seek(0)

    @property
    def position(self) -> int:
        """Where the next record begins, or goes on."""
        return self._file.tell()

    def take(self, count: int) -> bytes:
        """The next bytes. Raises UnreadableError where the file ends before."""
        content = self._file.read(count)
        if len(content) < count:
            raise UnreadableError(_CUT_OFF)
        return content

    def peek(self) -> bytes:
        """Whatever comes next, a byte of it; nothing at the end."""
        return self._file.read(1)

    def skip(self, count: int) -> None:
        """Go on behind so many bytes. Raises UnreadableError where the file ends before."""
        if count > self._size - self.position:
            raise UnreadableError(_CUT_OFF)
        self._file.seek(count, 1)

    def local(self) -> Header:
        """The header before a member's content (section 4.3.7)."""
        version, flags, method, crc, packed, size, name_length, extra_length = _LOCAL.unpack(self.take(_LOCAL.size))
        name, extra = self.take(name_length), extra_fields(self.take(extra_length))
        shown = Header(name, flags, method, crc, packed, size)
        require_known(shown, version)
        require_plain(shown)
        require_same_path(shown, extra)
        wide = zip64_values(shown, extra)
        size, packed = _in_order((size, packed), wide)
        # Some readers take the values in their places, others only those that the header leaves to them.
        if tuple(wide) != (size, packed)[: len(wide)]:
            raise UnreadableError(f"the Zip64 field of {shown.name!r} has other sizes than its header: {AGAIN}")
        return Header(name, flags, method, crc, packed, size)

    def entry(self) -> Entry:
        """A member's record in the directory (section 4.3.12)."""
        version, *fields = _ENTRY.unpack(self.take(_ENTRY.size))
        flags, method, crc, packed, size, name_length, extra_length, comment_length, attributes, offset = fields
        name, extra = self.take(name_length), extra_fields(self.take(extra_length))
        shown = Header(name, flags, method, crc, packed, size)
        require_known(shown, version)
        if comment_length:
            raise UnreadableError(f"the zip directory has a comment on {shown.name!r}: {AGAIN}")
        require_same_path(shown, extra)
        wide = zip64_values(shown, extra)
        if len(wide) != (size, packed, offset).count(_IN_EXTRA) and wide:
            raise UnreadableError(f"the Zip64 field of {shown.name!r} has other sizes than its header: {AGAIN}")
        size, packed, offset = _in_order((size, packed, offset), wide)
        return Entry(Header(name, flags, method, crc, packed, size), offset, attributes >> 16)


def extra_fields(content: bytes) -> list[tuple[int, bytes]]:
    """A header's extra fields in their order (section 4.5). Raises UnreadableError where one is cut short."""
    fields, position = [], 0
    while position < len(content):
        if len(content) - position < _EXTRA.size:
            raise UnreadableError(f"an extra field in it is cut short: {AGAIN}")
        kind, length = _EXTRA.unpack_from(content, position)
        position += _EXTRA.size
        value = content[position : position + length]
        if len(value) < length:
            raise UnreadableError(f"an extra field in it is cut short: {AGAIN}")
        fields.append((kind, value))
        position += length
    return fields


def only_field(header: Header, extra: Sequence[tuple[int, bytes]], kind: int) -> bytes | None:
    """The one field of a kind; readers differ on which of two counts. Raises UnreadableError."""
    found = [value for each, value in extra if each == kind]
    if len(found) > 1:
        raise UnreadableError(f"{header.name!r} has two extra fields of one kind: {AGAIN}")
    return found[0] if found else None


def zip64_values(header: Header, extra: Sequence[tuple[int, bytes]]) -> tuple[int, ...]:
    """The values of the field for large archives (section 4.5.3). Raises UnreadableError for half of one."""
    content = only_field(header, extra, _ZIP64_EXTRA) or b""
    if len(content) % 8:
        raise UnreadableError(f"the Zip64 field of {header.name!r} has a length that it cannot have: {AGAIN}")
    return struct.unpack(f"<{len(content) // 8}Q", content)


def require_same_path(header: Header, extra: Sequence[tuple[int, bytes]]) -> None:
    """Refuse a second name that is another one: Info-ZIP's Unicode path (section 4.6.9)."""
    content = only_field(header, extra, _UNICODE_PATH_EXTRA)
    if content is None:
        return
    known = content[: _UNICODE_PATH.size] == _UNICODE_PATH.pack(1, zlib.crc32(header.raw_name))
    if not known or content[_UNICODE_PATH.size :] != header.raw_name:
        raise UnreadableError(f"{header.name!r} has another name in its Unicode path field: {AGAIN}")


def require_known(header: Header, version: int) -> None:
    """Refuse a member that asks for a later version of the format than there is (section 4.4.3)."""
    if version > _NEWEST_VERSION:
        raise UnreadableError(f"{header.name!r} asks for version {version} of the zip format: {AGAIN}")


def require_plain(header: Header) -> None:
    """Refuse what only some installers can unpack, or what only the directory tells the size of."""
    if header.flags & _ENCRYPTED_FLAG:
        raise UnreadableError(f"it holds {header.name!r} encrypted: no installer has the password")
    if header.method not in _STORED_AND_DEFLATED:
        raise UnreadableError(
            f"it holds {header.name!r} compressed with another method than deflate, which not every installer reads"
        )
    if header.flags & _DESCRIPTOR_FLAG:
        raise UnreadableError(
            f"it was zipped into a pipe, so that the size of {header.name!r} stands behind it (a data descriptor): "
            "zip it into a file"
        )


def _in_order(values: tuple[int, ...], wide: Sequence[int]) -> tuple[int, ...]:
    """The values, each that is only marked in its header replaced by the next one of the Zip64 field."""
    rest = iter(wide)
    replaced = tuple(next(rest, -1) if value == _IN_EXTRA else value for value in values)
    if -1 in replaced:
        raise UnreadableError(f"a Zip64 field in it is missing a size: {AGAIN}")
    return replaced
