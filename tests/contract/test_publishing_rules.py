"""What the registry's owner decides about file names: how they are spelled, and what becomes of deleted ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.contract.sync import Rules
from registry_service.errors import ReadOnlyError
from tests.support import packages
from tests.support.odd_archives import sdist_as, wheel_as

if TYPE_CHECKING:
    from tests.contract.conftest import Registry
    from tests.support.packages import Distribution

pytestmark = pytest.mark.anyio

_PACKAGES = "/api/v4/projects/demo/packages"

STANDARD = {
    "Foo.Bar-1.0.tar.gz": ("foo_bar-1.0.tar.gz", "Foo.Bar", "1.0"),
    "foo-bar-1.0.tar.gz": ("foo_bar-1.0.tar.gz", "foo-bar", "1.0"),
    "foo-1.0-1.tar.gz": ("foo-1.0.post1.tar.gz", "foo", "1.0-1"),
    "foo-1.0-RC1.tar.gz": ("foo-1.0rc1.tar.gz", "foo", "1.0-RC1"),
    "Foo_Bar-01.0-py3-none-any.whl": ("foo_bar-1.0-py3-none-any.whl", "foo-bar", "1.0"),
    "foo.bar-1.0-1a-cp311-cp311-win32.whl": ("foo_bar-1.0-1a-cp311-cp311-win32.whl", "foo-bar", "1.0"),
}


def _made(filename: str, name: str, version: str) -> Distribution:
    if filename.endswith(".whl"):
        return wheel_as(filename, content=packages.metadata(name, version))
    return sdist_as(filename, name=name, version=version)


async def test_strict_names_are_the_standards_and_the_refusal_says_them(registry: Registry) -> None:
    token = await registry.token()
    await registry.rule(Rules(strict_filenames=True))
    for filename, (standard, name, version) in STANDARD.items():
        refused = await registry.publish(_made(filename, name, version), token, name=name, version=version)
        assert refused.status_code == 400
        assert refused.json()["errors"] == [
            f"{filename} must be named {standard} in this registry (PEP 625): build it again with a current build tool"
        ]
        made = _made(standard, name, version)
        answer = await registry.publish(made, token, name=name, version=version)
        assert (answer.status_code == 201) or "already been taken" in answer.text, answer.text


async def test_old_names_are_welcome_by_default(registry: Registry) -> None:
    token = await registry.token()
    for filename in ("Foo.Bar-1.0.tar.gz", "foo-1.0-RC1.tar.gz", "Foo_Bar-01.0-py3-none-any.whl"):
        _, name, version = STANDARD[filename]
        answer = await registry.publish(_made(filename, name, version), token, name=name, version=version)
        assert answer.status_code == 201, answer.text


async def test_deleted_names_are_published_again_where_the_registry_allows_it(registry: Registry) -> None:
    token, first, second = await registry.token(), packages.wheel("1.0"), packages.wheel("1.0", padding=10)
    await registry.publish(first, token)
    await registry.http.delete(f"{_PACKAGES}/1", auth=("a", token))
    assert "has since been deleted" in (await registry.publish(second, token)).json()["message"]
    await registry.rule(Rules(reuse_deleted_filenames=True))
    assert (await registry.publish(second, token)).status_code == 201
    (file,) = (await registry.page(token)).json()["files"]
    assert (file["filename"], file["hashes"]["sha256"]) == (second.filename, second.sha256)
    url = "/api/v4/projects/demo/packages/pypi/files"
    for content, status in ((first, 404), (second, 200)):
        served = await registry.http.get(f"{url}/{content.sha256}/{content.filename}", auth=("a", token))
        assert served.status_code == status


async def test_a_live_file_is_never_replaced(registry: Registry) -> None:
    token = await registry.token()
    await registry.rule(Rules(reuse_deleted_filenames=True))
    await registry.publish(packages.wheel("1.0"), token)
    for other in (packages.wheel("1.0", padding=10), packages.wheel("1.0.0")):
        refused = await registry.publish(other, token)
        assert (refused.status_code, "already exists" in refused.json()["message"]) == (400, True)
    assert (await registry.publish(packages.wheel("1.0"), token)).status_code == 201


async def test_a_deleted_file_makes_way_for_another_spelling_of_its_release(registry: Registry) -> None:
    token = await registry.token()
    await registry.rule(Rules(reuse_deleted_filenames=True))
    for file in (packages.wheel("1.0"), packages.sdist("1.0")):
        await registry.publish(file, token)
    await registry.http.delete(f"{_PACKAGES}/1/package_files/1", auth=("a", token))
    assert (await registry.publish(packages.wheel("1.0.0"), token)).status_code == 201
    assert sorted(await registry.filenames("mypypipackage", token)) == [
        "mypypipackage-1.0.0-py3-none-any.whl",
        "mypypipackage-1.0.tar.gz",
    ]
    # The old spelling's name is free, its kind of file is not: the release has one.
    refused = await registry.publish(packages.wheel("1.0"), token)
    assert (refused.status_code, "already exists" in refused.json()["message"]) == (400, True)


async def test_once_taken_again_a_name_stays_taken(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    await registry.http.delete(f"{_PACKAGES}/1", auth=("a", token))
    await registry.rule(Rules(reuse_deleted_filenames=True))
    await registry.publish(packages.wheel("1.0", padding=10), token)
    await registry.rule(Rules())
    await registry.http.delete(f"{_PACKAGES}/1", auth=("a", token))
    refused = await registry.publish(packages.wheel("1.0", padding=20), token)
    assert "has since been deleted" in refused.json()["message"]


async def test_one_of_many_takes_a_deleted_name(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    await registry.http.delete(f"{_PACKAGES}/1", auth=("a", token))
    await registry.rule(Rules(reuse_deleted_filenames=True))
    wheels = [packages.wheel("1.0", padding=size) for size in range(1, 9)]
    answers = await asyncio.gather(*(registry.publish(wheel, token) for wheel in wheels))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 7
    (file,) = (await registry.page(token)).json()["files"]
    assert file["hashes"]["sha256"] == wheels[[answer.status_code for answer in answers].index(201)].sha256


async def test_a_read_only_registry_serves_everything_and_changes_nothing(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel("1.0")
    await registry.publish(wheel, token)
    await registry.rule(Rules(read_only=True))
    page = (await registry.page(token)).json()
    api = "/api/v1/projects/demo"
    release = (await registry.http.get(_PACKAGES, auth=("a", token))).json()[0]["id"]
    refused = [
        await registry.publish(packages.wheel("2.0"), token),
        await registry.http.put(f"{api}/packages/mypypipackage/1.0/yank", json={"reason": "x"}, auth=("a", token)),
        await registry.http.put(f"{api}/status", json={"status": "archived"}, auth=("a", token)),
        await registry.http.delete(f"{_PACKAGES}/{release}", auth=("a", token)),
    ]
    for answer in refused:
        assert answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE
        assert answer.json()["message"].startswith("503 Service Unavailable - The registry is read-only")
        assert int(answer.headers["retry-after"]) > 0
    # What is there already is no change: a repeated upload is answered as ever.
    assert (await registry.publish(wheel, token)).status_code == 201
    assert (await registry.page(token)).json() == page
    assert (await registry.http.get(page["files"][0]["url"], auth=("a", token))).content == wheel.content
    await registry.rule(Rules())
    assert (await registry.publish(packages.wheel("2.0"), token)).status_code == 201


async def test_once_a_registry_is_read_only_no_change_is_still_under_way(registry: Registry) -> None:
    in_force = registry.service.publishing.rules
    async with registry.service.database.transaction() as changing:
        await in_force.hold_for_change(changing)
        told = asyncio.create_task(registry.rule(Rules(read_only=True)))
        assert await asyncio.wait((told,), timeout=0.5) == (set(), {told})
    await told
    async with registry.service.database.transaction() as late:
        with pytest.raises(ReadOnlyError):
            await in_force.hold_for_change(late)
