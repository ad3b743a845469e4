"""What owners say about what they published, and take back: yanks (PEP 592), statuses (PEP 792), deletions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from packaging.utils import canonicalize_version

from registry_service.database import Database, curating
from registry_service.domain.distribution import has_filename_characters
from registry_service.domain.status import StatusMarker
from registry_service.domain.upload_rules import is_valid_version
from registry_service.errors import NotFoundError, RefusedError
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.browsing import normalize

MAX_REASON_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Release:
    """The files that a request means: those of a release in any spelling, or the one with this name."""

    package: str
    version: str
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Curating:
    """What a project's owner changes about its files."""

    database: Database
    clock: Callable[[], datetime]

    async def yank(self, access: Access, files: Release, reason: str) -> None:
        """Hide files from resolvers; who asks for exactly this version still gets them.

        Raises NotFoundError, and RefusedError for a reason that is no single line of text.
        """
        _check(reason)
        await self._set(access, files, reason)

    async def unyank(self, access: Access, files: Release) -> None:
        """Offer yanked files again. Raises NotFoundError."""
        await self._set(access, files, None)

    async def mark_project(self, access: Access, marker: StatusMarker) -> None:
        """Mark a whole project. Raises RefusedError for a reason that is no single line of text."""
        _check(marker.reason)
        async with self.database.transaction() as tx:
            await curating.set_project_marker(tx, access.project.id, marker)

    async def mark_package(self, access: Access, package: str, marker: StatusMarker) -> None:
        """Mark a package, in any spelling. Raises NotFoundError, RefusedError as for a project."""
        _check(marker.reason)
        async with self.database.transaction() as tx:
            if not await curating.set_package_marker(tx, access.project.id, normalize(package), marker):
                raise NotFoundError("Package")

    async def delete(self, access: Access, release_id: int, file_id: int | None = None) -> None:
        """Delete a release, or one of its files, from index and pages; the names stay taken. Raises NotFoundError."""
        async with self.database.transaction() as tx:
            if not await curating.delete_files(tx, access.project.id, release_id, file_id, now=self.clock()):
                raise NotFoundError("Package")

    async def _set(self, access: Access, files: Release, reason: str | None) -> None:
        if not is_valid_version(files.version) or not has_filename_characters(files.filename or "any"):
            raise NotFoundError("Package")
        release = (normalize(files.package), canonicalize_version(files.version))
        async with self.database.transaction() as tx:
            if not await curating.set_yanked(tx, access.project.id, release, files.filename, reason):
                raise NotFoundError("Package")


def _check(reason: str) -> None:
    if len(reason) > MAX_REASON_CHARACTERS or not reason.isprintable():
        raise RefusedError(f"A reason is one line of at most {MAX_REASON_CHARACTERS} characters")
