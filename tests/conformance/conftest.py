"""Registries for real clients: the same tests against SQLite with a folder, and PostgreSQL with an object store."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from registry_service.contract.sync import Rules
from registry_service.storage.s3_client import S3Settings
from tests.conformance.programs import Programs
from tests.support import environments, service
from tests.support import traefik as traefiks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conftest import Aloud
    from tests.support.object_store import ObjectStore
    from tests.support.postgresql import Postgresql
    from tests.support.service import Pod, Registry, Standalone
    from tests.support.traefik import Proxied, Traefik

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def one_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    """A registry on SQLite and a folder."""
    with service.standalone(tmp_path_factory.mktemp("standalone")) as running:
        yield running


@pytest.fixture(scope="session")
def in_a_pod(
    tmp_path_factory: pytest.TempPathFactory, postgresql: Postgresql, object_store: ObjectStore
) -> Iterator[Pod]:
    """A registry on PostgreSQL and an object store, told what to do through its sync port."""
    bucket = S3Settings(
        endpoint=object_store.endpoint,
        bucket="conformance",
        access_key=object_store.access_key,
        secret_key=object_store.secret_key,
        bucket_policy="CreateIfMissing",
    )
    with service.pod(tmp_path_factory.mktemp("pod"), postgresql.create("conformance"), bucket) as running:
        running.rules(Rules())
        yield running


@pytest.fixture(scope="session")
def traefik(
    tmp_path_factory: pytest.TempPathFactory, aloud: Aloud, one_machine: Standalone, in_a_pod: Pod
) -> Iterator[Traefik]:
    """Traefik in front of both: plain HTTP for the one machine, TLS for the pod."""
    with aloud():
        traefiks.program()
    with traefiks.running(tmp_path_factory.mktemp("traefik"), web=one_machine, websecure=in_a_pod) as running:
        yield running


@pytest.fixture(scope="session")
def web(traefik: Traefik) -> Proxied:
    """The registry on one machine, through Traefik without TLS."""
    return traefik.web


@pytest.fixture(scope="session")
def websecure(traefik: Traefik) -> Proxied:
    """The registry in a pod, through Traefik with TLS."""
    return traefik.websecure


@pytest.fixture(scope="session", params=["one_machine", "in_a_pod"])
def registry(request: pytest.FixtureRequest) -> Registry:
    """Each kind of registry in turn, asked directly; see `ways` for tests that go through Traefik too."""
    running: Registry = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def access(registry: Registry) -> Access:
    """A new project of the registry, empty and private, and a personal token for it."""
    return registry.project(f"project-{next(_numbers)}")


@pytest.fixture(scope="session")
def _clients(aloud: Aloud) -> None:
    with aloud():
        for name in environments.CLIENTS:
            environments.client(name)


@pytest.fixture
def programs(tmp_path: Path, _clients: None) -> Programs:
    """Clients that have never run before."""
    home = tmp_path / "home"
    home.mkdir()
    return Programs(home)
