"""The headers of a tar archive one by one, each refused where two readers of different make may differ on it.

The formats are POSIX.1-2017's ustar and pax, and GNU tar's; sdists come in all three (PEP 625 asks for pax).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from registry_service.archives.limits import UnreadableError

BLOCK_BYTES: Final = 512
AGAIN: Final = "build it again with a current tool"
FILES: Final = (b"0", b"\0")
HARD_LINK: Final = b"1"
SYMBOLIC_LINK: Final = b"2"
FOLDER: Final = b"5"
PAX: Final = b"x"
PAX_GLOBAL: Final = b"g"
GNU_NAME: Final = b"L"
GNU_TARGET: Final = b"K"
GNU_SPARSE: Final = b"S"

_CHECKSUM: Final = slice(148, 156)
# Owner, group, time of the last change, and a device's two numbers.
_OTHER_NUMBERS: Final = (slice(108, 116), slice(116, 124), slice(136, 148), slice(329, 337), slice(337, 345))
_OCTAL: Final = re.compile(rb" *([0-7]*)[ \0]*")
_WIDE: Final = 0x80
_RECORD: Final = re.compile(rb"([1-9][0-9]{0,9}) ([^=]+)=", re.DOTALL)
_MAGICS: Final = (b"ustar\x0000", b"ustar  \0", bytes(8))
_POSIX: Final = _MAGICS[0]
# What a pax header may say beside a member's name and its link's target; none of it changes what is unpacked.
_HARMLESS: Final = frozenset(
    (b"mtime", b"atime", b"ctime", b"uid", b"gid", b"uname", b"gname", b"comment", b"charset", b"realtime")
)
_HARMLESS_PREFIXES: Final = (b"SCHILY.", b"LIBARCHIVE.", b"RHT.security.", b"MSWINDOWS.")
_SPARSE_PREFIXES: Final = (b"GNU.sparse.", b"SCHILY.realsize")


@dataclass(frozen=True, slots=True)
class Block:
    """One header: `size` is how many bytes follow it, `mode` Unix's, both links' `target` as it is written."""

    name: bytes
    kind: bytes
    size: int
    mode: int
    target: bytes


def read_block(block: bytes) -> Block:
    """Read a header of 512 bytes. Raises UnreadableError for one that is damaged or of no known format."""
    checked = sum(block) - sum(block[_CHECKSUM]) + len(block[_CHECKSUM]) * ord(" ")
    if _number(block[_CHECKSUM]) != checked:
        raise UnreadableError("it is damaged or was cut off: a header of its tar archive has another checksum")
    magic, prefix, rest = block[257:265], _text(block[345:500]), block[345:]
    # GNU's format has the map of a sparse file there, which libarchive reads whatever the header's kind is.
    stray = rest[len(prefix) if magic == _POSIX else 0 :].strip(b"\0")
    if magic not in _MAGICS or stray:
        raise UnreadableError(f"a header of its tar archive is of no format that all tools know: {AGAIN}")
    for field in _OTHER_NUMBERS:  # of no use here, but there are readers that stop at one that they cannot read
        _number(block[field])
    name = _text(block[:100])
    return Block(
        name=prefix + b"/" + name if prefix else name,
        kind=block[156:157],
        size=_number(block[124:136]),
        mode=_number(block[100:108]),
        target=_text(block[157:257]),
    )


def pax_fields(content: bytes) -> Mapping[bytes, bytes]:
    """The records of an extended header. Raises UnreadableError where one is malformed or there twice.

    Readers differ on what they do then: one skips the record, one the header, one the archive.
    """
    fields: dict[bytes, bytes] = {}
    position = 0
    while position < len(content):
        found = _RECORD.match(content, position)
        end = position + int(found[1]) if found else 0
        if found is None or end <= found.end() or content[end - 1 : end] != b"\n":
            raise UnreadableError(f"a pax header of it is malformed: {AGAIN}")
        if found[2] in fields:
            raise UnreadableError(f"a pax header of it says {_shown(found[2])} twice: {AGAIN}")
        fields[found[2]] = content[found.end() : end - 1]
        position = end
    return fields


def require_harmless(fields: Mapping[bytes, bytes], *, everywhere: bool) -> None:
    """Refuse what a pax header may override without every tool knowing of it; `everywhere` is a global header's reach.

    The size is among them: a reader that goes by the plain header's finds other members behind it
    (CVE-2025-62518). Raises UnreadableError.
    """
    for key in fields:
        if key.startswith(_SPARSE_PREFIXES):
            raise UnreadableError("it holds a sparse file, which not every installer reads: store it in full")
        if key in (b"path", b"linkpath") and not everywhere:
            continue
        if key not in _HARMLESS and not key.startswith(_HARMLESS_PREFIXES):
            raise UnreadableError(f"a pax header of it sets {_shown(key)}, which not every tool heeds: {AGAIN}")


@lru_cache(maxsize=1024)  # most headers of an archive have the same owner, mode and time
def _number(field: bytes) -> int:
    """A number in octal, or in GNU's base 256 for large ones. Raises UnreadableError."""
    if field[0] == _WIDE:
        return int.from_bytes(field[1:], "big")
    found = _OCTAL.fullmatch(field)
    if found is None:
        raise UnreadableError(f"a header of its tar archive has a number that cannot be read: {AGAIN}")
    return int(found[1] or b"0", 8)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _shown(key: bytes) -> str:
    return repr(key[:80].decode("utf-8", "backslashreplace"))
