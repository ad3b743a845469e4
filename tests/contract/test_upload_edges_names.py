"""File names of wheels with every tag, and versions that URLs must carry: edge cases 16 and 17 of uploading."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.outcomes.issue_4 import EDGE_CASES
from tests.support.odd_archives import sdist_as, wheel_as
from tests.support.packages import metadata

if TYPE_CHECKING:
    from tests.contract.conftest import Registry
    from tests.support.packages import Distribution

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(EDGE_CASES)]

_FILES = "/api/v4/projects/demo/packages/pypi/files"

WHEELS = (
    "odd-1.0-1-py3-none-any.whl",
    "odd-1.0-1abc-py3-none-any.whl",
    "odd-1.0-2_x.y-py3-none-any.whl",
    "odd-1.0-py3-none-any.whl",
    "odd-1.0-py2.py3-none-any.whl",
    "odd-1.0-cp311-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "odd-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_2_x86_64.whl",
    "odd-1.0-cp312-cp312-macosx_11_0_universal2.whl",
    "odd-1.0-cp312-cp312-macosx_10_9_x86_64.macosx_11_0_arm64.macosx_10_9_universal2.whl",
    "odd-1.0-cp313-cp313-android_21_arm64_v8a.whl",
    "odd-1.0-cp313-cp313-ios_13_0_arm64_iphonesimulator.whl",
    "odd-1.0-cp313-cp313-pyodide_2025_0_wasm32.whl",
    "odd-1.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl",
    "odd-1.0-cp314-cp314t-win_arm64.whl",
    "odd-1.0-pp311-pypy311_pp73-linux_riscv64.whl",
    "odd-1.0-py3-none-linux_x86_64.whl",
)


async def _publish(registry: Registry, file: Distribution, token: str, name: str, version: str) -> int:
    answer = await registry.publish(file, token, name=name, version=version)
    return answer.status_code


async def test_wheels_with_every_kind_of_tag(registry: Registry) -> None:
    """6.16: build tags, compressed tag sets, platforms of every kind; all of them are one release's."""
    token = await registry.token()
    for filename in WHEELS:
        assert await _publish(registry, wheel_as(filename), token, "odd", "1.0") == 201, filename
    assert sorted(await registry.filenames("odd", token)) == sorted(WHEELS)


async def test_the_same_tags_with_another_build(registry: Registry) -> None:
    """6.16: another build number is another file; the same one in another spelling is not."""
    token = await registry.token()
    for filename in ("odd-1.0-1-py3-none-any.whl", "odd-1.0-2-py3-none-any.whl"):
        assert await _publish(registry, wheel_as(filename), token, "odd", "1.0") == 201
    for filename in ("odd-1.0-01-py3-none-any.whl", "Odd-1.0.0-1-py3-none-any.whl"):
        refused = await registry.publish(wheel_as(filename), token, name="odd", version="1.0")
        assert (refused.status_code, "odd-1.0-1-py3-none-any.whl" in refused.json()["message"]) == (400, True)
    tags = wheel_as("odd-1.0-py3.py2-none-any.whl")
    assert await _publish(registry, tags, token, "odd", "1.0") == 201
    assert await _publish(registry, wheel_as("odd-1.0-py2.py3-none-any.whl"), token, "odd", "1.0") == 400


async def test_names_of_old_wheels(registry: Registry) -> None:
    """6.16: dots and upper case in a wheel's name, from the time before the standard asked for one spelling."""
    token = await registry.token()
    for filename, name in (
        ("Foo.Bar-1.0-py3-none-any.whl", "foo-bar"),
        ("FOO-1.0-py2-none-any.whl", "foo"),
        ("zope.interface-5.0-py3-none-any.whl", "zope-interface"),
    ):
        assert await _publish(registry, wheel_as(filename), token, name, filename.split("-")[1]) == 201
        assert await registry.filenames(name, token) == [filename]


@pytest.mark.parametrize(
    "filename",
    [
        "odd-1.0-py3-none.whl",
        "odd-1.0-1-py3-none-any-x86_64_v3.whl",
        "odd-1.0-x1-py3-none-any.whl",
        "odd-1.0--py3-none-any.whl",
        "odd-1.0-py3-none-.whl",
        "odd-one-py3-none-any.whl",
        "odd__even-1.0-py3-none-any.whl",
        "-1.0-py3-none-any.whl",
    ],
)
async def test_what_is_no_name_of_a_wheel(registry: Registry, filename: str) -> None:
    """6.16: four or five hyphens; six (a draft about variants) are told what installers understand today."""
    refused = await registry.publish(wheel_as(filename), await registry.token(), name="odd", version="1.0")
    assert refused.status_code == 400
    assert "file name" in refused.json()["message"]
    if not filename.startswith("-"):
        assert "{name}-{version}[-{build number}]-{python tag}-{abi tag}" in refused.json()["message"]


VERSIONS = (
    wheel_as("odd-1.0+cu118-py3-none-any.whl"),
    wheel_as(
        "odd-1.0+ubuntu_1-py3-none-any.whl", dist_info="odd-1.0+ubuntu.1", content=metadata("odd", "1.0+ubuntu-1")
    ),
    wheel_as("odd-1!2.0-py3-none-any.whl"),
    sdist_as("odd-1!2.0.tar.gz", name="odd", version="1!2.0"),
    sdist_as("odd-1!2.0+local.1.tar.gz", name="odd", version="1!2.0+local.1"),
)


async def test_local_versions_and_epochs_in_urls(registry: Registry) -> None:
    """6.17: `+` and `!` are escaped in links, plain in texts, and understood in either form."""
    token = await registry.token()
    for file in VERSIONS:
        version = file.filename.removeprefix("odd-").removesuffix(".tar.gz").split("-")[0]
        assert await _publish(registry, file, token, "odd", version) == 201, file.filename
    listed = {file["filename"]: file["url"] for file in (await registry.page(token, "odd")).json()["files"]}
    html = (await registry.page(token, "odd", {"accept": "text/html"})).text
    for file in VERSIONS:
        assert "+" not in listed[file.filename].rpartition("/")[2]
        assert f">{file.filename}</a>" in html
        plain, escaped = (f"{_FILES}/{file.sha256}/{name}" for name in (file.filename, quote(file.filename, safe="")))
        for url in (listed[file.filename], plain, escaped):
            served = await registry.http.get(url, auth=("a", token))
            assert (served.status_code, served.content) == (200, file.content), url
        spaced = f"{_FILES}/{file.sha256}/{file.filename.replace('+', '%20')}"
        if "+" in file.filename:
            assert (await registry.http.get(spaced, auth=("a", token))).status_code == 404


async def test_releases_that_differ_in_epoch_or_local_version(registry: Registry) -> None:
    """6.17: `1.0`, `1.0+cu118` and `1!1.0` are three releases; `1.0` and `1.0.0` are one."""
    token = await registry.token()
    for version in ("1.0", "1.0+cu118", "1!1.0"):
        assert await _publish(registry, wheel_as(f"odd-{version}-py3-none-any.whl"), token, "odd", version) == 201
    same = sdist_as("odd-1.0.0.tar.gz", name="odd", version="1.0.0")
    assert await _publish(registry, same, token, "odd", "1.0.0") == 201
    assert len((await registry.http.get("/api/v4/projects/demo/packages", auth=("a", token))).json()) == 3
