"""What owners say about what they published, and take back: yanks (PEP 592), statuses (PEP 792), deletions."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from packaging.utils import canonicalize_version

from registry_service.database import Database, Transaction, audit, curating
from registry_service.database.curating import ChangedFile
from registry_service.domain.audit import Action, Entry
from registry_service.domain.distribution import has_filename_characters
from registry_service.domain.status import StatusMarker
from registry_service.domain.upload_rules import is_valid_version
from registry_service.errors import NotFoundError, RefusedError
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.browsing import normalize
from registry_service.use_cases.rules import RulesInForce

MAX_REASON_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Release:
    """The files that a request means: those of a release in any spelling, or the one with this name."""

    package: str
    version: str
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Curating:
    """What a project's owner changes about its files. Every verb raises ReadOnlyError while nothing may change."""

    database: Database
    rules: RulesInForce
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
        access.require_every_package()
        async with self._change() as tx:
            await curating.set_project_marker(tx, access.project.id, marker)
            entry = Entry(Action.MARK_PROJECT, access.actor, details=_details(marker))
            await audit.record(tx, access.project.id, entry, at=self.clock())

    async def mark_package(self, access: Access, package: str, marker: StatusMarker) -> None:
        """Mark a package, in any spelling. Raises NotFoundError, RefusedError as for a project."""
        _check(marker.reason)
        name = normalize(package)
        access.require_package(name)
        async with self._change() as tx:
            if not await curating.set_package_marker(tx, access.project.id, name, marker):
                raise NotFoundError("Package")
            entry = Entry(Action.MARK_PACKAGE, access.actor, name, details=_details(marker))
            await audit.record(tx, access.project.id, entry, at=self.clock())

    async def delete(self, access: Access, release_id: int, file_id: int | None = None) -> None:
        """Delete a release, or one of its files, from index and pages; the names stay taken. Raises NotFoundError."""
        now = self.clock()
        async with self._change() as tx:
            deleted = await curating.delete_files(tx, access.project.id, release_id, file_id, now=now)
            await self._record(tx, access, deleted, Entry(Action.DELETE, access.actor))

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[Transaction]:
        async with self.database.transaction() as tx:
            await self.rules.hold_for_change(tx)
            yield tx

    async def _set(self, access: Access, files: Release, reason: str | None) -> None:
        if not is_valid_version(files.version) or not has_filename_characters(files.filename or "any"):
            raise NotFoundError("Package")
        release = (normalize(files.package), canonicalize_version(files.version))
        async with self._change() as tx:
            changed = await curating.set_yanked(tx, access.project.id, release, files.filename, reason)
            action = Action.UNYANK if reason is None else Action.YANK
            await self._record(tx, access, changed, Entry(action, access.actor, details={"reason": reason or ""}))

    async def _record(self, tx: Transaction, access: Access, files: tuple[ChangedFile, ...], entry: Entry) -> None:
        """Record a change of files, one line each. Raises NotFoundError where there were none, ForbiddenError."""
        if not files:
            raise NotFoundError("Package")
        for file in files:
            access.require_package(file.package)
        lines = [replace(entry, **asdict(file)) for file in files]
        await audit.record(tx, access.project.id, *lines, at=self.clock())


def _check(reason: str) -> None:
    if len(reason) > MAX_REASON_CHARACTERS or not reason.isprintable():
        raise RefusedError(f"A reason is one line of at most {MAX_REASON_CHARACTERS} characters")


def _details(marker: StatusMarker) -> dict[str, str]:
    return {"status": marker.status.value, "reason": marker.reason}
