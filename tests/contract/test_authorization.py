"""Every route of the running service, with every kind of credential: a table that only a hand changes.

`authorization.txt` has a line for each method and path that the service serves. A route without a line fails, and so
does a cell that is no longer true: 2xx, 3xx and 400 mean that the request was let in, 400 that it then was no good.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from fastapi import Depends, FastAPI

from registry_service.api.application import public_application
from registry_service.api.authorization import (
    InGroup,
    InProject,
    UndeclaredRouteError,
    require_declarations,
    requirement_of,
    routes_of,
)
from registry_service.api.docs.index import index_paths
from registry_service.api.reads import READ_METHODS
from registry_service.contract.sync import Grant, GrantedPermission, Rules, TokenEntry
from registry_service.contract.tokens import Scope, TokenType, mint
from registry_service.domain.access import Permission
from registry_service.domain.catalog import Visibility
from registry_service.use_cases.minting import TokenRequest
from tests.support import packages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_TABLE = Path(__file__).with_name("authorization.txt")
_WHEEL = packages.wheel()
_PLACEHOLDERS = {
    "project": "asked",
    "registry": "registry",
    "package": packages.EXAMPLE,
    "version": "9.9",
    "filename": _WHEEL.filename,
    "sha256": _WHEEL.sha256,
    # No such thing, so that one request leaves the next what it found.
    "package_id": "999",
    "file_id": "999",
}
_CREDENTIALS: Mapping[str, tuple[str, TokenType, tuple[Scope, ...]]] = {
    "api": ("asked", TokenType.PERSONAL, (Scope.API,)),
    "read_api": ("asked", TokenType.PERSONAL, (Scope.READ_API,)),
    "read": ("asked", TokenType.PERSONAL, (Scope.READ_PACKAGE_REGISTRY,)),
    "write": ("asked", TokenType.PERSONAL, (Scope.WRITE_PACKAGE_REGISTRY,)),
    "deploy": ("asked", TokenType.DEPLOY, (Scope.READ_PACKAGE_REGISTRY, Scope.WRITE_PACKAGE_REGISTRY)),
    "job": ("asked", TokenType.JOB, ()),
    "stranger": ("other", TokenType.PERSONAL, (Scope.API,)),
    "their-job": ("other", TokenType.JOB, ()),
}

_GRANTED = TokenEntry("", "", "granted", TokenType.PERSONAL, (Scope.API,), projects=("asked",))
_RULES = Rules(
    access=(
        Grant("readers", ("granted-read",), ("asked",), (GrantedPermission.READ,)),
        Grant("publishers", ("granted-publish",), ("asked",), (GrantedPermission.PUBLISH,)),
    )
)


async def _credentials(registry: Registry) -> dict[str, httpx2.Auth]:
    """One of each kind, and those that are worth nothing."""
    minting = registry.service.minting
    found = {"nobody": httpx2.Auth(), "wrong": _basic(mint(TokenType.PERSONAL, secrets.token_bytes))}
    expired = TokenRequest("asked", TokenType.PERSONAL, lifetime=timedelta(seconds=-1))
    found["expired"] = _basic(await minting.create_token(expired))
    revoked = await minting.create_token(TokenRequest("asked", TokenType.PERSONAL))
    await minting.revoke_token(revoked.split("_")[2])
    found["revoked"] = _basic(revoked)
    found["not-a-job"] = _basic(await minting.create_token(TokenRequest("asked", TokenType.JOB)))
    patterned = TokenRequest("asked", TokenType.PERSONAL, packages=("other-*",))
    found["patterned"] = _basic(await minting.create_token(patterned))
    for namespace in ("granted-read", "granted-publish", "asks-only"):
        (token,) = await registry.issue(namespace, _GRANTED)
        found[namespace] = _basic(token)
    for name, (project, kind, scopes) in _CREDENTIALS.items():
        token = await minting.create_token(TokenRequest(project, kind, scopes=scopes))
        found[name] = _basic(token, "gitlab-ci-token" if kind is TokenType.JOB else "somebody")
    return found


def _basic(token: str, username: str = "somebody") -> httpx2.Auth:
    return httpx2.BasicAuth(username, token)


def _served(registry: Registry) -> list[tuple[str, str]]:
    """Each method and path: FastAPI's routes, and the read path's."""
    app = public_application(registry.service)._inner.otherwise  # type: ignore[attr-defined]  # noqa: SLF001 - the routes
    found = {(method, route.path_format) for route in routes_of(app) for method in route.methods or ()}
    found |= {(method, path) for path in index_paths() for method in READ_METHODS}
    return sorted(found, key=lambda one: (one[1], one[0]))


async def _row(registry: Registry, method: str, path: str, who: Sequence[httpx2.Auth]) -> list[str]:
    filled = re.sub(r"{(\w+)}", lambda name: _PLACEHOLDERS[name[1]], path)
    return [str((await registry.http.request(method, filled, auth=one)).status_code) for one in who]


async def _table(registry: Registry, visibility: Visibility) -> str:
    for project, seen in (("asked", visibility), ("other", Visibility.PRIVATE)):
        await registry.service.minting.create_project(project, seen)
    registry.forget_failures_at_once()
    await registry.rule(_RULES)
    owner = await registry.token("asked")
    assert (await registry.publish(_WHEEL, owner, project="asked")).status_code == 201
    who = await _credentials(registry)
    served = _served(registry)
    width = max(len(f"{method} {path}") for method, path in served)
    lines = [" ".join([f"{visibility:{width}}", *who])]
    for method, path in served:
        row = await _row(registry, method, path, list(who.values()))
        cells = (f"{status:{len(name)}}" for status, name in zip(row, who, strict=True))
        lines.append(" ".join([f"{f'{method} {path}':{width}}", *cells]).rstrip())
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("visibility", list(Visibility))
async def test_every_route_answers_every_credential_as_the_table_says(
    registry: Registry, visibility: Visibility
) -> None:
    tables = dict(zip(Visibility, _TABLE.read_text().split("\n\n"), strict=True))
    assert await _table(registry, visibility) == tables[visibility].rstrip("\n") + "\n"


def _application(*dependencies: Callable[..., object]) -> FastAPI:
    app = FastAPI()

    @app.get("/{project}/{registry}", dependencies=[Depends(one) for one in dependencies])
    async def route() -> None:
        """A route."""

    return app


def test_a_route_that_declares_nothing_or_two_things_keeps_the_service_from_starting() -> None:
    reading = InProject(Permission.READ)
    for dependencies in ((), (reading, InGroup())):
        with pytest.raises(UndeclaredRouteError, match="must declare one requirement"):
            require_declarations(_application(*dependencies))
    require_declarations(_application(reading))


async def test_what_a_route_needs_can_be_told(registry: Registry) -> None:
    app = public_application(registry.service)._inner.otherwise  # type: ignore[attr-defined]  # noqa: SLF001 - the routes
    needs = {requirement_of(route).needs for route in routes_of(app)}
    assert {"read in the project", "publish in the project", "curate in the project", "read in the group"} < needs
    assert all(need.startswith(("read ", "publish ", "curate ", "nothing: ")) for need in needs)
