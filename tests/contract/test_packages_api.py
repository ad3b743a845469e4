"""GitLab's packages API over HTTP, on each pair of adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_service.contract.tokens import Scope, TokenType
from tests.support import packages

if TYPE_CHECKING:
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_PACKAGES = "/api/v4/projects/demo/packages"


async def test_packages_are_listed_with_their_files(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel("1.0")
    for file in (wheel, packages.sdist("1.0"), packages.wheel("2.0"), packages.wheel("1.0", name="other")):
        assert (await registry.publish(file, token)).status_code == 201
    query = {"package_name": "mypypi", "order_by": "version", "sort": "desc", "per_page": "1"}
    listed = await registry.http.get(_PACKAGES, params=query, headers={"private-token": token})
    (package,) = listed.json()
    assert (package["name"], package["version"], package["package_type"]) == ("mypypipackage", "2.0", "pypi")
    assert (listed.headers["x-total"], listed.headers["x-next-page"]) == ("2", "2")
    assert (
        f"<http://registry.example{_PACKAGES}?package_name=mypypi&order_by=version&sort=desc&page=2"
        in (listed.headers["link"])
    )
    assert (await registry.http.get(package["_links"]["delete_api_path"], auth=("a", token))).json() == package
    files = (await registry.http.get(f"{_PACKAGES}/1/package_files", auth=("a", token))).json()
    assert (files[0]["file_name"], files[0]["file_sha256"]) == (wheel.filename, wheel.sha256)
    assert [file["package_id"] for file in files] == [1, 1]


@pytest.mark.parametrize("query", ["order_by=x", "sort=up", "page=0", "page=x", "per_page=-1", f"page={'9' * 30}"])
async def test_a_parameter_that_makes_no_sense_is_refused(registry: Registry, query: str) -> None:
    answer = await registry.http.get(f"{_PACKAGES}?{query}", auth=("a", await registry.token()))
    assert answer.status_code == 400


async def test_a_deleted_package_is_gone_and_its_names_stay_taken(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel("1.0")
    for file in (wheel, packages.wheel("2.0")):
        await registry.publish(file, token)
    url = f"/api/v4/projects/demo/packages/pypi/files/{wheel.sha256}/{wheel.filename}"
    assert (await registry.http.get(url, auth=("a", token))).status_code == 200
    assert (await registry.http.delete(f"{_PACKAGES}/1", auth=("a", token))).status_code == 204
    assert await registry.filenames("mypypipackage", token) == ["mypypipackage-2.0-py3-none-any.whl"]
    for gone in (url, f"{url}.metadata", f"{_PACKAGES}/1", f"{_PACKAGES}/1/package_files"):
        assert (await registry.http.get(gone, auth=("a", token))).status_code == 404
    assert (await registry.http.delete(f"{_PACKAGES}/1", auth=("a", token))).status_code == 404
    for again in (wheel, packages.wheel("1.0", padding=10), packages.wheel("1.0.0")):
        refused = await registry.publish(again, token)
        assert refused.status_code == 400
        assert "has since been deleted" in refused.json()["message"]


async def test_the_last_file_leaves_an_empty_page_that_goes_nowhere_else(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    assert (await registry.http.delete(f"{_PACKAGES}/1/package_files/1", auth=("a", token))).status_code == 204
    assert await registry.filenames("mypypipackage", token) == []
    assert "mypypipackage" not in (await registry.http.get(f"{_PACKAGES}/pypi/simple/", auth=("a", token))).text
    assert (await registry.http.get(_PACKAGES, auth=("a", token))).json() == []
    assert (await registry.publish(packages.sdist("1.0"), token)).status_code == 201
    assert await registry.filenames("mypypipackage", token) == ["mypypipackage-1.0.tar.gz"]


async def test_only_the_scope_api_may_delete(registry: Registry) -> None:
    await registry.publish(packages.wheel("1.0"), await registry.token())
    for token in (
        await registry.token("demo", TokenType.PERSONAL, Scope.READ_API),
        await registry.token("demo", TokenType.DEPLOY),
    ):
        for path in ("/1", "/1/package_files/1"):
            assert (await registry.http.delete(_PACKAGES + path, auth=("a", token))).status_code == 403
    assert (await registry.http.delete(f"{_PACKAGES}/1")).status_code == 401
    assert (await registry.http.get(_PACKAGES)).status_code == 401
