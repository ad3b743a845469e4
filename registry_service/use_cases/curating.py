"""What owners say about what they published, and take back: yanks (PEP 592), statuses (PEP 792), deletions."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from packaging.utils import canonicalize_version

from registry_service.database import Database, Transaction, audit, catalog, curating
from registry_service.database.curating import ChangedFile
from registry_service.domain.audit import COMMAND, Action, Actor, Entry
from registry_service.domain.catalog import Project
from registry_service.domain.distribution import has_filename_characters
from registry_service.domain.status import Status, StatusMarker
from registry_service.domain.upload_rules import is_valid_version
from registry_service.errors import ForbiddenError, NotFoundError, RefusedError
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
    """What owners change about a project's files. Every verb raises ReadOnlyError while nothing may change.

    What the registry's owner quarantined by command is evidence: no token of the project lifts that or deletes it.
    """

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
        """Mark a whole project.

        Raises RefusedError for a reason that is no single line of text, ForbiddenError when the registry's owner
        quarantined it.
        """
        access.require_every_package()
        await self._mark(access.project, None, marker, access.actor)

    async def mark_package(self, access: Access, package: str, marker: StatusMarker) -> None:
        """Mark a package, in any spelling. Raises NotFoundError, and RefusedError, ForbiddenError as for a project."""
        access.require_package(normalize(package))
        await self._mark(access.project, package, marker, access.actor)

    async def mark_by_command(self, project: str, package: str | None, marker: StatusMarker) -> None:
        """Mark a project, or one of its packages, as the registry's owner. Raises NotFoundError, RefusedError."""
        async with self.database.snapshot() as tx:
            found = await catalog.find_project(tx, project)
        if found is None:
            raise NotFoundError("Project")
        await self._mark(found, package, marker, COMMAND)

    async def delete(self, access: Access, release_id: int, file_id: int | None = None) -> None:
        """Delete a release, or one of its files, from index and pages; the names stay taken.

        Raises NotFoundError, and ForbiddenError for what the registry's owner quarantined.
        """
        now = self.clock()
        async with self._change() as tx:
            deleted = await curating.delete_files(tx, access.project.id, release_id, file_id, now=now)
            for package in ("", *{file.package for file in deleted}):
                await _require_released(tx, access.project.id, package, access.actor)
            await self._record(tx, access, deleted, Entry(Action.DELETE, access.actor))

    async def _mark(self, project: Project, package: str | None, marker: StatusMarker, actor: Actor) -> None:
        _check(marker.reason)
        name = "" if package is None else normalize(package)
        async with self._change() as tx:
            if package is None:
                await curating.set_project_marker(tx, project.id, marker)
            elif not await curating.set_package_marker(tx, project.id, normalize(package), marker):
                raise NotFoundError("Package")
            await _require_released(tx, project.id, name, actor)
            action = Action.MARK_PROJECT if package is None else Action.MARK_PACKAGE
            entry = Entry(action, actor, name, details=_details(marker))
            await audit.record(tx, project.id, entry, at=self.clock())

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


async def _require_released(tx: Transaction, project_id: int, package: str, actor: Actor) -> None:
    """Looked at after the change: its serial's lock keeps every other change of the project out until the commit."""
    mark = await audit.last_mark(tx, project_id, package)
    if mark is None or not actor.token_id or mark.actor.token_id:
        return
    if mark.details["status"] == Status.QUARANTINED:
        what = f"package {package}" if package else "project"
        raise ForbiddenError(f"The {what} is quarantined by the registry's owner, who alone can lift that")


def _details(marker: StatusMarker) -> dict[str, str]:
    return {"status": marker.status.value, "reason": marker.reason}
