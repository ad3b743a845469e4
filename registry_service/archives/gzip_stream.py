"""What a gzip file holds, unpacked piece by piece up to a limit, and nothing else: one stream, nothing behind it."""

import zlib
from typing import IO, Final

from registry_service.archives.limits import UnreadableError, require_unpacked

_GZIP: Final = b"\x1f\x8b"
_WITH_GZIP_HEADER: Final = zlib.MAX_WBITS + 16
_PIECE_BYTES: Final = 256 * 1024


class GzipStream:
    """One gzip stream, read forward. Whatever is wrong with it is raised as UnreadableError.

    Readers differ on a second stream behind the first: some go on, some stop.
    """

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file, self._limit, self._total = file, limit, 0
        self._inflater, self._packed, self._ready = zlib.decompressobj(_WITH_GZIP_HEADER), b"", b""
        if file.read(len(_GZIP)) != _GZIP:
            raise UnreadableError("it is not compressed with gzip")
        file.seek(0)

    def read(self, count: int) -> bytes:
        """The next bytes, fewer only at the end of the stream."""
        require_unpacked(self._total + count, self._limit)
        pieces, missing = [], count
        while missing and (self._ready or self._unpack()):
            pieces.append(self._ready[:missing])
            self._ready = self._ready[missing:]
            missing -= len(pieces[-1])
        self._total += count - missing
        return b"".join(pieces)

    def skip(self, count: int) -> None:
        """Go on behind so many bytes, which must be there."""
        # Known before a byte of it is unpacked.
        require_unpacked(self._total + count, self._limit)
        while count:
            skipped = len(self.read(min(count, _PIECE_BYTES)))
            if not skipped:
                raise UnreadableError("it is damaged or was cut off: its tar archive ends in the middle of a member")
            count -= skipped

    def require_end(self) -> None:
        """Refuse whatever stands behind the stream but zeros, which tapes were filled up with."""
        rest = self._inflater.unused_data
        while rest:
            if rest.strip(b"\0"):
                raise UnreadableError("it goes on after the archive's end: nothing may stand behind it")
            rest = self._file.read(_PIECE_BYTES)

    def _unpack(self) -> bool:
        """Have some bytes ready; False at the stream's end."""
        while not self._ready and not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._file.read(_PIECE_BYTES)
            try:
                self._ready = self._inflater.decompress(packed, _PIECE_BYTES)
            except zlib.error as error:
                raise UnreadableError(f"it is damaged: it cannot be unpacked ({error})") from error
            if not (packed or self._ready):
                raise UnreadableError("it is damaged or was cut off: it ends in the middle of its gzip stream")
        return bool(self._ready)
