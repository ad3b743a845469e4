"""An operator for chosen namespaces asks nothing of another one, because it may not."""

import asyncio
import datetime as dt
import secrets
from dataclasses import replace

from registry_operator.cluster.kinds import Kind, Object
from registry_operator.errors import ForbiddenError
from registry_operator.reconcilers.hostnames import Hostnames
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.reconcilers.sync_port import SyncPort
from registry_operator.reconcilers.token_set import TokenSetReconciler
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.work_queue import Outcome
from tests.support.fake_kube import FakeKube
from tests.support.resources import registry, token
from tests.unit.operator.planning.bodies import INSTALLATION

WATCHED = ("team-a", "team-b")
HOST = {"exposure": {"type": "Ingress", "hostname": "packages.example"}}
NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


class NarrowKube(FakeKube):
    """An API server of which only the watched namespaces may be asked."""

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        _require(name if kind.name == "Namespace" else namespace)
        return await super().get(kind, namespace, name)

    async def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        _require(namespace)
        return await super().find(kind, namespace, labels=labels)


def _require(namespace: str | None) -> None:
    if namespace not in WATCHED:
        raise ForbiddenError(f"namespace {namespace}")


def _in(namespace: str, body: Object, created: str = "2026-11-24T00:00:00Z") -> Object:
    uid = f"{body['metadata']['name']}-{namespace}"
    metadata = {"namespace": namespace, "uid": uid, "generation": 1, "creationTimestamp": created}
    return body | {"metadata": body["metadata"] | metadata}


def _kube(*bodies: Object) -> NarrowKube:
    kube = NarrowKube()
    for namespace in WATCHED:
        kube.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for body in bodies:
        kube.put(body)
    return kube


def _passes(kube: NarrowKube) -> TokenSetReconciler:
    port = SyncPort(kube, lambda: NOW, secrets.token_bytes, lambda _: "https://nowhere.example")
    narrow = replace(INSTALLATION, watched=WATCHED)
    return TokenSetReconciler(kube, narrow, port, SyncMemory(), lambda: NOW, secrets.token_bytes)


def test_the_claims_to_a_host_are_those_of_the_watched_namespaces() -> None:
    older, younger = registry("pypi", **HOST), registry("pypi", **HOST)
    kube = _kube(_in("team-a", older), _in("team-b", younger, created="2026-11-25T00:00:00Z"))
    mine = PyPIRegistry.parse(kube.objects["PyPIRegistry", "team-b", "pypi"])
    assert asyncio.run(Hostnames(WATCHED).holder(kube, mine, NOW)) == "team-a/pypi"


def test_a_set_of_another_namespace_is_left_to_its_registry() -> None:
    key = TokenSetKey(RegistryKey("team-a", "pypi"), "elsewhere")
    kube = _kube(_in("team-a", registry("pypi")))
    assert asyncio.run(_passes(kube).reconcile(key)) == Outcome()
    assert kube.writes == []


def test_a_token_for_a_registry_out_of_sight_is_told_so() -> None:
    key = TokenSetKey(RegistryKey("elsewhere", "pypi"), "team-a")
    far = token("ci", "pypi", registryRef={"name": "pypi", "namespace": "elsewhere"})
    kube = _kube(_in("team-a", far))
    assert asyncio.run(_passes(kube).reconcile(key)) == Outcome()
    status = kube.objects["RegistryToken", "team-a", "ci"]["status"]
    accepted = next(condition for condition in status["conditions"] if condition["type"] == "Accepted")
    assert (accepted["status"], accepted["reason"]) == ("False", "NamespaceNotWatched")
