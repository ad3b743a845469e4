"""The Kube port: what the operator relies on, on the API server in memory and on a real one."""

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from registry_operator.cluster.applying import ensure
from registry_operator.cluster.connecting import connect
from registry_operator.cluster.kinds import CONFIG_MAP, LEASE, NAMESPACE, Object
from registry_operator.cluster.kube import Kube
from registry_operator.cluster.leading import Leadership
from registry_operator.errors import AlreadyExistsError, ChangedMeanwhileError
from tests.support.fake_kube import FakeKube

if TYPE_CHECKING:
    from tests.support.api_server import ApiServer

Scenario = Callable[[Kube, str], Awaitable[None]]
Run = Callable[[Scenario], None]
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "controller": True}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def config_map(namespace: str, name: str = "x", **data: str) -> dict[str, Any]:  # Any: a manifest
    metadata = {"namespace": namespace, "name": name, "labels": {"app": "x"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def owned(body: Object, owner: Object) -> Object:
    return body | {"metadata": body["metadata"] | {"ownerReferences": [OWNER | {"uid": owner["metadata"]["uid"]}]}}


@asynccontextmanager
async def in_memory() -> AsyncIterator[tuple[Kube, str]]:
    yield FakeKube(), "here"


@asynccontextmanager
async def real(kubeconfig: str) -> AsyncIterator[tuple[Kube, str]]:
    name = f"kube-port-{secrets.token_hex(4)}"
    async with connect(deadline=10, environment={"KUBECONFIG": kubeconfig}) as kube:
        made = await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        try:
            yield kube, name
        finally:
            await kube.delete(made | {"apiVersion": "v1", "kind": "Namespace"})


@pytest.fixture(params=["memory", "real"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a scenario with a Kube and a namespace that is its own."""

    def run_scenario(scenario: Scenario) -> None:
        async def main() -> None:
            if request.param == "memory":
                async with in_memory() as (kube, namespace):
                    await scenario(kube, namespace)
            else:
                server: ApiServer = request.getfixturevalue("api_server")
                async with real(str(server.kubeconfig)) as (kube, namespace):
                    await scenario(kube, namespace)

        asyncio.run(main())

    return run_scenario


def test_pages_are_what_is_found_by_labels_in_the_order_of_namespaces(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        # A hyphen sorts before the slash that ends a namespace's name.
        other = await kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{namespace}-b"}})
        for home in (namespace, f"{namespace}-b"):
            for name in ("x", "y"):
                await kube.create(config_map(home, name))
        unlabelled = config_map(namespace, "z")
        del unlabelled["metadata"]["labels"]
        await kube.create(unlabelled)
        found = [body async for page in kube.pages(CONFIG_MAP, labels="app=x,!other") for body in page]
        ours = [(body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]) for body in found]
        expected = [(f"{namespace}-b", "x"), (f"{namespace}-b", "y"), (namespace, "x"), (namespace, "y")]
        assert [one for one in ours if one[1].startswith(namespace)] == [("ConfigMap", *one) for one in expected]
        own = [body async for page in kube.pages(CONFIG_MAP, namespace, labels="app") for body in page]
        assert own == await kube.find(CONFIG_MAP, namespace, labels="app")
        await kube.delete(other | {"apiVersion": "v1", "kind": "Namespace"})

    run(scenario)


def test_what_is_not_there_is_none(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        assert await kube.get(CONFIG_MAP, namespace, "x") is None
        assert await kube.get(NAMESPACE, None, "no-such-namespace") is None
        assert await kube.find(CONFIG_MAP, namespace, labels="app=x") == []

    run(scenario)


@pytest.mark.hostile
@pytest.mark.parametrize(
    "name",
    ["../../kube-system/configmaps/kube-root-ca.crt", "..", ".", "", "x/../y", "x%2f..", "x?y", "x#y", "X", "x" * 254],
)
def test_112_a_name_leads_to_no_other_namespace(run: Run, name: str) -> None:
    """3.6/112: a reference is a name, whatever is written in it."""

    async def scenario(kube: Kube, namespace: str) -> None:
        assert await kube.get(CONFIG_MAP, namespace, name) is None
        assert await kube.get(CONFIG_MAP, f"{namespace}/configmaps/{name}", "kube-root-ca.crt") is None
        if not isinstance(kube, FakeKube):
            with pytest.raises(ValueError, match="no name"):
                await kube.find(CONFIG_MAP, f"{namespace}/configmaps/{name}/..")

    run(scenario)


def test_a_name_is_given_once(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        await kube.create(config_map(namespace, a="1"))
        with pytest.raises(AlreadyExistsError):
            await kube.create(config_map(namespace, a="2"))
        found = await kube.get(CONFIG_MAP, namespace, "x")
        assert found is not None
        assert found["data"] == {"a": "1"}

    run(scenario)


def test_objects_are_found_by_label_with_their_kind(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        await kube.create(config_map(namespace, "a"))
        await kube.create(config_map(namespace, "b"))
        for selector in ("app", "app=x"):
            found = await kube.find(CONFIG_MAP, namespace, labels=selector)
            assert [(one["kind"], one["metadata"]["name"]) for one in found] == [("ConfigMap", "a"), ("ConfigMap", "b")]
        assert await kube.find(CONFIG_MAP, namespace, labels="app=y") == []

    run(scenario)


def test_an_apply_neither_recreates_nor_hits_another_object_of_that_name(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        first = await kube.create(config_map(namespace, a="1"))
        late = owned_by_uid(config_map(namespace, a="2"), first)
        await kube.delete(first)
        with pytest.raises(ChangedMeanwhileError):
            await kube.apply(late)
        assert await kube.get(CONFIG_MAP, namespace, "x") is None
        await kube.create(config_map(namespace, a="3"))
        with pytest.raises(ChangedMeanwhileError):
            await kube.apply(late)
        with pytest.raises(ChangedMeanwhileError):
            await kube.delete(first)

    run(scenario)


def test_an_apply_can_be_bound_to_what_was_read(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        read = await kube.create(config_map(namespace, a="1"))
        await kube.apply(owned_by_uid(config_map(namespace, a="2"), read))
        guarded = owned_by_uid(config_map(namespace, a="3"), read)
        guarded["metadata"]["resourceVersion"] = read["metadata"]["resourceVersion"]
        with pytest.raises(ChangedMeanwhileError):
            await kube.apply(guarded)

    run(scenario)


def test_a_patch_is_bound_to_what_was_read(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        read = await kube.create(config_map(namespace, a="1"))
        await kube.apply(owned_by_uid(config_map(namespace, a="2"), read))
        operation = {"op": "replace", "path": "/metadata/managedFields", "value": read["metadata"]["managedFields"]}
        with pytest.raises(ChangedMeanwhileError):
            await kube.patch(read, [operation])

    run(scenario)


def test_a_lease_is_made_and_renewed_by_whoever_read_it_last(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        def candidate(identity: str) -> Leadership:
            return Leadership(kube, (namespace, "leader"), identity, clock=_now, monotonic=time.monotonic)

        one, two = candidate("one"), candidate("two")
        assert [await one.attempt(), await two.attempt(), await one.attempt()] == [True, False, True]
        read = await kube.get(LEASE, namespace, "leader")
        assert read is not None
        await one.release()
        with pytest.raises(ChangedMeanwhileError):
            await kube.patch(read, [{"op": "add", "path": "/spec", "value": read["spec"]}])
        assert await two.attempt()

    run(scenario)


def test_an_apply_without_a_difference_changes_nothing(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        made = await kube.create(config_map(namespace, a="1"))
        once = await kube.apply(owned_by_uid(config_map(namespace, a="1", b="2"), made))
        twice = await kube.apply(owned_by_uid(config_map(namespace, a="1", b="2"), made))
        assert once["metadata"]["resourceVersion"] == twice["metadata"]["resourceVersion"]

    run(scenario)


def test_what_we_no_longer_want_goes_and_what_a_person_added_stays(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        owner = await kube.create(config_map(namespace, "owner"))
        await ensure(kube, owned(config_map(namespace, a="1", b="2"), owner))
        present = await kube.get(CONFIG_MAP, namespace, "x")
        assert present is not None
        await added_by_a_person(kube, present, "c")
        kept = await ensure(kube, owned(config_map(namespace, a="1"), owner))
        assert kept is not None
        assert kept["data"] == {"a": "1", "c": "by hand"}
        again = await ensure(kube, owned(config_map(namespace, a="1"), owner))
        assert again is not None
        assert again["metadata"]["resourceVersion"] == kept["metadata"]["resourceVersion"]

    run(scenario)


def test_a_foreign_object_under_our_name_stays_byte_for_byte(run: Run) -> None:
    async def scenario(kube: Kube, namespace: str) -> None:
        owner = await kube.create(config_map(namespace, "owner"))
        theirs = await kube.create(config_map(namespace, a="theirs"))
        assert await ensure(kube, owned(config_map(namespace, a="ours"), owner)) is None
        assert await kube.get(CONFIG_MAP, namespace, "x") == theirs | {"apiVersion": "v1", "kind": "ConfigMap"}

    run(scenario)


def owned_by_uid(body: Object, observed: Object) -> Object:
    return body | {"metadata": body["metadata"] | {"uid": observed["metadata"]["uid"]}}


async def added_by_a_person(kube: Kube, present: Object, key: str) -> None:
    """Write a key under another field manager, as `kubectl edit` does."""
    if isinstance(kube, FakeKube):
        kube.put(present | {"data": present["data"] | {key: "by hand"}})
        return
    client: Any = kube  # Any: the adapter's own connection, to be another client for one call
    metadata = {name: present["metadata"][name] for name in ("name", "namespace")}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {key: "by hand"}}
    await client._call(  # noqa: SLF001 - see above
        "PATCH",
        CONFIG_MAP.path(metadata["namespace"], metadata["name"]),
        query={"fieldManager": "a-person"},
        body=body,
        content_type="application/apply-patch+yaml",
    )
