"""Project and package status (PEP 792) over HTTP, on each pair of adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.access import Permission
from registry_service.domain.audit import COMMAND, Action
from registry_service.domain.credentials import Credential
from registry_service.domain.status import Status, StatusMarker
from tests.support import packages

if TYPE_CHECKING:
    import httpx2

    from registry_service.use_cases.authenticating import Access
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_PROJECT = "/api/v1/projects/demo/status"
_PACKAGE = "/api/v1/projects/demo/packages/MyPyPiPackage/status"


async def _mark(registry: Registry, token: str, path: str, status: str, reason: str = "") -> httpx2.Response:
    return await registry.http.put(path, json={"status": status, "reason": reason}, auth=("a", token))


@pytest.mark.parametrize("path", [_PROJECT, _PACKAGE])
async def test_an_archived_package_is_served_and_takes_no_uploads(registry: Registry, path: str) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    assert (await _mark(registry, token, path, "archived", "use newpackage")).status_code == 204
    page = (await registry.page(token)).json()
    assert page["project-status"] == {"status": "archived", "reason": "use newpackage"}
    assert (await registry.http.get(page["files"][0]["url"], auth=("a", token))).status_code == 200
    refused = await registry.publish(packages.wheel("2.0"), token)
    assert refused.status_code == 403
    assert refused.json()["message"].endswith("is archived and takes no uploads: use newpackage")
    assert refused.json()["message"].startswith("403 Forbidden - The ")
    assert len((await registry.page(token)).json()["files"]) == 1
    assert (await _mark(registry, token, path, "active")).status_code == 204
    assert (await registry.publish(packages.wheel("2.0"), token)).status_code == 201
    assert "project-status" not in (await registry.page(token)).json()


@pytest.mark.parametrize("path", [_PROJECT, _PACKAGE])
async def test_a_quarantined_package_offers_nothing_and_loses_nothing(registry: Registry, path: str) -> None:
    token, wheel = await registry.token(), packages.wheel("1.0")
    await registry.publish(wheel, token)
    url = (await registry.page(token)).json()["files"][0]["url"]
    await _mark(registry, token, path, "quarantined", "malware")
    page = await registry.page(token)
    assert (page.status_code, page.json()["files"], page.json()["versions"]) == (200, [], ["1.0"])
    for hidden in (url, url + ".metadata"):
        refused = await registry.http.get(hidden, auth=("a", token))
        assert refused.status_code == 403
        assert refused.headers["x-error-message"] == "The package mypypipackage is quarantined: malware"
    assert (await registry.publish(packages.wheel("2.0"), token)).status_code == 403
    await _mark(registry, token, path, "active")
    assert (await registry.http.get(url, auth=("a", token))).content == wheel.content


async def test_a_deprecated_package_says_so_and_goes_on(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    before = (await registry.page(token)).headers["etag"]
    await _mark(registry, token, _PACKAGE, "deprecated")
    page = await registry.page(token)
    assert (page.json()["project-status"], page.headers["etag"] != before) == ({"status": "deprecated"}, True)
    html = (await registry.page(token, headers={"accept": "text/html"})).text
    assert '<meta name="pypi:project-status" content="deprecated">' in html
    assert (await registry.publish(packages.wheel("2.0"), token)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"status": 1}', b'{"status": "gone"}', b'{"status": "active", "reason": "two\\nlines"}'],
)
@pytest.mark.parametrize("path", [_PROJECT, _PACKAGE])
async def test_a_status_is_one_of_four_with_a_reason_of_one_line(registry: Registry, path: str, body: bytes) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    assert (await registry.http.put(path, content=body, auth=("a", token))).status_code == 400
    assert "project-status" not in (await registry.page(token)).json()


async def test_only_owners_mark_what_is_there(registry: Registry) -> None:
    token = await registry.token()
    assert (await _mark(registry, token, _PACKAGE, "archived")).status_code == 404
    await registry.publish(packages.wheel("1.0"), token)
    reader = await registry.token("demo", TokenType.DEPLOY, Scope.READ_PACKAGE_REGISTRY)
    for path in (_PROJECT, _PACKAGE):
        assert (await _mark(registry, reader, path, "archived")).status_code == 403
        assert (await registry.http.put(path, json={"status": "archived"})).status_code == 401


@pytest.mark.parametrize("package", [None, "MyPyPiPackage"])
async def test_no_token_lifts_or_empties_a_quarantine_of_the_registrys_owner(
    registry: Registry, package: str | None
) -> None:
    """Hidden at once, and kept: file, rows and trail stay as they are until the owner has looked at them."""
    token, wheel = await registry.token(), packages.wheel("1.0")
    await registry.publish(wheel, token)
    url = (await registry.page(token)).json()["files"][0]["url"]
    path = _PROJECT if package is None else _PACKAGE
    mark = registry.service.curating.mark_by_command
    await mark("demo", package, StatusMarker(Status.QUARANTINED, "malware"))
    assert (await registry.page(token)).json()["files"] == []
    assert (await registry.http.get(url, auth=("a", token))).status_code == 403
    for status in Status:
        refused = await _mark(registry, token, path, status)
        assert (refused.status_code, "by the registry's owner" in refused.json()["message"]) == (403, True)
    listed = (await registry.http.get("/api/v4/projects/demo/packages", auth=("a", token))).json()
    release = f"/api/v4/projects/demo/packages/{listed[0]['id']}"
    files = (await registry.http.get(f"{release}/package_files", auth=("a", token))).json()
    for evidence in (release, f"{release}/package_files/{files[0]['id']}"):
        assert (await registry.http.delete(evidence, auth=("a", token))).status_code == 403
    last = (await registry.service.auditing.read((await _access(registry, token)).project, after=0))[-1].entry
    assert (last.actor, last.details) == (COMMAND, {"status": "quarantined", "reason": "malware"})
    assert last.action is (Action.MARK_PROJECT if package is None else Action.MARK_PACKAGE)
    await mark("demo", package, StatusMarker())
    assert (await registry.http.get(url, auth=("a", token))).content == wheel.content
    assert (await _mark(registry, token, path, "deprecated")).status_code == 204


async def test_a_quarantine_of_ones_own_or_of_another_package_binds_nobody(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    await _mark(registry, token, _PACKAGE, "quarantined")
    assert (await _mark(registry, token, _PACKAGE, "active")).status_code == 204
    await registry.service.curating.mark_by_command("demo", "mypypipackage", StatusMarker(Status.QUARANTINED))
    assert (await _mark(registry, token, _PROJECT, "deprecated")).status_code == 204
    await registry.service.curating.mark_by_command("demo", "mypypipackage", StatusMarker(Status.ARCHIVED))
    assert (await _mark(registry, token, _PACKAGE, "active")).status_code == 204


async def _access(registry: Registry, token: str) -> Access:
    credential = Credential("a", token, "127.0.0.1")
    return await registry.service.authenticating.authorize(credential, Permission.CURATE, "demo")
