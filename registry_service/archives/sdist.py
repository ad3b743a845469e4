"""Reads an sdist, a tar archive compressed with gzip, from one end to the other: a tar has no directory."""

import stat
import zipfile
from pathlib import Path
from typing import Final

from registry_service.archives.gzip_stream import GzipStream
from registry_service.archives.limits import UnreadableError, unpacked_limit
from registry_service.archives.links import Links
from registry_service.archives.oddities import Noticed, parts, top
from registry_service.archives.tar_framing import TarMember, read_members
from registry_service.domain.archive import ArchiveFacts, Oddity

_METADATA: Final = "PKG-INFO"


def read_sdist(path: Path) -> ArchiveFacts:
    """Report what an sdist holds. Raises UnreadableError."""
    noticed, links, roots, metadata = Noticed(), Links(), set[str](), None
    with path.open("rb") as packed:
        stream = GzipStream(packed, unpacked_limit(path))
        if _is_zip(path):
            raise UnreadableError("it is a zip and a tar archive at once, so that two tools see different files in it")
        for member in read_members(stream, _is_metadata):
            _look_at(member, noticed, links)
            roots |= {top(member.name)} - {""}
            metadata = member.content if metadata is None else metadata
        stream.require_end()
    for oddity, name in ((Oddity.LINK, links.first_odd()), (Oddity.BELOW_LINK, links.first_below())):
        noticed.notice(oddity, name or "", when=name is not None)
    missing = () if metadata is not None else (_METADATA,)
    return ArchiveFacts(tuple(sorted(roots)), metadata, missing, noticed.all())


def _look_at(member: TarMember, noticed: Noticed, links: Links) -> None:
    name = member.name
    noticed.path(name, is_file=not member.is_folder)
    noticed.notice(Oddity.NAME, name, when=not member.has_plain_encoding)
    noticed.notice(Oddity.PRIVILEGED, name, when=bool(member.mode & (stat.S_ISUID | stat.S_ISGID)) and member.is_file)
    noticed.notice(Oddity.SPECIAL, name, when=not (member.is_file or member.is_folder or member.is_link))
    if member.is_symbolic:
        links.symbolic(name, member.target)
    elif member.is_link:
        links.hard(name, member.target)
    else:
        links.file(name)


def _is_metadata(name: str) -> bool:
    return parts(name)[1:] == [_METADATA]


def _is_zip(path: Path) -> bool:
    """Whether a zip reader finds members in it: the mere mark of a zip's end may be chance."""
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(archive.infolist())
    except Exception:  # noqa: BLE001 - what zipfile raises on other files is no documented set
        return False
