"""Every query, asked as a second project: it sees nothing of the first, and changes nothing of it.

A query is a public function of the database room that takes a transaction. One that is neither asked here nor listed
as the whole registry's fails the first test.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import text

from registry_service.contract import wire
from registry_service.contract.sync import TokenEntry, TokenSet
from registry_service.contract.tokens import TokenType
from registry_service.database import audit, backup, catalog, curating, groups, identity, listing, serials, sets, tokens
from registry_service.database import migrating as migrations
from registry_service.database.tokens import TokenChoice
from registry_service.domain.access import GroupReader, Principal
from registry_service.domain.catalog import Package, Project, Release, Visibility
from registry_service.domain.distribution import Distribution, parse_filename
from registry_service.domain.listing import Entry, Wanted, WantedFiles
from registry_service.domain.status import Status, StatusMarker
from tests.support import packages

if TYPE_CHECKING:
    from registry_service.database.transaction import Transaction
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
_WHEEL: Final = packages.wheel("1.0")
_DIGEST: Final = "d" * 64
_MARKER: Final = StatusMarker(Status.QUARANTINED, "theirs")
_MODULES: Final = (audit, backup, catalog, curating, groups, identity, listing, migrations, serials, sets, tokens)
_TABLES: Final = ("project", "package", "release", "file", "token", "audit")
# Asked before it is known whose something is, by the operator, or by who holds the secret itself.
_REGISTRY_WIDE: Final = {
    "audit.record": "writes a line of the project that it names",
    "backup.holds_packages": "for the owner of the registry",
    "catalog.find_project": "finds the project",
    "catalog.create_project": "makes one",
    "catalog.count_projects": "counts them",
    "catalog.publish_file": "writes below the project that it names; every row it finds is found by that",
    "identity.claim": "is about the whole database",
    "identity.find": "is about the whole database",
    "migrating.migrate": "is about the whole database",
    "tokens.record_uses": "about the tokens that were verified",
    "sets.list_sets": "the operator's",
    "sets.find_set": "the operator's",
    "sets.find_bound_project": "the operator's",
    "sets.create_bound_project": "the operator's",
    "sets.list_bound_projects": "the operator's",
    "sets.show_project": "the operator's",
    "sets.rebind_project": "the operator's",
    "sets.replace_set": "the operator's, by the namespace's UID",
    "sets.suspend_all": "for the owner of the registry",
    "sets.find_rules": "holds for every project",
    "sets.store_rules": "the operator's",
    "tokens.find_by_id": "finds who asks, by the token itself",
    "tokens.is_live": "is about a token that was verified",
    "tokens.create": "writes a token of the project that it names",
    "tokens.create_session": "belongs to a token that was verified",
    "tokens.find_session": "finds who asks, by the session's secret",
    "tokens.delete_session": "by the session's secret",
}


@dataclass(frozen=True)
class Theirs:
    """What the first project holds, and the project that asks."""

    other: Project
    first: Project
    package: Package
    release: Release
    file_id: int

    @property
    def distribution(self) -> Distribution:
        return parse_filename(_WHEEL.filename)


_Query = Callable[["Transaction", Theirs], Awaitable[Any]]  # Any: each answers in its own way
_QUERIES: Final[dict[str, _Query]] = {
    "audit.read": lambda tx, it: audit.read(tx, it.other.id, after=0, limit=9),
    "audit.last_mark": lambda tx, it: audit.last_mark(tx, it.other.id, it.package.name),
    "catalog.list_package_names": lambda tx, it: catalog.list_package_names(tx, it.other.id),
    "catalog.find_package": lambda tx, it: catalog.find_package(tx, it.other.id, it.package.name),
    "catalog.list_files": lambda tx, it: catalog.list_files(tx, it.other.id, it.package.id),
    "catalog.list_release_files": lambda tx, it: catalog.list_release_files(tx, it.other.id, it.release.id),
    "catalog.find_file": lambda tx, it: catalog.find_file(tx, it.other.id, _WHEEL.filename),
    "catalog.packages_of_file": lambda tx, it: catalog.packages_of_file(tx, it.other.id, _WHEEL.filename),
    "catalog.count_bytes": lambda tx, it: catalog.count_bytes(tx, it.other.id),
    "catalog.find_attestations": lambda tx, it: catalog.find_attestations(tx, it.other.id, it.file_id),
    "catalog.find_variant": lambda tx, it: catalog.find_variant(tx, it.other.id, it.distribution),
    "catalog.list_releases": lambda tx, it: catalog.list_releases(tx, it.other.id),
    "catalog.find_release": lambda tx, it: catalog.find_release(tx, it.other.id, it.release.id),
    "curating.set_yanked": lambda tx, it: curating.set_yanked(tx, it.other.id, (it.package.name, "1"), None, "why"),
    "curating.delete_files": lambda tx, it: curating.delete_files(tx, it.other.id, it.release.id, None, now=_NOW),
    "curating.forget_deleted": lambda tx, it: curating.forget_deleted(tx, it.other.id, it.distribution),
    "curating.set_project_marker": lambda tx, it: curating.set_project_marker(tx, it.other.id, _MARKER),
    "curating.set_package_marker": lambda tx, it: curating.set_package_marker(
        tx, it.other.id, it.package.name, _MARKER
    ),
    "groups.find_package": lambda tx, it: groups.find_package(tx, _reader(it.other), it.package.name),
    "groups.packages_of_file": lambda tx, it: groups.packages_of_file(tx, _reader(it.other), _WHEEL.filename),
    "groups.list_projects": lambda tx, it: _others(groups.list_projects(tx, _reader(it.other)), it.other),
    "groups.list_package_names": lambda tx, it: groups.list_package_names(tx, _reader(it.other)),
    "listing.list_releases": lambda tx, it: _entries(listing.list_releases(tx, (it.other,), Wanted())),
    "listing.find_release": lambda tx, it: listing.find_release(tx, it.other, it.release.id),
    "listing.list_other_versions": lambda tx, it: listing.list_other_versions(tx, Entry(it.other, it.release)),
    "listing.list_release_files": lambda tx, it: _entries(
        listing.list_release_files(tx, it.other, it.release.id, WantedFiles())
    ),
    "serials.take": lambda tx, it: _nothing(serials.take(tx, it.other.id)),
    "serials.mark_package": lambda tx, it: serials.mark_package(tx, it.other.id, it.package.id, 99),
    "tokens.find_imported": lambda tx, it: tokens.find_imported(tx, it.other.id, _DIGEST, now=_NOW),
    "tokens.list_tokens": lambda tx, it: tokens.list_tokens(tx, it.other.path, now=_NOW),
    "tokens.revoke": lambda tx, it: tokens.revoke(tx, TokenChoice(project=it.other.path), now=_NOW),
}
# They answer nothing, whoever asks.
_SILENT: Final = {
    "curating.forget_deleted",
    "curating.set_project_marker",
    "groups.list_projects",
    "serials.take",
    "serials.mark_package",
}


def _reader(own: Project) -> GroupReader:
    return GroupReader(Principal(token_id="t", name="t", type=TokenType.PERSONAL, project_id=own.id))


async def _others(found: Awaitable[tuple[Project, ...]], own: Project) -> list[Project]:
    return [project for project in await found if project.id != own.id]


async def _entries(listed: Awaitable[Any]) -> tuple[object, ...]:  # Any: a list of either kind
    entries: tuple[object, ...] = (await listed).entries
    return entries


async def _nothing(done: Awaitable[object]) -> None:
    await done


def test_every_query_is_asked_or_has_a_reason() -> None:
    found = {
        f"{module.__name__.rsplit('.', 1)[1]}.{name}"
        for module in _MODULES
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and "tx" in inspect.signature(function).parameters
    }
    assert found == _QUERIES.keys() | _REGISTRY_WIDE.keys()


@pytest.fixture
async def theirs(registry: Registry) -> Theirs:
    """A project with a file, two releases and an imported token; and another one, with nothing."""
    entry = TokenEntry("i" * 16, _DIGEST, "imported", TokenType.JOB, imported=True)
    body = wire.encode(TokenSet("first", (entry,)))
    answer = await registry.sync.put("/sync/v1/sets/uid-1", content=body, headers={"if-match": '"0"'})
    first = Project(answer.json()["projectID"], "first", Visibility.PRIVATE)
    owner = await registry.token("first")
    for file in (_WHEEL, packages.wheel("2.0")):
        assert (await registry.publish(file, owner, project="first")).status_code == 201
    await registry.service.curating.mark_by_command("first", packages.EXAMPLE, StatusMarker(Status.DEPRECATED))
    async with registry.service.database.transaction() as tx:
        other = await catalog.create_project(tx, "second", Visibility.PRIVATE, now=_NOW)
        release = next(one for one in await catalog.list_releases(tx, first.id) if one.version == "1.0")
        file_id = (await catalog.list_files(tx, first.id, release.package.id))[0].id
        await tx.execute(text("UPDATE file SET attestations = '[]'"))
    return Theirs(other, first, release.package, release, file_id)


async def _rows(registry: Registry, other: Project) -> dict[str, list[tuple[Any, ...]]]:  # Any: rows of any table
    """Everything but the second project's own."""
    kept = {}
    async with registry.service.database.snapshot() as tx:
        for table in _TABLES:
            found = (await tx.execute(text(f"SELECT * FROM {table}"))).mappings()
            lines = [dict(row) for row in found]
            kept[table] = sorted(
                tuple(map(str, row.values()))
                for row in lines
                if row.get("project_id") != other.id and not (table == "project" and row["id"] == other.id)
            )
    return kept


@pytest.mark.parametrize("query", _QUERIES)
async def test_a_second_project_sees_and_changes_nothing_of_the_first(
    registry: Registry, theirs: Theirs, query: str
) -> None:
    before = await _rows(registry, theirs.other)
    async with registry.service.database.transaction() as tx:
        assert not await _QUERIES[query](tx, theirs)
    assert await _rows(registry, theirs.other) == before


@pytest.mark.parametrize("query", sorted(_QUERIES.keys() - _SILENT))
async def test_the_first_project_itself_is_answered(registry: Registry, theirs: Theirs, query: str) -> None:
    async with registry.service.database.transaction() as tx:
        assert await _QUERIES[query](tx, replace(theirs, other=theirs.first))
