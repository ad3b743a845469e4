"""The whole service, composed as in production, on each pair of adapters: SQLite and a folder, PostgreSQL and S3."""

from __future__ import annotations

import secrets
import shutil
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.api.application import public_application
from registry_service.api.sync import sync_application
from registry_service.archives import ArchivePool
from registry_service.composition import compose
from registry_service.contract import sync
from registry_service.contract.sync import Rules, TokenEntry, TokenSet
from registry_service.contract.tokens import Scope, TokenType, digest, mint
from registry_service.contract.wire import encode
from registry_service.database.identity import Identity
from registry_service.database.migrating import migrate
from registry_service.database.transaction import open_database
from registry_service.domain.catalog import Visibility
from registry_service.settings import Settings
from registry_service.use_cases.minting import TokenRequest
from tests.support import packages
from tests.support.token_world import world
from tests.support.wire import served

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from registry_service.archives.process import Reader
    from registry_service.use_cases.service import Service
    from tests.support.packages import Distribution
    from tests.support.token_world import World

SYNC_KEY = "the sync key of these tests"
LIMIT = 3 * 1024 * 1024


@dataclass(frozen=True)
class Registry:
    """A service with the project `demo`, and clients for its ports."""

    service: Service
    http: httpx2.AsyncClient
    sync: httpx2.AsyncClient

    def forget_failures_at_once(self) -> None:
        """Never tell who fails to wait: a table asks more often with a wrong token than a guesser may."""
        self.service.authenticating.failures.by_token.limit = sys.maxsize

    async def token(self, project: str = "demo", kind: TokenType = TokenType.PERSONAL, *scopes: Scope) -> str:
        return await self.service.minting.create_token(TokenRequest(project, kind, scopes=scopes))

    async def rule(self, rules: Rules) -> None:
        """Give the registry new rules, as the operator does."""
        etag = (await self.sync.get(sync.RULES_PATH)).headers["etag"]
        answer = await self.sync.put(sync.RULES_PATH, content=encode(rules), headers={"if-match": etag})
        assert answer.status_code == httpx2.codes.OK, answer.text

    async def issue(self, namespace: str, *entries: TokenEntry) -> list[str]:
        """Mint a token for each entry, whose id and digest are filled in, and send them as the namespace's set."""
        made = [mint(entry.type, secrets.token_bytes) for entry in entries]
        filled = (
            replace(entry, id=token.split("_")[2], digest=digest(token))
            for entry, token in zip(entries, made, strict=True)
        )
        path = f"{sync.SETS_PATH}/uid-of-{namespace}"
        etag = (await self.sync.get(path)).headers["etag"]
        body = encode(TokenSet(namespace, tuple(filled)))
        answer = await self.sync.put(path, content=body, headers={"if-match": etag})
        assert answer.status_code == httpx2.codes.OK, answer.text
        return made

    async def publish(self, file: Distribution, token: str, *, project: str = "demo", **fields: str) -> httpx2.Response:
        name, version = file.filename.removesuffix(".tar.gz").split("-")[:2]
        form = {":action": "file_upload", "name": name, "version": version, **fields}
        return await self.http.post(
            f"/api/v4/projects/{project}/packages/pypi",
            data=form,
            files={"content": (file.filename, file.content)},
            auth=("__token__", token),
        )

    async def page(
        self, token: str, name: str = packages.EXAMPLE, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        return await self.http.get(
            f"/api/v4/projects/demo/packages/pypi/simple/{name}/",
            headers={"accept": "application/vnd.pypi.simple.v1+json", **(headers or {})},
            auth=("__token__", token),
        )

    async def filenames(self, package: str, token: str) -> Sequence[str]:
        response = await self.page(token, package)
        assert response.status_code == httpx2.codes.OK, response.text
        return [file["filename"] for file in response.json()["files"]]


def settings(folder: Path, database_url: str, request: pytest.FixtureRequest) -> Settings:
    """A pod's settings for PostgreSQL, those of one machine for SQLite; both with a sync port."""
    (folder / "key").write_text(SYNC_KEY)
    alone = database_url.startswith("sqlite")
    return Settings(
        database_url=database_url,
        data=folder if alone else None,
        store=folder / "blobs" if alone else request.getfixturevalue("bucket"),
        identity=Identity(),
        external_url="http://registry.example",
        trusted_proxies=(),
        max_upload_size=LIMIT,
        sync_directory=folder,
        termination_message=None,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.db'}"
    url: str = request.getfixturevalue("empty_database")
    return url


@pytest.fixture(scope="session")
async def readers(anyio_backend: str) -> AsyncIterator[deque[Reader]]:
    """Warm readers of archives, which every service of the session takes and gives back."""
    async with ArchivePool() as pool:
        await pool.warm()
        yield pool._idle  # noqa: SLF001 - a service of production starts its own


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> Path:
    """An SQLite database with the current schema, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "registry.db"
    database = open_database(f"sqlite:///{file}")
    async with database.transaction() as tx:
        await migrate(tx)
    await database.close()
    return file


@pytest.fixture
async def registry(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str, readers: deque[Reader], migrated_file: Path
) -> AsyncIterator[Registry]:
    """A service that was founded and has one private project."""
    if database_url.startswith("sqlite"):
        shutil.copy(migrated_file, database_url.removeprefix("sqlite:///"))
    service = compose(settings(tmp_path, database_url, request))
    service.archives._idle = readers  # noqa: SLF001 - as above
    await service.founding.migrate()
    await service.minting.create_project("demo", Visibility.PRIVATE)
    async with (
        _client(public_application(service)) as http,
        _client(sync_application(service), authorization=f"Bearer {SYNC_KEY}") as sync,
    ):
        yield Registry(service, http, sync)
    await service.database.close()


@pytest.fixture
async def wire(registry: Registry) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that speaks to the same service over a socket."""
    async with served(public_application(registry.service)) as client:
        yield client


def _client(app: object, **headers: str) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type]  # an ASGI application, of whatever make
    return httpx2.AsyncClient(transport=transport, base_url="http://registry.example", headers=headers)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A registry, a cluster and an operator in one process."""
    async with world(tmp_path) as made:
        yield made
