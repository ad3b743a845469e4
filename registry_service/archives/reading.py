"""Opens a wheel or an sdist and reports what it holds. Nothing is extracted, nothing is judged."""

from pathlib import Path

from registry_service.archives.limits import UnreadableError
from registry_service.archives.sdist import read_sdist
from registry_service.archives.wheel import read_wheel
from registry_service.domain.archive import ArchiveFacts
from registry_service.domain.distribution import WHEEL_SUFFIX

_HEAD_BYTES = 512


def read_archive(path: Path, filename: str) -> ArchiveFacts:
    """Report what an archive holds; what keeps it from being read becomes its `fault`."""
    try:
        _look_at_its_head(path)
        return read_wheel(path) if filename.endswith(WHEEL_SUFFIX) else read_sdist(path)
    except UnreadableError as error:
        return ArchiveFacts(fault=str(error))
    except MemoryError:
        return ArchiveFacts(fault="reading it takes more memory than is allowed")
    except Exception as error:  # noqa: BLE001 - what the readers did not foresee is the archive's fault, not a crash
        return ArchiveFacts(fault=f"it is damaged or was cut off ({type(error).__name__}: {error})")


def _look_at_its_head(path: Path) -> None:
    """Name the two commonest accidents by their names."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).lstrip().lower()
    if not head:
        raise UnreadableError("it is empty")
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise UnreadableError("it is a web page: what was downloaded was a sign-in or an error page")
