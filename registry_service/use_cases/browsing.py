"""Reading the catalog: the Simple index and the packages page."""

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from registry_service.contract.sync import Upstream
from registry_service.database import Database, Transaction, catalog, listing
from registry_service.domain.catalog import File, Project, Release
from registry_service.domain.listing import Entry, Listed, Wanted, WantedFiles
from registry_service.domain.simple_index import PackagePage, RootPage, package_page
from registry_service.errors import NotFoundError
from registry_service.use_cases.rules import RulesInForce


@dataclass(frozen=True, slots=True)
class UpstreamPage:
    """A page that is elsewhere: this registry never held the name."""

    url: str


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """One release with its files and its package's other releases."""

    release: Release
    files: tuple[File, ...]
    siblings: tuple[Release, ...]


@dataclass(frozen=True, slots=True)
class Browsing:
    """What a project holds."""

    database: Database
    rules: RulesInForce

    async def root(self, project: Project) -> RootPage:
        """All packages of a project that have files."""
        async with self.database.snapshot() as tx:
            return RootPage(project.path, await catalog.list_package_names(tx, project.id))

    async def package(self, project: Project, spelled: str) -> PackagePage | UpstreamPage:
        """One package's page, by its name in any spelling (PEP 503).

        A name that was ever held here is answered here, with no files if need be; any other goes upstream where
        the rules say so, unless it is reserved. Raises NotFoundError.
        """
        name = normalize(spelled)
        async with self.database.snapshot() as tx:
            files = await catalog.list_files(tx, project.id, name)
            if files or await catalog.holds_name(tx, project.id, name):
                return package_page(project.path, name, files)
            return await self._upstream(tx, name)

    async def releases(self, project: Project) -> tuple[Release, ...]:
        """Every release of a project, the newest first."""
        async with self.database.snapshot() as tx:
            return await catalog.list_releases(tx, project.id)

    async def listed(self, projects: Sequence[Project], wanted: Wanted) -> Listed[Entry]:
        """A page of the releases of some projects, as GitLab's packages API asks for it."""
        async with self.database.snapshot() as tx:
            return await listing.list_releases(tx, projects, wanted)

    async def listed_files(self, project: Project, release_id: int, wanted: WantedFiles) -> Listed[File]:
        """A page of a release's files, likewise. Raises NotFoundError."""
        async with self.database.snapshot() as tx:
            if await catalog.find_release(tx, project.id, release_id) is None:
                raise NotFoundError("Package")
            return await listing.list_release_files(tx, project.id, release_id, wanted)

    async def versions(self, project: Project, release_id: int) -> tuple[Release, tuple[Release, ...]]:
        """A release, and the other releases of its package. Raises NotFoundError."""
        async with self.database.snapshot() as tx:
            found = await catalog.find_release(tx, project.id, release_id)
            if found is None:
                raise NotFoundError("Package")
            return found, await listing.list_other_versions(tx, found)

    async def release(self, project: Project, release_id: int) -> ReleasePage:
        """One release. Raises NotFoundError."""
        async with self.database.snapshot() as tx:
            found = await catalog.find_release(tx, project.id, release_id)
            if found is None:
                raise NotFoundError("Package")
            files = await catalog.list_release_files(tx, project.id, release_id)
            everything = await catalog.list_releases(tx, project.id)
        siblings = tuple(other for other in everything if other.package.id == found.package.id)
        return ReleasePage(found, files, siblings)

    async def _upstream(self, tx: Transaction, name: NormalizedName) -> UpstreamPage:
        upstream = (await self.rules.read(tx)).upstream
        if upstream is None or _is_reserved(upstream, name):
            raise NotFoundError("Package")
        return UpstreamPage(f"{upstream.url.rstrip('/')}/{name}/")


def normalize(spelled: str) -> NormalizedName:
    """The one normal form of a package name (PEP 503). Raises NotFoundError for what is no name at all."""
    try:
        return canonicalize_name(spelled, validate=True)
    except InvalidName as error:
        raise NotFoundError("Package") from error


def _is_reserved(upstream: Upstream, name: NormalizedName) -> bool:
    return any(canonicalize_name(reserved) == name for reserved in upstream.reserved_names)
