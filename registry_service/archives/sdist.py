"""Reads an sdist, a tar archive compressed with gzip, from one end to the other: a tar has no directory."""

import gzip
import tarfile
import zipfile
from pathlib import Path
from typing import IO, Final

from registry_service.archives.limits import (
    UnreadableError,
    bounded,
    require_members,
    require_unpacked,
    unpacked_limit,
)
from registry_service.archives.oddities import Noticed, link_leads_out, parts, top
from registry_service.domain.archive import ArchiveFacts, Oddity

_METADATA: Final = "PKG-INFO"
_GZIP: Final = b"\x1f\x8b"
_CHUNK_BYTES: Final = 1024 * 1024


def read_sdist(path: Path) -> ArchiveFacts:
    """Report what an sdist holds. Raises UnreadableError, and whatever gzip and tarfile make of hostile bytes."""
    noticed, roots, metadata = Noticed(), set[str](), None
    with path.open("rb") as packed, _Unpacked(packed, unpacked_limit(path)) as stream:
        if packed.read(2) != _GZIP:
            raise UnreadableError("it is not compressed with gzip")
        packed.seek(0)
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for count, member in enumerate(archive, start=1):
                require_members(count)
                _look_at(member, noticed)
                roots |= {top(member.name)} - {""}
                if metadata is None and member.isfile() and _is_metadata(member.name):
                    metadata = bounded(_opened(archive, member))
            noticed.notice(Oddity.APPENDED, when=stream.goes_on())
    noticed.notice(Oddity.POLYGLOT, when=_is_zip(path))
    missing = () if metadata is not None else (_METADATA,)
    return ArchiveFacts(tuple(sorted(roots)), metadata, missing, noticed.all())


class _Unpacked(gzip.GzipFile):
    """What the gzip stream holds, up to a limit, and a memory of the block that the tar archive ended with."""

    def __init__(self, packed: IO[bytes], limit: int) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._limit, self._last = limit, b""

    def read(self, size: int | None = -1) -> bytes:
        # Headers may announce gigabytes, which a reader would ask for at once.
        if size is not None and size > _CHUNK_BYTES:
            require_unpacked(self.tell() + size, self._limit)
        self._last = super().read(size)
        require_unpacked(self.tell(), self._limit)
        return self._last

    def seek(self, offset: int, whence: int = 0) -> int:
        # Known before a byte of it is unpacked.
        require_unpacked(offset, self._limit)
        return super().seek(offset, whence)

    def goes_on(self) -> bool:
        """Whether anything but padding follows where the tar reader stopped."""
        content = self._last
        try:
            while content and not content.strip(b"\0"):
                content = self.read(_CHUNK_BYTES)
        except gzip.BadGzipFile:  # the stream ends in order, and is followed by what is no gzip
            return True
        return bool(content)


def _look_at(member: tarfile.TarInfo, noticed: Noticed) -> None:
    noticed.path(member.name, is_file=member.isreg())
    noticed.notice(Oddity.SPARSE, member.name, when=member.issparse())
    if member.issym() or member.islnk():
        out = link_leads_out(member.name, member.linkname, from_its_folder=member.issym())
        noticed.notice(Oddity.LINK, member.name, when=out)
    noticed.notice(Oddity.SPECIAL, member.name, when=member.isdev())


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise UnreadableError(f"{member.name} is not a file")
    return stream


def _is_metadata(name: str) -> bool:
    return parts(name)[1:] == [_METADATA]


def _is_zip(path: Path) -> bool:
    """Whether a zip reader finds members in it: the mere mark of a zip's end may be chance."""
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(archive.infolist())
    except Exception:  # noqa: BLE001 - what zipfile raises on other files is no documented set
        return False
