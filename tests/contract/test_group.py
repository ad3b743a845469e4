"""The group index: one URL and one token for every project that a reader may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.catalog import Visibility
from registry_service.errors import RefusedError
from tests.support import packages

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry
    from tests.support.packages import Distribution

pytestmark = pytest.mark.anyio

_GROUP = "/api/v4/groups/registry/-/packages/pypi"
_JSON = {"accept": "application/vnd.pypi.simple.v1+json"}


async def _read(registry: Registry, path: str, token: str) -> httpx2.Response:
    return await registry.http.get(f"{_GROUP}/{path}", auth=("__token__", token), headers=_JSON)


async def _publish(registry: Registry, project: str, *files: Distribution) -> None:
    visibility = Visibility.PRIVATE if project == "secret" else Visibility.INTERNAL
    try:
        await registry.service.minting.create_project(project, visibility)
    except RefusedError:
        assert project == "demo"
    token = await registry.token(project)
    for file in files:
        assert (await registry.publish(file, token, project=project)).status_code == 201


async def _names(registry: Registry, token: str) -> list[str]:
    return [entry["name"] for entry in (await _read(registry, "simple/", token)).json()["projects"]]


async def test_the_root_lists_what_the_reader_may_read_once(registry: Registry) -> None:
    await _publish(registry, "demo", packages.wheel(name="mine"), packages.wheel(name="both"))
    await _publish(registry, "shared", packages.wheel(name="theirs"), packages.wheel(name="both"))
    await _publish(registry, "secret", packages.wheel(name="hidden"))
    token = await registry.token()
    assert await _names(registry, token) == ["both", "mine", "theirs"]
    assert await _names(registry, await registry.token("secret")) == ["both", "hidden", "theirs"]


async def test_a_package_comes_from_one_project_the_readers_own_first(registry: Registry) -> None:
    await _publish(registry, "zebra", packages.wheel("9.0"))
    await _publish(registry, "aardvark", packages.wheel("2.0"))
    token = await registry.token()
    others = (await _read(registry, "simple/mypypipackage/", token)).json()
    assert others["versions"] == ["2.0"]
    await _publish(registry, "demo", packages.wheel("1.0"))
    own = (await _read(registry, "simple/MyPyPiPackage", token)).json()
    assert own["versions"] == ["1.0"]
    (file,) = own["files"]
    assert file["url"].startswith(f"{_GROUP}/files/")
    content = await registry.http.get(file["url"], auth=("a", token))
    assert content.content == packages.wheel("1.0").content
    assert (await registry.http.get(file["url"] + ".metadata", auth=("a", token))).status_code == 200


async def test_a_file_of_a_shadowed_package_is_not_served(registry: Registry) -> None:
    await _publish(registry, "shared", packages.wheel("2.0"))
    token = await registry.token()
    (file,) = (await _read(registry, "simple/mypypipackage/", token)).json()["files"]
    await _publish(registry, "demo", packages.wheel("1.0"))
    assert (await registry.http.get(file["url"], auth=("a", token))).status_code == 404


async def test_a_name_that_the_own_project_deleted_is_nobody_elses(registry: Registry) -> None:
    await _publish(registry, "demo", packages.wheel("1.0"))
    await _publish(registry, "shared", packages.wheel("2.0"))
    token = await registry.token()
    (release,) = (await registry.http.get("/api/v4/projects/demo/packages", auth=("a", token))).json()
    await registry.http.delete(release["_links"]["delete_api_path"], auth=("a", token))
    page = await _read(registry, "simple/mypypipackage/", token)
    assert (page.status_code, page.json()["files"]) == (200, [])


async def test_what_a_private_project_holds_does_not_exist(registry: Registry) -> None:
    await _publish(registry, "secret", packages.wheel(name="hidden"))
    token = await registry.token()
    assert (await _read(registry, "simple/hidden/", token)).status_code == 404
    hidden = packages.wheel(name="hidden")
    assert (await _read(registry, f"files/{hidden.sha256}/{hidden.filename}", token)).status_code == 404


async def test_the_root_changes_with_what_it_lists(registry: Registry) -> None:
    await _publish(registry, "demo", packages.wheel(name="mine"))
    token = await registry.token()
    assert await _names(registry, token) == ["mine"]
    await _publish(registry, "shared", packages.wheel(name="theirs"))
    assert await _names(registry, token) == ["mine", "theirs"]


async def test_only_a_token_that_reads_opens_the_group(registry: Registry) -> None:
    await registry.service.minting.create_project("open", Visibility.PUBLIC)
    anonymous = await registry.http.get(f"{_GROUP}/simple/")
    assert (anonymous.status_code, "www-authenticate" in anonymous.headers) == (401, True)
    assert (await _read(registry, "simple/", "wrong")).status_code == 401
    writer = await registry.token("demo", TokenType.DEPLOY, Scope.WRITE_PACKAGE_REGISTRY)
    assert (await _read(registry, "simple/", writer)).status_code == 403
    reader = ("a", await registry.token())
    for path in ("/api/v4/groups/other/-/packages/pypi/simple/", "/api/v4/groups/other/-/packages/pypi/simple/x/"):
        unknown = await registry.http.get(path, auth=reader)
        assert (unknown.status_code, unknown.json()) == (404, {"message": "404 Group Not Found"})
