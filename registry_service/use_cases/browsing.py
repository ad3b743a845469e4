"""Reading the catalog: what projects hold, and its releases."""

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from registry_service.database import Database, Transaction, catalog, groups, listing
from registry_service.domain.access import GroupReader
from registry_service.domain.catalog import File, Project, Release
from registry_service.domain.listing import Entry, Listed, Wanted, WantedFiles
from registry_service.domain.status import StatusMarker, strictest
from registry_service.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """One release with its files, its package's other releases and the status that counts for it."""

    release: Release
    files: tuple[File, ...]
    siblings: tuple[Release, ...]
    marker: StatusMarker


@dataclass(frozen=True, slots=True)
class Browsing:
    """What a project holds."""

    database: Database

    async def releases(self, project: Project) -> tuple[Release, ...]:
        """Every release of a project, the newest first."""
        async with self.database.snapshot() as tx:
            return await catalog.list_releases(tx, project.id)

    async def listed(self, projects: Sequence[Project], wanted: Wanted) -> Listed[Entry]:
        """A page of the releases of some projects, as GitLab's packages API asks for it."""
        async with self.database.snapshot() as tx:
            return await listing.list_releases(tx, projects, wanted)

    async def listed_in_group(self, reader: GroupReader, wanted: Wanted) -> Listed[Entry]:
        """A page of the releases of all projects that a reader may read, likewise."""
        async with self.database.snapshot() as tx:
            projects = await groups.list_projects(tx, reader)
            return await listing.list_releases(tx, projects, wanted)

    async def listed_files(self, project: Project, release_id: int, wanted: WantedFiles) -> Listed[File]:
        """A page of a release's files, likewise. Raises NotFoundError."""
        async with self.database.snapshot() as tx:
            found = await self._find(tx, project, release_id)
            return await listing.list_release_files(tx, found.project, found.release.id, wanted)

    async def versions(self, project: Project, release_id: int) -> tuple[Entry, tuple[Entry, ...]]:
        """A release, and the other releases of its package. Raises NotFoundError."""
        async with self.database.snapshot() as tx:
            found = await self._find(tx, project, release_id)
            return found, await listing.list_other_versions(tx, found)

    async def _find(self, tx: Transaction, project: Project, release_id: int) -> Entry:
        found = await listing.find_release(tx, project, release_id)
        if found is None:
            raise NotFoundError("Package")
        return found

    async def release(self, project: Project, release_id: int) -> ReleasePage:
        """One release. Raises NotFoundError."""
        async with self.database.snapshot() as tx:
            found = await catalog.find_release(tx, project.id, release_id)
            if found is None:
                raise NotFoundError("Package")
            files = await catalog.list_release_files(tx, project.id, release_id)
            siblings = await catalog.list_releases(tx, project.id, found.package.id)
            package = await catalog.find_package(tx, project.id, found.package.name) or found.package
        return ReleasePage(found, files, siblings, strictest(project.marker, package.marker))


def normalize(spelled: str) -> NormalizedName:
    """The one normal form of a package name (PEP 503). Raises NotFoundError for what is no name at all."""
    try:
        return canonicalize_name(spelled, validate=True)
    except InvalidName as error:
        raise NotFoundError("Package") from error
