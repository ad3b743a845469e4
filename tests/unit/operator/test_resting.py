"""A registry at rest is read again only when something may have changed."""

import asyncio
import datetime as dt
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from registry_operator.cluster.kinds import Kind, Object
from registry_operator.planning.resting import LONGEST_REST
from registry_operator.reconcilers.hostnames import Hostnames
from registry_operator.reconcilers.keys import Key
from registry_operator.reconcilers.registry import LOOK_AGAIN, RegistryReconciler
from registry_operator.reconcilers.registry_syncing import RegistrySyncing
from registry_operator.reconcilers.rollout import Rollout
from registry_operator.reconcilers.routing import Routing
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.reconcilers.sync_port import SyncPort
from registry_operator.registry_client import RegistryClient, Reply, Request, SyncAddress
from registry_operator.resources.names import WATCH_LABEL
from registry_operator.work_queue import Outcome
from registry_service.contract import sync, wire
from tests.support.fake_kube import FakeKube
from tests.unit.operator.test_registry_pass import INSTALLATION, KEY, NAMESPACE, registry

Scenario = Callable[["Place"], Awaitable[None]]


class CountingKube(FakeKube):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        self.reads += 1
        return await super().get(kind, namespace, name)

    async def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        self.reads += 1
        return await super().find(kind, namespace, labels=labels)


@dataclass
class Far:
    """A registry's sync port: rules, sets, and whether it answers."""

    rules: sync.RulesState = field(default_factory=lambda: sync.RulesState(sync.NEVER_WRITTEN))
    sets: tuple[sync.SetSummary, ...] = ()
    answers: bool = True

    @asynccontextmanager
    async def connect(self, _: SyncAddress) -> AsyncIterator[RegistryClient]:
        yield RegistryClient(self._answer, 5.0)

    async def _answer(self, request: Request) -> Reply:
        if not self.answers:
            return Reply(503, "", b"")
        if request.body is not None:
            self.rules = sync.RulesState('"1"', sync.body_digest(request.body))
        asked = self.rules if request.path == sync.RULES_PATH else sync.SetPage(self.sets)
        return Reply(200, "", wire.encode(asked))


@dataclass
class Place:
    """One registry that is ready, its operator, and a clock."""

    kube: CountingKube = field(default_factory=CountingKube)
    far: Far = field(default_factory=Far)
    added: list[Key] = field(default_factory=list)
    now: dt.datetime = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)

    def __post_init__(self) -> None:
        self.routing = Routing(self.added.append)
        port = SyncPort(
            self.kube, lambda: self.now, secrets.token_bytes, lambda _: "https://far.example", self.far.connect
        )
        syncing = RegistrySyncing(port, self.routing, SyncMemory())
        self.operator = RegistryReconciler(
            kube=self.kube,
            installation=INSTALLATION,
            syncing=syncing,
            clock=lambda: self.now,
            random=lambda count: b"\xff" * count,
            hostnames=Hostnames(),
            rollout=Rollout(1, self.added.append),
        )

    async def reads(self) -> int:
        """How much of the cluster one pass reads."""
        before = self.kube.reads
        await self.reconcile()
        return self.kube.reads - before

    async def reconcile(self) -> Outcome:
        return await self.operator.reconcile(KEY)

    async def make_ready(self) -> None:
        """Do what people, controllers and pods do, until the registry is ready."""
        self.kube.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        self.kube.put(registry(exposure={"type": "None"}))
        await self.reconcile()
        self._run("StatefulSet", "demo-postgresql")
        self._run("StatefulSet", "demo-object-store")
        await self.reconcile()
        (job,) = [name for kind, _, name in self.kube.objects if kind == "Job"]
        done = {"type": "Complete", "status": "True", "lastTransitionTime": "2026-11-24T00:00:00Z"}
        self.kube.put(self.kube.objects["Job", NAMESPACE, job] | {"status": {"conditions": [done]}})
        await self.reconcile()
        self._run("Deployment", "demo")
        await self.reconcile()
        await self.reconcile()

    def _run(self, kind: str, name: str) -> None:
        counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas"), 1)
        self.kube.put(self.kube.objects[kind, NAMESPACE, name] | {"status": {"observedGeneration": 1} | counts})


def run(scenario: Scenario) -> None:
    async def main() -> None:
        place = Place()
        await place.make_ready()
        await scenario(place)

    asyncio.run(main())


def test_a_registry_at_rest_is_only_compared() -> None:
    async def scenario(place: Place) -> None:
        assert await place.reads() == 0
        place.far.sets = (sync.SetSummary("team-b", "uid-b", "digest", '"1"'),)
        place.added.clear()
        await place.reconcile()
        assert [str(key) for key in place.added] == ["tokens of team-b in team-a/demo"]
        assert (await place.reconcile()).again_after == LOOK_AGAIN
        assert await place.reads() == 0

    run(scenario)


def test_an_event_or_a_long_rest_makes_a_whole_pass() -> None:
    async def scenario(place: Place) -> None:
        place.routing.child_changed(NAMESPACE, {"pypiregistry.dev/registry": "demo"})
        assert await place.reads() > 0
        assert await place.reads() == 0
        place.now += LONGEST_REST
        assert await place.reads() > 0

    run(scenario)


def drawing(lot: int) -> Callable[[int], bytes]:
    return lambda count: bytes([lot]) * count


def test_registries_that_came_to_rest_together_are_compared_in_turn() -> None:
    async def scenario(place: Place) -> None:
        for lot, seconds in ((0x3F, LOOK_AGAIN / 4), (0xFF, LOOK_AGAIN)):
            place.operator = replace(place.operator, random=drawing(lot))
            place.routing.child_changed(NAMESPACE, {"pypiregistry.dev/registry": "demo"})
            assert (await place.reconcile()).again_after == seconds
            assert (await place.reconcile()).again_after == LOOK_AGAIN

    run(scenario)


def test_other_rules_another_count_and_silence_make_a_whole_pass() -> None:
    async def scenario(place: Place) -> None:
        place.routing.token_changed(NAMESPACE, "ci", KEY, gone=False)
        assert await place.reads() > 0
        wanted, place.far.rules = place.far.rules, sync.RulesState('"2"', "other")
        assert await place.reads() > 0
        assert place.far.rules.digest == wanted.digest
        place.far.answers = False
        assert (await place.reconcile()).failed

    run(scenario)


def test_a_registry_with_a_secret_that_is_not_watched_does_not_rest() -> None:
    async def scenario(place: Place) -> None:
        store = place.kube.objects["Secret", NAMESPACE, "demo-object-store"]
        del store["metadata"]["labels"][WATCH_LABEL]
        place.routing.child_changed(NAMESPACE, {"pypiregistry.dev/registry": "demo"})
        await place.reconcile()
        assert await place.reads() > 0

    run(scenario)
