"""Who may read, publish and curate: every kind of token against every visibility, on every kind of route.

The statuses are GitLab's, where design section 5 does not say otherwise.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from registry_service.contract import urls
from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.catalog import Visibility
from tests.support import packages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_READ, _WRITE = Scope.READ_PACKAGE_REGISTRY, Scope.WRITE_PACKAGE_REGISTRY
_WHEEL = packages.wheel()
_NAME, _VERSION = packages.EXAMPLE, "0.0.1"
# In the order in which they are published.
_NUMBERS = {visibility.value: number for number, visibility in enumerate(Visibility, start=1)}
# Statuses for reading, publishing and curating.
Row = tuple[int, int, int]
_ALL: Row = (200, 201, 204)
_READER: Row = (200, 403, 403)
_USER: Row = (200, 201, 403)
_WRITER: Row = (403, 201, 403)
_REFUSED: Row = (403, 403, 403)
_NOBODY: Row = (401, 401, 401)
_STRANGER: Row = (404, 404, 404)


@dataclass(frozen=True)
class Asker:
    """Who asks: with a token of the project itself, or of another (`own` is False), or with none."""

    name: str
    private: Row
    internal: Row
    public: Row
    kind: TokenType | None = None
    scopes: tuple[Scope, ...] = ()
    own: bool = True
    username: str = "gitlab-ci-token"
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


_ASKERS = (
    Asker("nobody", _NOBODY, _NOBODY, (200, 401, 401)),
    Asker("a wrong token", _NOBODY, _NOBODY, _NOBODY, headers={"private-token": "pyr_p_wrong"}),
    Asker("an unreadable header", _NOBODY, _NOBODY, _NOBODY, headers={"authorization": "Digest x"}),
    Asker("own personal", _ALL, _ALL, _ALL, TokenType.PERSONAL),
    Asker("own personal that reads", _READER, _READER, _READER, TokenType.PERSONAL, (Scope.READ_API,)),
    Asker("own deploy", _USER, _USER, _USER, TokenType.DEPLOY),
    Asker("own deploy that reads", _READER, _READER, _READER, TokenType.DEPLOY, (_READ,)),
    Asker("own deploy that writes", _WRITER, _WRITER, _WRITER, TokenType.DEPLOY, (_WRITE,)),
    Asker("own job", _USER, _USER, _USER, TokenType.JOB),
    Asker("own job by another name", _NOBODY, _NOBODY, _NOBODY, TokenType.JOB, username="someone"),
    Asker("another's personal", _STRANGER, _READER, _READER, TokenType.PERSONAL, own=False),
    Asker("another's deploy", _STRANGER, _READER, _READER, TokenType.DEPLOY, own=False),
    Asker("another's that writes", _STRANGER, _REFUSED, _REFUSED, TokenType.DEPLOY, (_WRITE,), own=False),
    Asker("another's job", _STRANGER, _READER, _READER, TokenType.JOB, own=False),
)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind of database: none of this is decided there."""
    return f"sqlite:///{tmp_path / 'registry.db'}"


@pytest.fixture
async def filled(registry: Registry) -> Registry:
    """A project of each visibility, with a package, and another project."""
    registry.forget_failures_at_once()
    for visibility in Visibility:
        await registry.service.minting.create_project(visibility.value, visibility)
        token = await registry.token(visibility.value)
        assert (await registry.publish(_WHEEL, token, project=visibility.value)).status_code == 201
    return registry


async def _credential(registry: Registry, asker: Asker, project: str) -> httpx2.BasicAuth | None:
    if asker.kind is None:
        return None
    token = await registry.token(project if asker.own else "demo", asker.kind, *asker.scopes)
    return httpx2.BasicAuth(asker.username, token)


def _reads(project: str, number: int) -> list[str]:
    index, file = urls.index_path(project), urls.file_path(urls.upload_path(project), _WHEEL.sha256, _WHEEL.filename)
    packages_api = f"/api/v4/projects/{project}/packages"
    shown = f"{packages_api}/{number}"
    return [f"{index}/", f"{index}/{_NAME}/", file, f"{file}.metadata", packages_api, shown, f"{shown}/package_files"]


def _changes(project: str) -> list[tuple[str, str]]:
    package = f"/api/v1/projects/{project}/packages/{_NAME}"
    yanks = [f"{package}/{_VERSION}/yank", f"{package}/{_VERSION}/files/{_WHEEL.filename}/yank"]
    marks = [f"{package}/status", f"/api/v1/projects/{project}/status"]
    return [*itertools.product(("PUT", "DELETE"), yanks), *itertools.product(("PUT",), marks)]


@pytest.mark.parametrize("asker", _ASKERS, ids=str)
async def test_who_may_what(filled: Registry, asker: Asker) -> None:
    rows = (asker.private, asker.internal, asker.public)
    for visibility, row in zip(Visibility, rows, strict=True):
        await _prove(filled, asker, visibility.value, row)


async def _prove(filled: Registry, asker: Asker, project: str, row: Row) -> None:
    read, publish, curate = row
    number = _NUMBERS[project]
    auth = await _credential(filled, asker, project)

    async def status(method: str, path: str, **body: Any) -> int:  # Any: what httpx takes as a body
        answer = await filled.http.request(method, path, headers=asker.headers, auth=auth, **body)
        return answer.status_code

    for method, path in itertools.product(("GET", "HEAD"), _reads(project, number)):
        assert await status(method, path) == read, (method, path)
    form = {"name": _NAME, "version": _VERSION}
    file = {"content": (_WHEEL.filename, _WHEEL.content)}
    assert await status("POST", urls.upload_path(project), data=form, files=file) == publish
    for method, path in _changes(project):
        body = {"json": {"status": "active"}} if method == "PUT" else {}
        assert await status(method, path, **body) == curate, (method, path)
    package = f"/api/v4/projects/{project}/packages/{number}"
    # Who may not delete is not told that there is no such file.
    assert await status("DELETE", f"{package}/package_files/999") == (404 if curate == 204 else curate)
    assert await status("DELETE", package) == curate


@pytest.mark.parametrize("way", ["basic", "private-token", "deploy-token", "bearer"])
async def test_every_way_to_give_a_token_and_to_name_a_project(filled: Registry, way: str) -> None:
    token = await filled.token("private")
    headers = {"authorization": f"Bearer {token}"} if way == "bearer" else {way: token}
    auth = httpx2.BasicAuth("__token__", token) if way == "basic" else None
    project = await filled.http.get("/api/v4/projects/private/packages", auth=("a", token))
    number = project.json()[0]["_links"]["delete_api_path"].split("/")[-3]
    for reference in ("private", number):
        for path in ("packages", "packages/pypi/simple/"):
            answer = await filled.http.get(f"/api/v4/projects/{reference}/{path}", headers=headers, auth=auth)
            assert answer.status_code == 200, path
            assert _NAME in answer.text
