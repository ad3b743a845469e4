"""Passes of a registry that serves, when the operator comes with another image of the service."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from registry_operator.planning.rollout import Motion
from registry_operator.reconcilers.keys import RegistryKey
from registry_operator.reconcilers.rollout import Rollout
from registry_operator.work_queue import Outcome
from registry_service.contract import sync
from tests.unit.operator.test_registry_pass import INSTALLATION, KEY, NAMESPACE, registry
from tests.unit.operator.test_resting import Place

OTHER = RegistryKey("team-b", "other")
NEWER = replace(INSTALLATION, service_image="service:2")
DONE = {"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": "2026-11-24T00:00:00Z"}]}


@dataclass
class Upgraded(Place):
    """A registry that is ready, its next operator, and the one place, which another registry has."""

    woken: list[RegistryKey] = field(default_factory=list)

    async def upgrade(self) -> None:
        await self.make_ready()
        self.rollout = Rollout(1, self.woken.append)
        await self.rollout.must_wait(self.kube, OTHER, Motion.UNDER_WAY, self.now)
        self.operator = replace(self.operator, installation=NEWER, rollout=self.rollout)
        self.routing.child_changed(NAMESPACE, {"pypiregistry.dev/registry": "demo"})

    @property
    def image(self) -> str:
        pod = self.kube.objects["Deployment", NAMESPACE, "demo"]["spec"]["template"]["spec"]
        return str(pod["containers"][0]["image"])

    @property
    def jobs(self) -> list[str]:
        return [name for kind, _, name in self.kube.objects if kind == "Job"]

    def condition(self, kind: str) -> tuple[str, str]:
        status = self.kube.objects["PyPIRegistry", NAMESPACE, "demo"]["status"]
        found = next(one for one in status["conditions"] if one["type"] == kind)
        return found["status"], found["reason"]

    def roll(self, *, updated: int) -> None:
        """Say how many pods are of the current template."""
        body = self.kube.objects["Deployment", NAMESPACE, "demo"]
        self.kube.put(body | {"status": body["status"] | {"updatedReplicas": updated}})

    async def free(self) -> Outcome:
        self.rollout.leave(OTHER, self.now)
        assert self.woken == [KEY]
        return await self.reconcile()


def run(scenario: Callable[[Upgraded], Awaitable[None]]) -> None:
    async def main() -> None:
        place = Upgraded()
        await place.upgrade()
        await scenario(place)

    asyncio.run(main())


def test_one_that_waits_keeps_its_pods_and_its_rules_are_told_all_the_same() -> None:
    async def scenario(place: Upgraded) -> None:
        jobs = place.jobs
        place.far.rules = sync.RulesState('"9"', "of-somebody-else")
        assert not (await place.reconcile()).failed
        assert (place.image, place.jobs) == ("service:1", jobs)
        assert place.condition("Ready") == ("False", "RolloutQueued")
        assert place.condition("Available") == ("True", "Succeeded")
        assert place.far.rules.digest != "of-somebody-else"
        before = list(place.kube.writes)
        await place.reconcile()
        assert place.kube.writes == before, "waiting costs no writes"

    run(scenario)


def test_its_turn_comes_and_ends_with_its_arrival() -> None:
    async def scenario(place: Upgraded) -> None:
        former = place.jobs
        await place.reconcile()
        await place.free()
        (job,) = place.jobs
        assert [job] != former
        assert place.condition("Ready") == ("False", "MigrationRunning")
        assert await place.rollout.must_wait(place.kube, OTHER, Motion.DUE, place.now)
        place.kube.put(place.kube.objects["Job", NAMESPACE, job] | {"status": DONE})
        place.roll(updated=0)
        await place.reconcile()
        assert place.image == "service:2"
        assert await place.rollout.must_wait(place.kube, OTHER, Motion.DUE, place.now)
        place.roll(updated=1)
        await place.reconcile()
        assert place.condition("Ready") == ("True", "Succeeded")
        assert place.woken == [KEY, OTHER]

    run(scenario)


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"namespace": NAMESPACE, "name": "demo", "deletionTimestamp": "2026-11-24T00:00:00Z"}},
        {"spec": {"database": {"type": "Telepathy"}}},
        {"spec": registry(exposure={"type": "None"}, paused=True)["spec"]},
        None,
    ],
)
def test_one_that_is_deleted_broken_or_paused_makes_room(change: dict[str, Any] | None) -> None:
    # Any: a part of a body
    async def scenario(place: Upgraded) -> None:
        await place.reconcile()
        await place.free()
        assert await place.rollout.must_wait(place.kube, OTHER, Motion.DUE, place.now)
        body = place.kube.objects["PyPIRegistry", NAMESPACE, "demo"]
        if change is None:
            place.kube.remove("PyPIRegistry", NAMESPACE, "demo")
        else:
            place.kube.put(body | change)
        await place.reconcile()
        assert place.woken == [KEY, OTHER]

    run(scenario)


def test_the_end_of_its_namespace_makes_room() -> None:
    async def scenario(place: Upgraded) -> None:
        await place.reconcile()
        await place.free()
        await place.rollout.must_wait(place.kube, OTHER, Motion.DUE, place.now)
        place.kube.remove("Namespace", None, NAMESPACE)
        await place.reconcile()
        assert place.woken == [KEY, OTHER]

    run(scenario)
