"""Whether a zip archive says the same from both ends.

A zip lists its members twice: in the directory at its end, which most tools read, and before each member, which tools
that unpack while they download go by. Where the two differ, or other bytes lie between members, two installers of one
wheel install different files.
"""

import struct
import zipfile
from pathlib import Path
from typing import IO, Final

_HEADER: Final = struct.Struct("<4s5H3I2H")
_SIGNATURE: Final = b"PK\x03\x04"
_UTF8_FLAG: Final = 0x800
_DESCRIPTOR_FLAG: Final = 0x8
# With and without a signature, with sizes of four and of eight bytes.
_DESCRIPTOR_BYTES: Final = frozenset((12, 16, 20, 24))
_IN_EXTRA_FIELD: Final = 0xFFFFFFFF


def first_misframed(path: Path, members: list[zipfile.ZipInfo], directory: int) -> str | None:
    """The first member whose own header differs from the directory's, or that is not followed by the next at once.

    `directory` is where the directory begins.
    """
    ordered = sorted(members, key=lambda member: member.header_offset)
    ends = [member.header_offset for member in ordered[1:]] + [directory]
    with path.open("rb") as file:
        for member, end in zip(ordered, ends, strict=True):
            if not _is_framed(file, member, end):
                return member.orig_filename
    return None


def _is_framed(file: IO[bytes], member: zipfile.ZipInfo, end: int) -> bool:
    file.seek(member.header_offset)
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        return False
    signature, _, flags, method, _, _, _, packed, _, name_length, extra_length = _HEADER.unpack(head)
    name = member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8_FLAG else "cp437")
    if signature != _SIGNATURE or method != member.compress_type or file.read(name_length) != name:
        return False
    behind = end - (member.header_offset + _HEADER.size + name_length + extra_length + member.compress_size)
    if flags & _DESCRIPTOR_FLAG:
        return behind in _DESCRIPTOR_BYTES
    return behind == 0 and packed in (member.compress_size, _IN_EXTRA_FIELD)
