"""An upload and the pool of reader processes: it starts none, and is told to come again when too many wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.outcomes import issue_5
from tests.support import packages
from tests.support.readers import children, held

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_FINE = packages.wheel()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind of database: readers ask none."""
    return f"sqlite:///{tmp_path / 'registry.db'}"


@pytest.mark.outcome(issue_5.PROCESSES)
async def test_an_upload_costs_no_new_process(registry: Registry) -> None:
    """Issue 5, "done" 4: the same processes before and after uploads, at once and one by one."""
    token, pool = await registry.token(), registry.service.archives
    await pool.warm()
    processes, started = pool.processes, children()
    assert len(processes) == pool.size
    wheels = [packages.wheel(f"1.{number}") for number in range(8)]
    answers = await asyncio.gather(*(registry.publish(wheel, token) for wheel in wheels))
    answers.append(await registry.publish(packages.sdist("2.0"), token))
    assert {answer.status_code for answer in answers} == {201}
    assert (pool.processes, children()) == (processes, started)


async def test_a_client_is_told_when_to_come_again(registry: Registry, tmp_path: Path) -> None:
    """503 with Retry-After, which clients heed by themselves; nothing is stored meanwhile."""
    token, pool, path = await registry.token(), registry.service.archives, _FINE.write_to(tmp_path)
    pool.waiting = 0
    async with held(pool):
        reading = [asyncio.create_task(pool.read(path, path.name)) for _ in range(pool.size)]
        await asyncio.wait(reading, timeout=0.1)
        answer = await registry.publish(_FINE, token)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "too many uploads" in answer.json()["message"]
        assert (await registry.page(token)).status_code == 404
    assert [facts.fault for facts in await asyncio.gather(*reading)] == [None] * pool.size
    assert (await registry.publish(_FINE, token)).status_code == 201
