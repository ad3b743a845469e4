"""Many at once, and a store that fails in the middle: edge cases 7, 8 and 11 of uploading."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.api.application import public_application
from registry_service.errors import StorageError
from tests.outcomes.issue_4 import EDGE_CASES
from tests.support import odd_archives, packages
from tests.support.odd_archives import wheel_as

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.storage import BlobStore
    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(EDGE_CASES)]

_PACKAGES = "/api/v4/projects/demo/packages"


async def test_one_file_from_ten_jobs_at_once(registry: Registry) -> None:
    """6.7: the same file ten times at once: every client succeeds, and there is one row."""
    token, wheel = await registry.token(), packages.wheel()
    answers = await asyncio.gather(*(registry.publish(wheel, token) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [201] * 10
    files = (await registry.http.get(f"{_PACKAGES}/1/package_files", auth=("a", token))).json()
    assert [file["file_name"] for file in files] == [wheel.filename]


async def test_one_name_for_ten_contents_at_once(registry: Registry) -> None:
    """6.7: the same name with ten contents at once: one is published, nine are told so."""
    token = await registry.token()
    wheels = [packages.wheel(padding=size) for size in range(1, 11)]
    answers = await asyncio.gather(*(registry.publish(wheel, token) for wheel in wheels))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 9
    for refused in (answer for answer in answers if answer.status_code == 400):
        assert "File name has already been taken" in refused.json()["message"]
        assert "already exists" in refused.json()["message"]
    published = wheels[[answer.status_code for answer in answers].index(201)]
    (file,) = (await registry.page(token)).json()["files"]
    assert file["hashes"]["sha256"] == published.sha256


async def test_a_store_that_fails_in_between(registry: Registry) -> None:
    """6.7: the wheel is stored, its metadata are not: 503, and neither is ever advertised."""
    token, wheel = await registry.token(), packages.wheel()
    store = _FailsAfter(registry.service.publishing.store, left=1)
    publishing = replace(registry.service.publishing, store=store)  # type: ignore[arg-type]  # it needs one method
    broken = public_application(replace(registry.service, publishing=publishing))
    transport = httpx2.ASGITransport(app=broken)
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry.example") as http:
        assert (await replace(registry, http=http).publish(wheel, token)).status_code == 503
    assert (await registry.page(token)).status_code == 404
    assert (await registry.publish(wheel, token)).status_code == 201


async def test_a_new_project_from_many_jobs_at_once(registry: Registry) -> None:
    """6.8: N jobs publish the first files of a package at once, in two spellings of one release."""
    token = await registry.token()
    builds = [wheel_as(f"odd-{'1.0' if build % 2 else '1.0.0'}-{build}-py3-none-any.whl") for build in range(1, 9)]
    answers = await asyncio.gather(*(registry.publish(wheel, token) for wheel in builds))
    assert [answer.status_code for answer in answers] == [201] * 8, [answer.text for answer in answers]
    assert len((await registry.http.get(_PACKAGES, auth=("a", token))).json()) == 1
    assert len(await registry.filenames("odd", token)) == 8


async def test_an_archive_that_takes_long_blocks_nobody(registry: Registry) -> None:
    """6.11: an archive is read until a deadline far below poetry's 15 seconds, and others are served meanwhile."""
    token, slow = await registry.token(), odd_archives.slow()
    await registry.publish(packages.wheel(), token)
    registry.service.archives.deadline = 1
    publishing = asyncio.create_task(registry.publish(slow, token))
    await asyncio.sleep(0)  # let it begin
    for _ in range(3):
        assert (await registry.page(token)).status_code == 200
    assert not publishing.done()
    refused = await publishing
    assert refused.status_code == 400
    assert "cannot be read: reading it takes longer than 1 seconds" in refused.json()["message"]


@dataclass(slots=True)
class _FailsAfter:
    """A store that takes some blobs and no more; publishing needs no other method of a store."""

    inner: BlobStore
    left: int

    async def put(self, key: str, source: Path, *, sha256: str) -> None:
        if not self.left:
            raise StorageError("StorageUnreachable", "the store is full")
        self.left -= 1
        await self.inner.put(key, source, sha256=sha256)
