"""Status markers (PEP 792): what its owner says about a package, or about a whole project."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """PEP 792's statuses, from the mildest to the strictest."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class StatusMarker:
    """A status and, for people, why; an empty reason is none."""

    status: Status = Status.ACTIVE
    reason: str = ""

    @property
    def accepts_uploads(self) -> bool:
        """PEP 792: what is archived or quarantined takes no new files."""
        return self.status not in (Status.ARCHIVED, Status.QUARANTINED)

    @property
    def offers_files(self) -> bool:
        """PEP 792: what is quarantined offers no files."""
        return self.status is not Status.QUARANTINED


ACTIVE: Final = StatusMarker()
_STRICTNESS: Final = {status: rank for rank, status in enumerate(Status)}


def strictest(project: StatusMarker, package: StatusMarker) -> StatusMarker:
    """The marker that counts for a package; between equals its own, which says more about it."""
    return project if _STRICTNESS[project.status] > _STRICTNESS[package.status] else package
