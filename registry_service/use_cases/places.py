"""Where an index is read: in one project, or in the group of all projects that the reader may read."""

from dataclasses import dataclass

from packaging.utils import NormalizedName

from registry_service.contract import urls
from registry_service.database import Transaction, catalog, groups
from registry_service.domain.access import GroupReader
from registry_service.domain.catalog import Package, Project
from registry_service.domain.status import StatusMarker, strictest


@dataclass(frozen=True, slots=True)
class HeldPackage:
    """A package and the one project that it is read from."""

    project: Project
    package: Package

    @property
    def marker(self) -> StatusMarker:
        """The status that counts."""
        return strictest(self.project.marker, self.package.marker)


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """One project's index."""

    project: Project

    @property
    def base(self) -> str:
        """The path below which its links lie."""
        return urls.upload_path(self.project.path)

    async def find_package(self, tx: Transaction, name: NormalizedName) -> HeldPackage | None:
        """The package of this name, if the project ever held it."""
        found = await catalog.find_package(tx, self.project.id, name)
        return None if found is None else HeldPackage(self.project, found)

    async def packages_of_file(self, tx: Transaction, filename: str) -> tuple[NormalizedName, ...]:
        """The package that holds a file of this name."""
        return await catalog.packages_of_file(tx, self.project.id, filename)

    async def list_package_names(self, tx: Transaction) -> tuple[NormalizedName, ...]:
        """Every package that has a file, in code point order."""
        return await catalog.list_package_names(tx, self.project.id)

    async def serials(self, tx: Transaction) -> tuple[tuple[int, int], ...]:  # noqa: ARG002 - a group has to ask
        """What changes whenever the list of packages may have: the serial of each project, by its id."""
        return ((self.project.id, self.project.serial),)


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """The index of a registry: the reader's own project first, then what it is granted, then what all may read."""

    registry: str
    reader: GroupReader

    @property
    def base(self) -> str:
        """The path below which its links lie."""
        return urls.group_path(self.registry)

    async def find_package(self, tx: Transaction, name: NormalizedName) -> HeldPackage | None:
        """The package of this name in the first project that ever held it; projects are never merged."""
        found = await groups.find_package(tx, self.reader, name)
        return None if found is None else HeldPackage(*found)

    async def packages_of_file(self, tx: Transaction, filename: str) -> tuple[NormalizedName, ...]:
        """The packages, in different projects, that hold a file of this name."""
        return await groups.packages_of_file(tx, self.reader, filename)

    async def list_package_names(self, tx: Transaction) -> tuple[NormalizedName, ...]:
        """Every package that has a file in some project, in code point order."""
        return await groups.list_package_names(tx, self.reader)

    async def serials(self, tx: Transaction) -> tuple[tuple[int, int], ...]:
        """What changes whenever the list of packages may have: the serial of each project, by its id."""
        return tuple((project.id, project.serial) for project in await groups.list_projects(tx, self.reader))


Place = ProjectPlace | GroupPlace
