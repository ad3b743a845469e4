"""What a reader found in an uploaded archive. The reader judges nothing; `upload_rules` does."""

from dataclasses import dataclass
from enum import StrEnum


class Oddity(StrEnum):
    """What two tools may read differently, or what an installer must not be given."""

    OUTSIDE = "a path that leads out of the archive"
    LINK = "a link, in a wheel any, in an sdist one that leads out of its top folder"
    SPECIAL = "a device or a pipe"
    SPARSE = "a sparse file"
    TWICE = "two files of one name"
    ENCRYPTED = "an encrypted file"
    COMPRESSION = "a compression other than stored and deflated"
    PREPENDED = "bytes before the archive"
    APPENDED = "bytes after the archive"
    POLYGLOT = "a file that is a zip and a tar archive at once"


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """The parts of an archive that decide whether it is what its name says.

    `roots` are the top folders of an sdist or the `.dist-info` folders of a wheel; `metadata` holds the original
    bytes of PKG-INFO or METADATA when there is exactly one root that has it; `missing` names the required
    members that are absent; `oddities` has the first member of each kind, or an empty text where the whole archive
    is odd; `fault` says why the archive cannot be read at all.
    """

    roots: tuple[str, ...] = ()
    metadata: bytes | None = None
    missing: tuple[str, ...] = ()
    oddities: tuple[tuple[Oddity, str], ...] = ()
    fault: str | None = None
