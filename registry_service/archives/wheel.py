"""Reads the directory of a wheel, which is a zip archive, and of its members METADATA alone."""

import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Final

from registry_service.archives.limits import bounded, require_members, require_unpacked, unpacked_limit
from registry_service.archives.oddities import Noticed, top
from registry_service.domain.archive import ArchiveFacts, Oddity

_MEMBERS: Final = ("METADATA", "WHEEL", "RECORD")
_SUFFIX: Final = ".dist-info"
_COMPRESSIONS: Final = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
_ENCRYPTED_FLAG: Final = 0x1
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_MAX_COMMENT_BYTES: Final = 0xFFFF


def read_wheel(path: Path) -> ArchiveFacts:
    """Report what a wheel holds. Raises UnreadableError, and whatever zipfile makes of hostile bytes."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        require_members(len(members))
        require_unpacked(sum(member.file_size for member in members), unpacked_limit(path))
        oddities = _oddities(path, members)
        names = {member.filename for member in members}
        roots = tuple(sorted({first for name in names if (first := top(name)).endswith(_SUFFIX)}))
        if len(roots) != 1:
            return ArchiveFacts(roots=roots, oddities=oddities)
        missing = tuple(name for name in _MEMBERS if f"{roots[0]}/{name}" not in names)
        metadata = None if "METADATA" in missing else _content(archive, f"{roots[0]}/METADATA")
    return ArchiveFacts(roots=roots, metadata=metadata, missing=missing, oddities=oddities)


def _content(archive: zipfile.ZipFile, name: str) -> bytes | None:
    member = archive.getinfo(name)
    if member.flag_bits & _ENCRYPTED_FLAG or member.compress_type not in _COMPRESSIONS:
        return None
    with archive.open(member) as stream:
        return bounded(stream)


def _oddities(path: Path, members: list[zipfile.ZipInfo]) -> tuple[tuple[Oddity, str], ...]:
    noticed = Noticed()
    for member in members:
        name = member.orig_filename
        noticed.path(name, is_file=not member.is_dir())
        noticed.notice(Oddity.LINK, name, when=stat.S_ISLNK(member.external_attr >> 16))
        noticed.notice(Oddity.ENCRYPTED, name, when=bool(member.flag_bits & _ENCRYPTED_FLAG))
        noticed.notice(Oddity.COMPRESSION, name, when=member.compress_type not in _COMPRESSIONS)
    # An offset counts from where zipfile found the archive to begin: the first member's is what stands before it.
    noticed.notice(Oddity.PREPENDED, when=min((member.header_offset for member in members), default=0) > 0)
    noticed.notice(Oddity.APPENDED, when=_goes_on(path))
    noticed.notice(Oddity.POLYGLOT, when=_begins_as_tar(path))
    return noticed.all()


def _goes_on(path: Path) -> bool:
    """Whether the end record, with its comment, is not the end of the file."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES - _MAX_COMMENT_BYTES))
        tail = file.read()
    end = len(tail) - _END_BYTES
    if tail[end : end + 4] == _END and tail.endswith(b"\0\0"):
        return False
    end = tail.rfind(_END)
    comment = int.from_bytes(tail[end + _END_BYTES - 2 : end + _END_BYTES], "little")
    return end + _END_BYTES + comment != len(tail)


def _begins_as_tar(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            return False
    return True
