"""What tests may ask for: a PostgreSQL, an object store, an API server, a browser, one of each a session, when used."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from registry_service.database.migrating import migrate
from registry_service.database.transaction import open_database
from registry_service.storage.s3_client import S3Settings
from tests.outcomes import issue_5
from tests.support import api_server as api_servers
from tests.support import browser as browsers
from tests.support import object_store as object_stores
from tests.support import postgresql as postgresqls

if TYPE_CHECKING:
    from tests.support.api_server import ApiServer
    from tests.support.browser import Page
    from tests.support.object_store import ObjectStore
    from tests.support.postgresql import Postgresql

pytest_plugins = ["tests.outcomes.plugin"]

# A property that holds, holds on a busy machine too; what may cost so much time and no more says so itself.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

Aloud = Callable[[], AbstractContextManager[None]]

_MIGRATED = "migrated"
_numbers = itertools.count(1)


@pytest.hookimpl(tryfirst=True)  # before those that prove sentences are counted
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("hostile"):
            item.add_marker(pytest.mark.outcome(issue_5.ATTACKS))
            if item.path.parent.name == "hostile":
                item.add_marker(pytest.mark.outcome(issue_5.COST))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of asynchronous tests; the service knows no other."""
    return "asyncio"


@pytest.fixture(scope="session")
def aloud(pytestconfig: pytest.Config) -> Aloud:
    """Blocks in which a person sees what is printed, for what may take minutes when it is done for the first time."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    suspended: Aloud = capture.global_and_fixture_disabled
    return suspended


@pytest.fixture(scope="session")
def postgresql(aloud: Aloud) -> Iterator[Postgresql]:
    """A PostgreSQL server."""
    with aloud():
        postgresqls.programs()
    with postgresqls.running() as server:
        yield server


@pytest.fixture
def empty_database(postgresql: Postgresql) -> Iterator[str]:
    """The URL of a new PostgreSQL database without tables."""
    yield from _database(postgresql, template="template1")


@pytest.fixture
def migrated_database(postgresql: Postgresql, migrated_template: str) -> Iterator[str]:
    """The URL of a new PostgreSQL database with the current schema and no rows."""
    yield from _database(postgresql, template=migrated_template)


@pytest.fixture(scope="session")
def migrated_template(postgresql: Postgresql) -> str:
    """The name of a database with the current schema, to be copied; nobody stays connected to it."""
    asyncio.run(_migrate(postgresql.create(_MIGRATED)))
    return _MIGRATED


@pytest.fixture(scope="session")
def api_server(aloud: Aloud) -> Iterator[ApiServer]:
    """An API server without pods and controllers."""
    with aloud():
        api_servers.programs()
    with api_servers.running() as server:
        yield server


@pytest.fixture(scope="session")
def object_store(aloud: Aloud) -> Iterator[ObjectStore]:
    """An S3 object store."""
    with aloud():
        object_stores.program()
    with object_stores.running() as store:
        yield store


@pytest.fixture
def bucket(object_store: ObjectStore) -> S3Settings:
    """Settings of a new bucket, which a preflight makes."""
    return S3Settings(
        endpoint=object_store.endpoint,
        bucket=f"test-{next(_numbers)}",
        access_key=object_store.access_key,
        secret_key=object_store.secret_key,
        prefix="registry",
        bucket_policy="CreateIfMissing",
    )


@pytest.fixture
def browser(aloud: Aloud) -> Iterator[Page]:
    """An empty tab of a browser that has seen nothing yet."""
    with aloud():
        browsers.program()
    with browsers.running() as page:
        yield page


def _database(server: Postgresql, *, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    yield server.create(name, template=template)
    server.drop(name)


async def _migrate(url: str) -> None:
    database = open_database(url)
    try:
        async with database.transaction() as transaction:
            await migrate(transaction)
    finally:
        await database.close()
