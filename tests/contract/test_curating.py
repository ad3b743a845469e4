"""Yank and unyank over HTTP, on each pair of adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_service.contract.tokens import Scope, TokenType
from tests.support import packages

if TYPE_CHECKING:
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_RELEASE = "/api/v1/projects/demo/packages/mypypipackage/1.0"


async def _yanked(registry: Registry, token: str) -> dict[str, object]:
    return {file["filename"]: file["yanked"] for file in (await registry.page(token)).json()["files"]}


async def test_a_release_is_yanked_with_a_reason_and_taken_back(registry: Registry) -> None:
    token, wheel, sdist = await registry.token(), packages.wheel("1.0"), packages.sdist("1.0")
    for file in (wheel, sdist, packages.wheel("2.0")):
        await registry.publish(file, token)
    before = (await registry.page(token)).headers["etag"]
    body = {"reason": 'broken "quotes" <b>'}
    yanked = await registry.http.put(f"{_RELEASE}.0/yank", json=body, auth=("a", token))
    assert yanked.status_code == 204
    after = await _yanked(registry, token)
    assert after.pop("mypypipackage-2.0-py3-none-any.whl") is False
    assert after == {wheel.filename: body["reason"], sdist.filename: body["reason"]}
    assert (await registry.page(token)).headers["etag"] != before
    html = (await registry.page(token, headers={"accept": "text/html"})).text
    assert html.count('data-yanked="broken &quot;quotes&quot; &lt;b&gt;"') == 2
    taken_back = await registry.http.delete(f"{_RELEASE}/yank", auth=("a", token))
    assert taken_back.status_code == 204
    assert set((await _yanked(registry, token)).values()) == {False}


async def test_one_file_is_yanked_without_a_reason_and_still_served(registry: Registry) -> None:
    token, wheel, sdist = await registry.token(), packages.wheel("1.0"), packages.sdist("1.0")
    for file in (wheel, sdist):
        await registry.publish(file, token)
    answer = await registry.http.put(f"{_RELEASE}/files/{wheel.filename}/yank", auth=("a", token))
    assert answer.status_code == 204
    assert await _yanked(registry, token) == {wheel.filename: True, sdist.filename: False}
    url = f"/api/v4/projects/demo/packages/pypi/files/{wheel.sha256}/{wheel.filename}"
    assert (await registry.http.get(url, auth=("a", token))).content == wheel.content


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/projects/demo/packages/mypypipackage/9.9/yank",
        "/api/v1/projects/demo/packages/mypypipackage/nonsense/yank",
        "/api/v1/projects/demo/packages/other/1.0/yank",
        "/api/v1/projects/demo/packages/%00/1.0/yank",
        f"{_RELEASE}/files/other-1.0.tar.gz/yank",
        f"{_RELEASE}/files/%00/yank",
        "/api/v1/projects/nosuch/packages/mypypipackage/1.0/yank",
    ],
)
async def test_what_is_not_there_cannot_be_yanked(registry: Registry, path: str) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    assert (await registry.http.put(path, auth=("a", token))).status_code == 404
    assert (await registry.http.delete(path, auth=("a", token))).status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"reason": 1}', b'{"reason": "two\\nlines"}', b'{"reason": "' + b"x" * 1001 + b'"}', b"x" * 20_000],
)
async def test_a_reason_is_one_line_of_text(registry: Registry, body: bytes) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    assert (await registry.http.put(f"{_RELEASE}/yank", content=body, auth=("a", token))).status_code == 400
    assert set((await _yanked(registry, token)).values()) == {False}


async def test_only_the_scope_api_may_curate(registry: Registry) -> None:
    await registry.publish(packages.wheel("1.0"), await registry.token())
    for token in (
        await registry.token("demo", TokenType.PERSONAL, Scope.READ_API),
        await registry.token("demo", TokenType.DEPLOY),
    ):
        assert (await registry.http.put(f"{_RELEASE}/yank", auth=("a", token))).status_code == 403
    job = ("gitlab-ci-token", await registry.token("demo", TokenType.JOB))
    assert (await registry.http.put(f"{_RELEASE}/yank", auth=job)).status_code == 403
    assert (await registry.http.put(f"{_RELEASE}/yank")).status_code == 401
