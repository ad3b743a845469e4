"""The first look after a start: nothing is asked by itself, nothing is written, and what changed gets a pass."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import kopf
import pytest

from registry_operator.cluster.kinds import PYPI_REGISTRY, REGISTRY_TOKEN, Kind, Object, kind_named
from registry_operator.cluster.packed import Packed
from registry_operator.errors import ClusterUnavailableError, WouldWriteError
from registry_operator.handlers import children, resources
from registry_operator.reconcilers.first_looks import FirstLooks
from registry_operator.reconcilers.keys import Key, RegistryKey, TokenSetKey
from registry_operator.reconcilers.registry import LOOK_AGAIN, RegistryReconciler
from registry_operator.reconcilers.routing import Routing
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.resources import names
from tests.support.fake_kube import FakeKube
from tests.unit.operator.test_registry_pass import KEY, NAMESPACE
from tests.unit.operator.test_resting import CountingKube, Place

HANDLERS: dict[str, Any] = {  # Any: Kopf calls them with more arguments than they take
    "PyPIRegistry": resources.registry_event,
    "RegistryToken": resources.token_event,
    "Namespace": resources.namespace_event,
    "Secret": resources.secret_event,
}


class Restarted:
    """The operator of a place after a restart: it remembers nothing, and its watches tell what is there."""

    def __init__(self, place: Place, *, kube: FakeKube | None = None, watched: tuple[str, ...] = ()) -> None:
        self.place, self.watched = place, watched
        self.queue: list[Key] = []
        self.first = FirstLooks(kube or place.kube, self.queue.append, watched)
        self.routing = Routing(self.first.touch, self.first.listed)
        syncing = replace(place.operator.syncing, routing=self.routing, memory=SyncMemory())
        self.operator: RegistryReconciler = replace(place.operator, syncing=syncing, _attempts={}, _resting={})

    def start(self, *kinds: str) -> None:
        """Have the watches begin: our own kinds are listed; what is kept of them are `kinds`, by default both."""
        for kind, route in ((PYPI_REGISTRY, resources.route_registry), (REGISTRY_TOKEN, resources.route_token)):
            bodies = [body for body in self.place.kube.objects.values() if body["kind"] == kind.name]
            for namespace in self.watched or (None,):
                packed = Packed()
                for body in (body for body in bodies if namespace in (None, body["metadata"]["namespace"])):
                    packed.add(body["metadata"]["namespace"], json.dumps(body))
                    with self.routing.quiet():
                        route({"type": None, "object": body}, self.routing)
                packed.close()
                self.first.listed.finish(kind.path(namespace), packed if kind.name in kinds or not kinds else None)

    async def tell(self, kind: str | None, *bodies: Object) -> None:
        """Have the watches tell of objects."""
        for body in bodies:
            event: dict[str, Any] = {"type": kind, "object": body}  # Any: an event
            handler: Any = HANDLERS.get(body["kind"], children.child_event)  # Any: see above
            await handler(event=event, memo=kopf.Memo(routing=self.routing))

    async def look(self) -> Key:
        """Make the one first look that was handed over; returns its key."""
        (key,) = self.queue
        snapshot = self.first.take(key)
        assert snapshot is not None
        outcome = await self.operator.only_looking(snapshot).reconcile(KEY)
        assert outcome.again_after == LOOK_AGAIN
        return key


@asynccontextmanager
async def restarted() -> AsyncIterator[Restarted]:
    place = Place()
    await place.make_ready()
    yield Restarted(place)


def test_what_is_settled_is_looked_at_in_lists_and_written_to_by_nobody() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            kube = operator.place.kube
            operator.start()
            assert operator.queue == []
            await operator.first.run(operator.routing)
            reads, writes = kube.reads, list(kube.writes)
            assert await operator.look() == KEY
            assert (kube.reads, kube.writes) == (reads, writes)
            assert (await operator.operator.reconcile(KEY)).again_after == LOOK_AGAIN
            assert kube.reads == reads, "it does not rest"

    asyncio.run(scenario())


def test_what_was_not_kept_is_read_namespace_by_namespace() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            operator.start("RegistryToken")
            await operator.first.run(operator.routing)
            writes = list(operator.place.kube.writes)
            assert await operator.look() == KEY
            assert operator.place.kube.writes == writes

    asyncio.run(scenario())


def test_what_a_watch_lists_after_the_looks_have_begun_gets_a_pass() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            operator.start()
            await operator.first.run(operator.routing)
            await operator.tell(None, operator.place.kube.objects["Service", NAMESPACE, "demo"])
            assert operator.queue == [KEY, KEY]
            assert operator.first.take(KEY) is None

    asyncio.run(scenario())


def test_what_drifted_is_no_matter_for_a_look() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            operator.place.kube.remove("Service", NAMESPACE, "demo")
            operator.start()
            await operator.first.run(operator.routing)
            with pytest.raises(WouldWriteError, match="create Service demo"):
                await operator.look()

    asyncio.run(scenario())


def test_other_rules_are_no_matter_for_a_look() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            registry = operator.place.kube.objects["PyPIRegistry", NAMESPACE, "demo"]
            operator.place.kube.put(registry | {"spec": registry["spec"] | {"limits": {"maxUploadSize": "1Mi"}}})
            operator.start()
            await operator.first.run(operator.routing)
            with pytest.raises(WouldWriteError, match="PUT"):
                await operator.look()

    asyncio.run(scenario())


def test_an_event_overtakes_a_look() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            service = operator.place.kube.objects["Service", NAMESPACE, "demo"]
            operator.start()
            await operator.first.run(operator.routing)
            await operator.tell("MODIFIED", service)
            assert operator.queue == [KEY, KEY]
            assert operator.first.take(KEY) is None

    asyncio.run(scenario())


def test_what_an_event_concerned_before_the_looks_is_read_again() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            operator.start()
            registry = operator.place.kube.objects["PyPIRegistry", NAMESPACE, "demo"]
            registry = registry | {"spec": registry["spec"] | {"limits": {"maxUploadSize": "1Mi"}}}
            operator.place.kube.put(registry)
            await operator.tell("MODIFIED", registry)
            assert operator.queue == []
            await operator.first.run(operator.routing)
            with pytest.raises(WouldWriteError, match="PUT"):
                await operator.look()

    asyncio.run(scenario())


def test_what_an_event_concerns_before_its_look_is_not_handed_over() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            operator.start()
            await operator.first.listed.begin()
            await operator.tell("MODIFIED", operator.place.kube.objects["Service", NAMESPACE, "demo"])
            await operator.first.run(operator.routing)
            assert operator.queue == [KEY]
            assert operator.first.take(KEY) is None

    asyncio.run(scenario())


class Broken(CountingKube):
    """Cannot list one kind."""

    async def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        if kind == kind_named("Service"):
            raise ClusterUnavailableError("the API server is overloaded")
        return await super().find(kind, namespace, labels=labels)


def test_without_lists_everything_gets_a_pass(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        place = Place()
        await place.make_ready()
        broken = Broken()
        broken.objects = place.kube.objects
        operator = Restarted(place, kube=broken)
        operator.start()
        await operator.first.run(operator.routing)
        assert set(operator.queue) == {KEY}
        assert "read by itself" in caplog.text
        operator.start()
        assert operator.first.take(KEY) is None

    asyncio.run(scenario())


def put(kube: FakeKube, kind: str, namespace: str, name: str, **more: object) -> None:
    metadata = {"namespace": namespace, "name": name, "labels": {names.REGISTRY_LABEL: "demo"}}
    kube.put({"apiVersion": kind_named(kind).api_version, "kind": kind, "metadata": metadata} | more)


def test_namespaces_are_read_in_the_order_in_which_they_are_listed() -> None:
    async def scenario() -> None:
        place = Place()
        for namespace in ("a", "a-b", "b", "c"):
            put(place.kube, "Service", namespace, "demo")
            if namespace != "b":
                put(place.kube, "PyPIRegistry", namespace, "demo", spec={})
                reference = {"registryRef": {"name": "demo", "namespace": "a"}}
                put(place.kube, "RegistryToken", namespace, "ci", spec=reference)
        operator = Restarted(place)
        operator.start()
        await operator.first.run(operator.routing)
        order = ["a-b", "a", "c"]
        registry = RegistryKey("a", "demo")
        handed = [key for key in operator.queue if not isinstance(key, RegistryKey)]
        assert handed == [TokenSetKey(registry, namespace) for namespace in order]
        assert operator.queue[:3] == [RegistryKey(namespace, "demo") for namespace in order]
        for key in operator.queue[:3]:
            snapshot = operator.first.take(key)
            assert snapshot is not None
            services = await snapshot.find(kind_named("Service"), snapshot.namespace)
            assert [body["metadata"]["namespace"] for body in services] == [snapshot.namespace]

    asyncio.run(scenario())


def test_an_operator_that_watches_namespaces_lists_only_these() -> None:
    async def scenario() -> None:
        place = Place()
        for namespace in ("a", "b"):
            put(place.kube, "PyPIRegistry", namespace, "demo", spec={})
        operator = Restarted(place, watched=("b",))
        operator.start()
        await operator.first.run(operator.routing)
        assert operator.queue == [RegistryKey("b", "demo")]

    asyncio.run(scenario())
