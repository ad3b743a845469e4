"""The content of a zip archive's members, unpacked piece by piece and never beyond what their headers announce."""

import zlib
from collections.abc import Iterator
from typing import IO, Final

from registry_service.archives.limits import UnreadableError
from registry_service.archives.zip_framing import Member

_PIECE_BYTES: Final = 256 * 1024
_STORED: Final = 0


def content(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """A member's content in pieces. Raises UnreadableError when it is not of the announced size and checksum."""
    header, size, crc = member.header, 0, 0
    file.seek(member.data)
    for piece in _stored(file, header.packed) if header.method == _STORED else _inflated(file, member):
        size += len(piece)
        if size > header.size:
            break
        crc = zlib.crc32(piece, crc)
        yield piece
    if (size, crc) != (header.size, header.crc):
        raise UnreadableError(f"it is damaged: {member.name!r} is not of the size and checksum that are said of it")


def whole(file: IO[bytes], member: Member, limit: int) -> bytes:
    """The content of a member that must not be large. Raises UnreadableError when it is larger than `limit` bytes."""
    if member.header.size > limit:
        raise UnreadableError(f"its {member.name.rpartition('/')[2]} is larger than {limit} bytes")
    return b"".join(content(file, member))


def _stored(file: IO[bytes], left: int) -> Iterator[bytes]:
    while piece := file.read(min(left, _PIECE_BYTES)):
        left -= len(piece)
        yield piece


def _inflated(file: IO[bytes], member: Member) -> Iterator[bytes]:
    inflater, packed, left = zlib.decompressobj(-zlib.MAX_WBITS), b"", member.header.packed
    while not inflater.eof:
        packed = packed or file.read(min(left, _PIECE_BYTES))
        try:
            piece = inflater.decompress(packed, _PIECE_BYTES)
        except zlib.error as error:
            raise UnreadableError(f"it is damaged: {member.name!r} cannot be unpacked ({error})") from error
        if not (piece or packed or inflater.eof):
            raise UnreadableError(f"it is damaged: {member.name!r} ends too early")
        left -= len(packed) - len(inflater.unconsumed_tail)
        packed = inflater.unconsumed_tail
        yield piece
    if left or inflater.unused_data:
        raise UnreadableError(f"it is damaged: other bytes stand behind the content of {member.name!r}")
