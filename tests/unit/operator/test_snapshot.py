"""A namespace as it was read, for a pass that may only look."""

import asyncio

import pytest

from registry_operator.cluster.kinds import CONFIG_MAP, NAMESPACE, SECRET, Object
from registry_operator.cluster.packed import KeptLists
from registry_operator.cluster.snapshot import Snapshot
from registry_operator.errors import WouldWriteError
from tests.support.fake_kube import FakeKube


def config_map(name: str, namespace: str = "here", **labels: str) -> Object:
    metadata = {"namespace": namespace, "name": name, "labels": labels, "uid": name, "resourceVersion": "1"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def snapshot(live: FakeKube) -> Snapshot:
    known = {(NAMESPACE, None, "here"): {"kind": "Namespace"}, (CONFIG_MAP, "there", "k"): config_map("k", "there")}
    return Snapshot(
        live, "here", {CONFIG_MAP: [config_map("a", app="x"), config_map("b", app="y")]}, known, KeptLists()
    )


def test_it_answers_from_what_was_read_and_asks_for_all_else() -> None:
    async def scenario() -> None:
        live = FakeKube()
        live.put(config_map("late"))
        live.put(config_map("far", "there"))
        kube = snapshot(live)
        read = {one: await kube.get(CONFIG_MAP, "here", one) for one in ("a", "late", "none")}
        assert [body and body["metadata"]["name"] for body in read.values()] == ["a", "late", None]
        assert await kube.get(NAMESPACE, None, "here") == {"kind": "Namespace"}
        assert await kube.get(CONFIG_MAP, "there", "k") is not None
        assert await kube.get(CONFIG_MAP, "there", "far") is not None
        selectors = (None, "app", "app=x", "app=z", "other")
        found = [[one["metadata"]["name"] for one in await kube.find(CONFIG_MAP, "here", labels=s)] for s in selectors]
        assert found == [["a", "b"], ["a", "b"], ["a"], [], []]
        assert len(await kube.find(CONFIG_MAP, "there")) == 1
        assert await kube.find(SECRET, "here") == []
        assert [len(page) async for page in kube.pages(CONFIG_MAP)] == [2]

    asyncio.run(scenario())


def test_it_writes_nothing() -> None:
    async def scenario() -> None:
        kube, body = snapshot(FakeKube()), config_map("a")
        for write in (kube.create(body), kube.apply(body), kube.patch(body, []), kube.delete(body)):
            with pytest.raises(WouldWriteError, match="ConfigMap a"):
                await write

    asyncio.run(scenario())
