"""What a reader found in an uploaded archive. The reader judges nothing; `upload_rules` does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """The parts of an archive that decide whether it is what its name says.

    `roots` are the top folders of an sdist or the `.dist-info` folders of a wheel; `metadata` holds the original
    bytes of PKG-INFO or METADATA when there is exactly one root that has it; `missing` names the required
    members that are absent; `fault` says why the archive cannot be read at all.
    """

    roots: tuple[str, ...] = ()
    metadata: bytes | None = None
    missing: tuple[str, ...] = ()
    fault: str | None = None
