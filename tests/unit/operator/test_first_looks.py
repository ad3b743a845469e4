"""The first look after a start: nothing is asked by itself, nothing is written, and what changed gets a pass."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import kopf
import pytest

from registry_operator.cluster.kinds import Kind, Object, kind_named
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
        self.place = place
        self.queue: list[Key] = []
        self.first = FirstLooks(kube or place.kube, self.queue.append, watched)
        self.routing = Routing(self.first.touch, self.first.listed)
        syncing = replace(place.operator.syncing, routing=self.routing, memory=SyncMemory())
        self.operator: RegistryReconciler = replace(place.operator, syncing=syncing, _attempts={}, _resting={})

    async def tell(self, kind: str | None = None, *bodies: Object) -> None:
        """Have the watches tell of objects, by default of all in their first listing."""
        for path in ("", *(f"/namespaces/{name}" for name in ("a", "b"))) if kind is None else ():
            for plural in ("pypiregistries", "registrytokens"):
                self.first.listed.finish(f"/apis/pypiregistry.dev/v1alpha1{path}/{plural}")
        for body in bodies or tuple(self.place.kube.objects.values()):
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
            await operator.tell()
            assert operator.queue == []
            await operator.first.run(operator.routing)
            reads, writes = kube.reads, list(kube.writes)
            assert await operator.look() == KEY
            assert (kube.reads, kube.writes) == (reads, writes)
            assert (await operator.operator.reconcile(KEY)).again_after == LOOK_AGAIN
            assert kube.reads == reads, "it does not rest"

    asyncio.run(scenario())


def test_listings_that_come_late_ask_for_nothing_either() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            registries = [body for body in operator.place.kube.objects.values() if body["kind"] == "PyPIRegistry"]
            await operator.tell(None, *registries)
            await operator.first.run(operator.routing)
            assert await operator.look() == KEY
            await operator.tell(
                None, *(body for body in operator.place.kube.objects.values() if body not in registries)
            )
            assert operator.queue == [KEY]

    asyncio.run(scenario())


def test_what_drifted_is_no_matter_for_a_look() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            operator.place.kube.remove("Service", NAMESPACE, "demo")
            await operator.tell()
            await operator.first.run(operator.routing)
            with pytest.raises(WouldWriteError, match="create Service demo"):
                await operator.look()

    asyncio.run(scenario())


def test_other_rules_are_no_matter_for_a_look() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            registry = operator.place.kube.objects["PyPIRegistry", NAMESPACE, "demo"]
            operator.place.kube.put(registry | {"spec": registry["spec"] | {"limits": {"maxUploadSize": "1Mi"}}})
            await operator.tell()
            await operator.first.run(operator.routing)
            with pytest.raises(WouldWriteError, match="PUT"):
                await operator.look()

    asyncio.run(scenario())


def test_an_event_overtakes_a_look() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            service = operator.place.kube.objects["Service", NAMESPACE, "demo"]
            await operator.tell()
            await operator.first.run(operator.routing)
            await operator.tell("MODIFIED", service)
            assert operator.queue == [KEY, KEY]
            assert operator.first.take(KEY) is None

    asyncio.run(scenario())


def test_what_an_event_concerned_before_is_not_handed_over() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            await operator.tell()
            await operator.tell("MODIFIED", operator.place.kube.objects["Service", NAMESPACE, "demo"])
            await operator.first.run(operator.routing)
            assert operator.queue == [KEY]
            assert operator.first.take(KEY) is None

    asyncio.run(scenario())


def test_what_the_listing_showed_in_another_version_gets_a_pass() -> None:
    async def scenario() -> None:
        async with restarted() as operator:
            await operator.tell()
            service = operator.place.kube.objects["Service", NAMESPACE, "demo"]
            operator.place.kube.put(service | {"spec": {}})
            await operator.first.run(operator.routing)
            assert operator.first.take(KEY) is None
            assert operator.queue == [KEY]

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
        await operator.tell()
        await operator.first.run(operator.routing)
        assert set(operator.queue) == {KEY}
        assert "read by itself" in caplog.text
        await operator.tell()
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
        await operator.tell()
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
        await operator.tell(None, place.kube.objects["PyPIRegistry", "b", "demo"])
        await operator.first.run(operator.routing)
        assert operator.queue == [RegistryKey("b", "demo")]

    asyncio.run(scenario())
