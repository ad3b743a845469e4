"""The paths of the read path, matched as they were sent, so that an escaped slash stays part of its segment."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_PATH: Final = re.compile(
    rb"/api/v4/(?:projects/(?P<project>[^/]+)|groups/(?P<group>[^/]+)/-)/packages/pypi/(?:"
    # hatch asks for `+simple` below the upload URL before it publishes, and skips what stands there.
    rb"(?P<simple>(?:\+|%2[Bb])?simple)(?:/(?P<package>[^/]*))?/?"
    rb"|files/(?P<sha256>[0-9a-f]{64})/(?P<filename>[^/]+)"
    rb"|integrity/(?P<name>[^/]+)/(?P<version>[^/]+)/(?P<attested>[^/]+)/provenance/?)"
)


@dataclass(frozen=True, slots=True)
class IndexRead:
    """An index page: of a package, in any spelling, or the root."""

    package: str | None


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file, or its core metadata."""

    sha256: str
    filename: str


@dataclass(frozen=True, slots=True)
class ProvenanceRead:
    """A file's attestations."""

    package: str
    version: str
    filename: str


@dataclass(frozen=True, slots=True)
class ReadPath:
    """What is asked for, and where: in a project (path or numeric id), or in the group of this name."""

    wanted: IndexRead | FileRead | ProvenanceRead
    project: str
    group: str


def match(raw_path: bytes) -> ReadPath | None:
    """Read a path; None when it is not one of the read path's."""
    found = _PATH.fullmatch(raw_path)
    if found is None:
        return None
    parts = {name: unquote(part or b"") for name, part in found.groupdict().items()}
    wanted: IndexRead | FileRead | ProvenanceRead
    if parts["simple"]:
        wanted = IndexRead(parts["package"] or None)
    elif parts["sha256"]:
        wanted = FileRead(parts["sha256"], parts["filename"])
    else:
        wanted = ProvenanceRead(parts["name"], parts["version"], parts["attested"])
    return ReadPath(wanted, parts["project"], parts["group"])
