"""Projects, packages, releases and files: what the database holds and the pages show."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from packaging.utils import NormalizedName

from registry_service.domain.distribution import Kind
from registry_service.domain.status import ACTIVE, StatusMarker

# No row has it: a larger number from a URL does not fit the column.
LARGEST_ID: Final = 2**63 - 1
_PROJECT_PATH: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


class Visibility(StrEnum):
    """Who may read a project: its own tokens; every verified token of the registry; everybody."""

    PRIVATE = "private"
    INTERNAL = "internal"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Project:
    """The unit of ownership and of the index URL; on Kubernetes one namespace, bound by its UID.

    `serial` grows with every change of what its pages show.
    """

    id: int
    path: str
    visibility: Visibility
    serial: int = 0
    marker: StatusMarker = ACTIVE


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution name, normalized (PEP 503). `serial` is its project's at the last change of its page."""

    id: int
    name: NormalizedName
    serial: int = 0
    marker: StatusMarker = ACTIVE


@dataclass(frozen=True, slots=True)
class File:
    """One published file. Times are aware UTC; `metadata_sha256` is set only for a stored `.metadata`.

    `yanked` is None, or the reason for which resolvers shall pass the file over (PEP 592); a reason may be empty.
    A deleted file is remembered for its name alone. `attested`: it came with attestations (PEP 740).
    """

    id: int
    release_id: int
    filename: str
    kind: Kind
    version: str
    size: int
    sha256: str
    md5: str
    blake2_256: str
    upload_time: datetime
    blob_key: str
    requires_python: str | None = None
    metadata_sha256: str | None = None
    metadata_key: str | None = None
    metadata_size: int = 0
    published_by: str = ""
    yanked: str | None = None
    deleted_at: datetime | None = None
    attested: bool = False
    sha1: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a package: what GitLab calls a package, and numbers as one."""

    id: int
    package: Package
    version: str
    created_at: datetime
    summary: str = ""


def project_path_problem(path: str) -> str | None:
    """Say why `path` cannot be a project's, or None when it can.

    A path is a Kubernetes namespace's name (RFC 1123 label); all digits would read as a numeric id.
    """
    if _PROJECT_PATH.fullmatch(path) is None:
        return f"{path!r} is no project path: lower-case letters, digits and inner hyphens, at most 63"
    if path.isdigit():
        return f"{path!r} is no project path: all digits would be taken for a numeric project id"
    return None
