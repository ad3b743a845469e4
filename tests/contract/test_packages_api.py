"""GitLab's packages API over HTTP, on each pair of adapters."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from registry_service.contract.tokens import Scope, TokenType
from registry_service.database.schema import file
from tests.support import packages

if TYPE_CHECKING:
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_PACKAGES = "/api/v4/projects/demo/packages"


async def test_packages_are_listed_with_their_files(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel("1.0")
    for published in (wheel, packages.sdist("1.0"), packages.wheel("2.0"), packages.wheel("1.0", name="other")):
        assert (await registry.publish(published, token)).status_code == 201
    query = {"package_name": "mypypi", "order_by": "version", "sort": "desc", "per_page": "1"}
    listed = await registry.http.get(_PACKAGES, params=query, headers={"private-token": token})
    (package,) = listed.json()
    assert (package["name"], package["version"], package["package_type"]) == ("mypypipackage", "2.0", "pypi")
    assert (listed.headers["x-total"], listed.headers["x-next-page"]) == ("2", "2")
    assert (
        f"<http://registry.example{_PACKAGES}?package_name=mypypi&order_by=version&sort=desc&page=2"
        in (listed.headers["link"])
    )
    assert package["_links"]["delete_api_path"] == f"http://registry.example/api/v4/projects/1/packages/{package['id']}"
    shown = (await registry.http.get(package["_links"]["delete_api_path"], auth=("a", token))).json()
    versions = shown.pop("versions")
    assert shown == package
    assert [(other["id"], other["version"]) for other in versions] == [(1, "1.0")]


async def test_a_package_says_what_its_files_are(registry: Registry) -> None:
    token, wheel, sdist = await registry.token(), packages.wheel("1.0"), packages.sdist("1.0")
    for published in (wheel, sdist):
        await registry.publish(published, token)
    files = await registry.http.get(f"{_PACKAGES}/1/package_files", auth=("a", token))
    assert files.headers["x-total"] == "2"
    for shown, published in zip(files.json(), (wheel, sdist), strict=True):
        assert {name: value for name, value in shown.items() if name not in ("id", "created_at")} == {
            "package_id": 1,
            "file_name": published.filename,
            "size": len(published.content),
            "file_md5": hashlib.md5(published.content).hexdigest(),
            "file_sha1": hashlib.sha1(published.content).hexdigest(),
            "file_sha256": published.sha256,
        }
    query = {"order_by": "file_name", "sort": "desc", "per_page": "1", "page": "2"}
    second = await registry.http.get(f"{_PACKAGES}/1/package_files", params=query, auth=("a", token))
    assert [shown["file_name"] for shown in second.json()] == [wheel.filename]
    assert 'order_by=file_name&sort=desc&page=1&per_page=1>; rel="prev"' in second.headers["link"]
    refused = await registry.http.get(f"{_PACKAGES}/1/package_files?order_by=size", auth=("a", token))
    assert refused.status_code == 400


async def test_a_file_that_was_published_before_has_no_sha1(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    async with registry.service.database.transaction() as tx:
        await tx.execute(update(file).values(sha1=None))
    (shown,) = (await registry.http.get(f"{_PACKAGES}/1/package_files", auth=("a", token))).json()
    assert shown["file_sha1"] is None


async def test_head_answers_like_get(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    for path in ("", "/1", "/1/package_files"):
        answers = [
            await registry.http.request(method, _PACKAGES + path, auth=("a", token)) for method in ("HEAD", "GET")
        ]
        assert answers[0].status_code == answers[1].status_code == 200
        assert answers[0].headers == answers[1].headers


async def test_a_deleted_package_is_gone_and_its_names_stay_taken(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel("1.0")
    for published in (wheel, packages.wheel("2.0")):
        await registry.publish(published, token)
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
