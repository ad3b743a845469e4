"""Places and the queue for them: so many at a time, first come, first served, and nobody holds one for ever."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from registry_operator.cluster.kinds import Object
from registry_operator.planning.rollout import Motion
from registry_operator.reconcilers.keys import RegistryKey
from registry_operator.reconcilers.rollout import LONGEST_HOLD, PATIENCE, Rollout
from tests.support.fake_kube import FakeKube

A, B, C, D = (RegistryKey("team", name) for name in "abcd")
SECOND = dt.timedelta(seconds=1)


@dataclass
class Road:
    """Two places, and a clock."""

    kube: FakeKube = field(default_factory=FakeKube)
    woken: list[RegistryKey] = field(default_factory=list)
    now: dt.datetime = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)

    def __post_init__(self) -> None:
        self.rollout = Rollout(2, self.woken.append)

    async def asks(self, key: RegistryKey, motion: Motion = Motion.DUE) -> bool:
        """Whether it may go on."""
        return not await self.rollout.must_wait(self.kube, key, motion, self.now)

    async def go(self, *keys: RegistryKey) -> list[bool]:
        return [await self.asks(key) for key in keys]


def run(scenario: Callable[[Road], Awaitable[None]], road: Road | None = None) -> None:
    async def main() -> None:
        await scenario(road or Road())

    asyncio.run(main())


def child(kind: str, name: str, body: Object | None = None, owner: str = "PyPIRegistry") -> Object:
    metadata = {
        "namespace": "team",
        "name": name,
        "labels": {"pypiregistry.dev/registry": name},
        "ownerReferences": [{"kind": owner, "name": name, "uid": name, "controller": True}],
    }
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **(body or {})}


def test_so_many_go_and_the_others_follow_in_their_order() -> None:
    async def scenario(road: Road) -> None:
        assert await road.go(A, B, C, D, A) == [True, True, False, False, True]
        assert await road.asks(B, Motion.UNDER_WAY)
        assert await road.asks(B, Motion.UNREADY)
        assert (await road.go(D, C), road.woken) == ([False, False], [])
        assert await road.asks(A, Motion.AT_REST)
        assert road.woken == [C]
        assert await road.go(D, C, D) == [False, True, False]
        road.rollout.leave(B, road.now)
        assert (road.woken, await road.go(D)) == ([C, D], [True])

    run(scenario)


def test_a_failed_migration_gives_its_place_back_and_goes_to_the_end() -> None:
    async def scenario(road: Road) -> None:
        await road.go(A, B, C)
        assert await road.asks(A, Motion.FAILED)
        assert road.woken == [C]
        assert await road.go(A, C, A) == [False, True, False]

    run(scenario)


def test_one_that_is_stuck_makes_room_after_ten_minutes_and_is_not_counted_again() -> None:
    async def scenario(road: Road) -> None:
        await road.go(A, B)
        road.now += LONGEST_HOLD
        assert await road.go(C) == [False]
        road.now += SECOND
        assert await road.asks(A, Motion.UNDER_WAY)
        assert road.woken == [C]
        assert await road.go(C, D) == [True, True]
        assert await road.asks(B, Motion.UNDER_WAY)
        # Asked for something else meanwhile, it queues like all others, and is counted again.
        assert await road.go(A) == [False]
        road.rollout.leave(C, road.now)
        assert await road.go(A, B) == [True, False]

    run(scenario)


def test_one_that_does_not_ask_again_is_passed_over() -> None:
    async def scenario(road: Road) -> None:
        await road.go(A, B, C, D)
        road.now += PATIENCE + SECOND
        assert await road.go(D) == [False]
        await road.asks(A, Motion.AT_REST)
        assert (road.woken, await road.go(D)) == ([D], [True])

    run(scenario)


def test_one_that_does_not_want_to_move_any_more_leaves_the_queue() -> None:
    async def scenario(road: Road) -> None:
        await road.go(A, B, C, D)
        assert await road.asks(C, Motion.AT_REST)
        assert await road.asks(A, Motion.AT_REST)
        assert road.woken == [D]

    run(scenario)


def test_what_another_process_began_is_counted_before_anybody_goes() -> None:
    rolling = {"spec": {"replicas": 1}, "status": {"replicas": 2, "updatedReplicas": 1, "observedGeneration": 1}}
    resting = {"spec": {"replicas": 1}, "status": {"replicas": 1, "updatedReplicas": 1, "observedGeneration": 1}}
    done = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    road = Road()
    for body in (
        child("Deployment", "a", rolling),
        child("Deployment", "b", resting),
        child("Job", "b"),
        child("Deployment", "c", resting),
        child("Job", "c", done),
        # A new registry's, and what only bears our label.
        child("Job", "d"),
        child("Deployment", "e", rolling, owner="Application"),
        child("Job", "f", owner="CronJob"),
    ):
        road.kube.put(body)

    async def scenario(road: Road) -> None:
        assert await road.go(C) == [False]
        assert await road.asks(A, Motion.AT_REST)
        # Only once: from here on it knows all that moves.
        road.kube.put(child("Deployment", "d", rolling))
        assert await road.go(C, B) == [True, True]

    run(scenario, road)
