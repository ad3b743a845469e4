"""The operator comes with another image of the service: registries that serve are moved to it a few at a time.

The operator, the API server and its objects are real; what controllers of Jobs and Deployments report is written here.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from benchmarks.crowd_stage import NAME, Stage, each, end
from registry_operator.cluster.connecting import connect
from registry_operator.cluster.kinds import DEPLOYMENT, JOB, PYPI_REGISTRY
from registry_operator.planning.observed import JobState, MigrationJob, Workload
from tests.support import api_server
from tests.support.played_workloads import failed, finished, running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from tests.support.api_server import ApiServer, Object

_SIZE, _AT_ONCE = 6, 2
_AT_A_TIME = {"OPERATOR_ROLLOUT_MAX_CONCURRENT": str(_AT_ONCE)}
_CALL_SECONDS, _SECONDS, _LOOK_AGAIN = 30.0, 60.0, 0.1


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with api_server.running() as running_server:
        yield running_server


@dataclass
class Upgrade:
    """Registries that are ready, and the operator that moves them."""

    stage: Stage
    operator: subprocess.Popen[bytes]
    failing: set[str] = field(default_factory=set)
    most: int = 0

    def restart(self, image: str) -> None:
        """End the operator as a lost node does, and start one with another image of the service."""
        self.operator.kill()
        self.operator.wait()
        self.operator = self.stage.start_operator(**_AT_A_TIME, OPERATOR_SERVICE_IMAGE=image)

    async def moving(self) -> list[Object]:
        """The Jobs that run, and the Deployments that are not rolled out."""
        deployments, jobs = await self.stage.kube.find(DEPLOYMENT), await self.stage.kube.find(JOB)
        found = [body for body in deployments if not Workload.parse(body).settled]
        found += [body for body in jobs if MigrationJob.parse(body, ()).state is JobState.RUNNING]
        self.most = max(self.most, len({body["metadata"]["namespace"] for body in found}))
        return found

    async def play(self) -> None:
        """Let what moves come one step further."""
        await each(self._play, await self.moving())

    async def _play(self, body: Object) -> None:
        metadata = {key: body["metadata"][key] for key in ("name", "namespace", "uid")}
        await self.stage.kube.apply(body | {"metadata": metadata, "status": self._end(body)}, subresource="status")

    def _end(self, body: Object) -> Object:
        if body["kind"] == "Deployment":
            return running(body)
        return failed() if body["metadata"]["namespace"] in self.failing else finished()

    async def told(self, reason: str) -> int:
        """How many registries have a reason for being ready or not."""
        found = await self.stage.kube.find(PYPI_REGISTRY)
        conditions = [one for body in found for one in body["status"]["conditions"]]
        return sum(one["type"] == "Ready" and one["reason"] == reason for one in conditions)

    def ask(self, **migrations: str) -> None:
        """Have the first registry's owner say when it may be migrated."""
        path = PYPI_REGISTRY.path(self.stage.namespaces[0], NAME)
        self.stage.server.call("PATCH", path, {"spec": {"migrations": migrations}}, "application/merge-patch+json")

    async def arrived(self, image: str, count: int = _SIZE) -> bool:
        """Play, and look whether so many registries are ready with an image."""
        await self.play()
        found = await self.stage.kube.find(DEPLOYMENT)
        images = [body["spec"]["template"]["spec"]["containers"][0]["image"] for body in found]
        return images.count(image) == count == await self.told("Succeeded")

    async def until(self, look: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + _SECONDS
        while not await look():
            states = [body["status"]["conditions"][0] for body in await self.stage.kube.find(PYPI_REGISTRY)]
            log = (self.stage.folder / "operator.log").read_text()[-3000:]
            assert time.monotonic() < deadline, (states, log)
            await asyncio.sleep(_LOOK_AGAIN)  # another program's progress can only be asked for


def test_so_many_are_moved_at_a_time_and_a_failed_one_holds_nobody_up(server: ApiServer, tmp_path: Path) -> None:
    asyncio.run(_test(server, tmp_path))


async def _test(server: ApiServer, folder: Path) -> None:
    async with connect(deadline=_CALL_SECONDS, environment={"KUBECONFIG": str(server.kubeconfig)}) as kube:
        stage = Stage(server, kube, folder, _SIZE, tokens=0)
        peer, upgrade = stage.start_peer(), Upgrade(stage, stage.start_operator())
        try:
            await stage.fill()
            await stage.settle(_SECONDS)
            await _move(upgrade)
            await _move_but_one(upgrade)
        finally:
            end(peer)
            end(upgrade.operator)


async def _move(upgrade: Upgrade) -> None:
    upgrade.restart("service:2")

    async def others_wait() -> bool:
        return len(await upgrade.moving()) == _AT_ONCE and await upgrade.told("RolloutQueued") == _SIZE - _AT_ONCE

    await upgrade.until(others_wait)
    begun = {body["metadata"]["uid"] for body in await upgrade.moving()}
    log = upgrade.stage.folder / "requests.log"
    before = len(log.read_text().splitlines())
    upgrade.restart("service:2")

    async def all_were_looked_at() -> bool:
        hosts = {line.split()[1] for line in log.read_text().splitlines()[before:]}
        return len(hosts) == _SIZE

    await upgrade.until(all_were_looked_at)
    assert {body["metadata"]["uid"] for body in await upgrade.moving()} == begun
    upgrade.failing = {body["metadata"]["namespace"] for body in (await upgrade.moving())[:1]}
    await upgrade.until(lambda: upgrade.arrived("service:2", _SIZE - 1))
    upgrade.failing.clear()
    await upgrade.until(lambda: upgrade.arrived("service:2"))
    assert upgrade.most == _AT_ONCE


async def _move_but_one(upgrade: Upgrade) -> None:
    """One whose owner has the last word stays as it is, in nobody's way."""
    upgrade.ask(type="Manual")
    upgrade.restart("service:3")
    await upgrade.until(lambda: upgrade.arrived("service:3", _SIZE - 1))
    assert await upgrade.told("MigrationNotApproved") == 1
    upgrade.ask(type="Manual", approvedImage="service:3")
    await upgrade.until(lambda: upgrade.arrived("service:3"))
    assert upgrade.most == _AT_ONCE
