"""Reading the catalog: what projects hold, and its releases."""

from dataclasses import dataclass

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from registry_service.database import Database, catalog
from registry_service.domain.catalog import File, Project, Release
from registry_service.domain.listing import Listed, Wanted, select
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

    async def listed(self, project: Project, wanted: Wanted) -> Listed:
        """A page of a project's releases, as GitLab's packages API asks for it."""
        return select(await self.releases(project), wanted)

    async def release(self, project: Project, release_id: int) -> ReleasePage:
        """One release. Raises NotFoundError."""
        async with self.database.snapshot() as tx:
            found = await catalog.find_release(tx, project.id, release_id)
            if found is None:
                raise NotFoundError("Package")
            files = await catalog.list_release_files(tx, project.id, release_id)
            everything = await catalog.list_releases(tx, project.id)
            package = await catalog.find_package(tx, project.id, found.package.name) or found.package
        siblings = tuple(other for other in everything if other.package.id == found.package.id)
        return ReleasePage(found, files, siblings, strictest(project.marker, package.marker))


def normalize(spelled: str) -> NormalizedName:
    """The one normal form of a package name (PEP 503). Raises NotFoundError for what is no name at all."""
    try:
        return canonicalize_name(spelled, validate=True)
    except InvalidName as error:
        raise NotFoundError("Package") from error
