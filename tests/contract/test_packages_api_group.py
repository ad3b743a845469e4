"""The list of all packages that a reader may read, whatever project holds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.catalog import Visibility
from tests.support import packages

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_GROUP = "/api/v4/groups/registry/packages"


@pytest.fixture
async def token(registry: Registry) -> str:
    """Four projects with a package each, and a token of `demo`, which may read three of them."""
    seen = {"zebra": Visibility.INTERNAL, "aardvark": Visibility.PUBLIC, "secret": Visibility.PRIVATE}
    for project, visibility in seen.items():
        await registry.service.minting.create_project(project, visibility)
    for project in ("demo", *seen):
        wheel = packages.wheel(name=f"of-{project}")
        assert (await registry.publish(wheel, await registry.token(project), project=project)).status_code == 201
    return await registry.token()


async def _list(registry: Registry, token: str, **query: str) -> httpx2.Response:
    return await registry.http.get(_GROUP, params=query, headers={"private-token": token})


def _paths(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [package["project_path"] for package in answer.json()]


async def test_a_group_lists_what_its_reader_may_read(registry: Registry, token: str) -> None:
    listed = await _list(registry, token)
    assert _paths(listed) == ["demo", "zebra", "aardvark"]
    assert listed.headers["x-total"] == "3"
    own, other, _ = listed.json()
    assert (own["name"], own["project_id"], other["project_id"]) == ("of-demo", 1, 2)
    assert other["_links"] == {"web_path": "/zebra/-/packages/2"}
    assert own["_links"]["delete_api_path"] == "http://registry.example/api/v4/projects/1/packages/1"
    assert _paths(await _list(registry, await registry.token("secret"))) == ["zebra", "aardvark", "secret"]


async def test_a_group_is_sorted_by_the_paths_of_its_projects(registry: Registry, token: str) -> None:
    assert _paths(await _list(registry, token, order_by="project_path")) == ["aardvark", "demo", "zebra"]
    first = await _list(registry, token, order_by="project_path", sort="desc", pagination="keyset", per_page="2")
    assert _paths(first) == ["zebra", "demo"]
    link = re.fullmatch(r'<(.*)>; rel="next"', first.headers["link"])
    assert link
    rest = await registry.http.get(link[1], headers={"private-token": token})
    assert _paths(rest) == ["aardvark"]
    assert "link" not in rest.headers


async def test_the_same_package_in_two_projects_is_listed_twice(registry: Registry, token: str) -> None:
    await registry.publish(packages.wheel(name="of-zebra"), token)
    assert _paths(await _list(registry, token, package_name="of-zebra")) == ["zebra", "demo"]


async def test_a_group_is_for_readers(registry: Registry) -> None:
    assert (await registry.http.get(_GROUP)).status_code == 401
    writer = await registry.token("demo", TokenType.DEPLOY, Scope.WRITE_PACKAGE_REGISTRY)
    assert (await _list(registry, writer)).status_code == 403
    other = await registry.http.get("/api/v4/groups/other/packages", auth=("a", await registry.token()))
    assert (other.status_code, other.json()) == (404, {"message": "404 Group Not Found"})
    assert (await _list(registry, await registry.token(), order_by="size")).status_code == 400
