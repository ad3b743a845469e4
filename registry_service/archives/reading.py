"""Opens a wheel or an sdist and reports what it holds. Nothing is extracted, nothing is judged."""

import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Final

from registry_service.domain.archive import ArchiveFacts

MAX_METADATA_BYTES: Final = 16 * 1024 * 1024
MAX_MEMBERS: Final = 100_000
_WHEEL_MEMBERS: Final = ("METADATA", "WHEEL", "RECORD")
_SUFFIX: Final = ".dist-info"


class UnreadableError(Exception):
    """The archive cannot be read; the message says why."""


def read_archive(path: Path, filename: str) -> ArchiveFacts:
    """Report what an archive holds; what keeps it from being read becomes its `fault`."""
    try:
        return _read_wheel(path) if filename.endswith(".whl") else _read_sdist(path)
    except UnreadableError as error:
        return ArchiveFacts(fault=str(error))
    # What zipfile and tarfile raise on hostile bytes is no documented set: struct.error, OverflowError and more.
    except (OSError, EOFError, MemoryError, ValueError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        return ArchiveFacts(fault=f"{type(error).__name__}: {error}")


def _read_wheel(path: Path) -> ArchiveFacts:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if len(names) > MAX_MEMBERS:
            raise UnreadableError(f"it has more than {MAX_MEMBERS} members")
        roots = tuple(sorted({top for name in names if (top := _top(name)).endswith(_SUFFIX)}))
        if len(roots) != 1:
            return ArchiveFacts(roots=roots)
        missing = tuple(name for name in _WHEEL_MEMBERS if f"{roots[0]}/{name}" not in names)
        if "METADATA" in missing:
            return ArchiveFacts(roots=roots, missing=missing)
        with archive.open(f"{roots[0]}/METADATA") as member:
            return ArchiveFacts(roots=roots, metadata=_bounded(member), missing=missing)


def _read_sdist(path: Path) -> ArchiveFacts:
    roots: set[str] = set()
    metadata: bytes | None = None
    with tarfile.open(path, mode="r:gz") as archive:
        for count, member in enumerate(archive):
            if count >= MAX_MEMBERS:
                raise UnreadableError(f"it has more than {MAX_MEMBERS} members")
            roots.add(_top(member.name))
            if metadata is None and member.isfile() and _is_pkg_info(member.name):
                metadata = _bounded(_opened(archive, member))
    missing = () if metadata is not None else ("PKG-INFO",)
    return ArchiveFacts(roots=tuple(sorted(roots)), metadata=metadata, missing=missing)


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise UnreadableError(f"{member.name} is not a file")
    return stream


def _bounded(stream: IO[bytes]) -> bytes:
    content = stream.read(MAX_METADATA_BYTES + 1)
    if len(content) > MAX_METADATA_BYTES:
        raise UnreadableError(f"its metadata is larger than {MAX_METADATA_BYTES} bytes")
    return content


def _top(name: str) -> str:
    return PurePosixPath(name).parts[0] if PurePosixPath(name).parts else name


def _is_pkg_info(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) == 2 and parts[1] == "PKG-INFO"  # noqa: PLR2004 - top folder and file
