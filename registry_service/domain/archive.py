"""What a reader found in an uploaded archive. The reader judges nothing; `upload_rules` does."""

from dataclasses import dataclass
from enum import StrEnum


class Oddity(StrEnum):
    """What two tools may read differently, or what an installer must not be given."""

    OUTSIDE = "a path that leads out of the archive"
    NAME = "a name that systems read differently: not UTF-8, with control characters or backslashes"
    TWICE = "two files of one name, or a file that others lie below"
    CASE = "two names in a wheel that differ by case alone"
    LINK = "a link, in a wheel any, in an sdist one that leads out of its top folder"
    BELOW_LINK = "a member that is unpacked through a link"
    SPECIAL = "a device or a pipe"
    PRIVILEGED = "a file that would run with its owner's rights"
    UNRECORDED = "a file that a wheel's RECORD does not list"
    ABSENT = "a file that a wheel's RECORD lists and the wheel does not hold"
    ALTERED = "a file that a wheel's RECORD describes otherwise"
    SCRIPT = "an entry point that would become no sane program"
    SCHEME = "a file of a wheel's .data folder for no part of an installation"


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """The parts of an archive that decide whether it is what its name says.

    `roots` are the top folders of an sdist or the `.dist-info` folders of a wheel; `metadata` holds the original
    bytes of PKG-INFO or METADATA when there is exactly one root that has it; `missing` names the required
    members that are absent; `oddities` has the first member of each kind; `tags` are the compatibility tags of a
    wheel's WHEEL file, one by one; `fault` says why the archive cannot be read, or not by every tool alike.
    """

    roots: tuple[str, ...] = ()
    metadata: bytes | None = None
    missing: tuple[str, ...] = ()
    oddities: tuple[tuple[Oddity, str], ...] = ()
    fault: str | None = None
    tags: tuple[str, ...] = ()
