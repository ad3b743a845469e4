"""Reads a wheel, which is a zip archive: its framing, its few small files, and all others against its RECORD."""

import stat
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from registry_service.archives.limits import (
    MAX_METADATA_BYTES,
    UnreadableError,
    require_unpacked,
    unpacked_limit,
)
from registry_service.archives.oddities import Noticed, top
from registry_service.archives.record import MAX_RECORD_BYTES, UNLISTED, compare, read_record
from registry_service.archives.wheel_files import MAX_FILE_BYTES, first_odd_script, leads_nowhere, read_wheel_file
from registry_service.archives.zip_content import whole
from registry_service.archives.zip_framing import Member, read_members
from registry_service.domain.archive import ArchiveFacts, Oddity

_MEMBERS: Final = ("METADATA", "WHEEL", "RECORD")
_SUFFIX: Final = ".dist-info"


def read_wheel(path: Path) -> ArchiveFacts:
    """Report what a wheel holds. Raises UnreadableError."""
    with path.open("rb") as file:
        _require_no_tar(file)
        members = read_members(file)
        require_unpacked(sum(member.header.size for member in members), unpacked_limit(path))
        noticed = Noticed()
        for member in members:
            _look_at(member, noticed)
        roots = tuple(sorted({first for member in members if (first := top(member.name)).endswith(_SUFFIX)}))
        if len(roots) != 1:
            return ArchiveFacts(roots=roots, oddities=noticed.all())
        return _read_info(file, members, roots[0], noticed)


def _read_info(file: IO[bytes], members: Sequence[Member], root: str, noticed: Noticed) -> ArchiveFacts:
    """What the one `.dist-info` folder says, and whether its RECORD is right."""
    info: Mapping[str, Member] = {
        member.name.removeprefix(f"{root}/"): member for member in members if member.name.startswith(f"{root}/")
    }
    missing = tuple(name for name in _MEMBERS if name not in info)
    metadata = whole(file, info["METADATA"], MAX_METADATA_BYTES) if "METADATA" in info else None
    tags = read_wheel_file(whole(file, info["WHEEL"], MAX_FILE_BYTES)) if "WHEEL" in info else ()
    if "entry_points.txt" in info:
        odd = first_odd_script(whole(file, info["entry_points.txt"], MAX_FILE_BYTES))
        noticed.notice(Oddity.SCRIPT, odd or "", when=odd is not None)
    if "RECORD" in info:
        unlisted = {f"{root}/{name}" for name in UNLISTED}
        lines = read_record(whole(file, info["RECORD"], MAX_RECORD_BYTES))
        files = [member for member in members if not member.is_folder and member.name not in unlisted]
        compare(file, files, {name: line for name, line in lines.items() if name not in unlisted}, noticed)
    return ArchiveFacts(roots=(root,), metadata=metadata, missing=missing, oddities=noticed.all(), tags=tags)


def _look_at(member: Member, noticed: Noticed) -> None:
    name = member.name
    noticed.path(name, is_file=not member.is_folder)
    noticed.notice(Oddity.NAME, name, when=not member.header.has_plain_encoding)
    noticed.notice(Oddity.CASE, name, when=not noticed.is_new_in_any_case(name))
    kind = stat.S_IFMT(member.mode)
    noticed.notice(Oddity.LINK, name, when=kind == stat.S_IFLNK)
    noticed.notice(Oddity.SPECIAL, name, when=kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK))
    noticed.notice(Oddity.PRIVILEGED, name, when=bool(member.mode & (stat.S_ISUID | stat.S_ISGID)))
    noticed.notice(Oddity.SCHEME, name, when=leads_nowhere(name))


def _require_no_tar(file: IO[bytes]) -> None:
    try:
        tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        file.seek(0)
        return
    raise UnreadableError("it is a zip and a tar archive at once, so that two tools see different files in it")
