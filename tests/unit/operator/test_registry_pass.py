"""Passes over a PyPIRegistry on an API server in memory, where no controller and no pod ever does its part."""

import asyncio
import base64
import datetime as dt
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from registry_operator import certificates
from registry_operator.cluster.kinds import Object
from registry_operator.errors import ForbiddenError, RejectedError
from registry_operator.planning.installation import Installation
from registry_operator.reconcilers.hostnames import Hostnames
from registry_operator.reconcilers.keys import RegistryKey
from registry_operator.reconcilers.registry import RegistryReconciler
from registry_operator.reconcilers.registry_syncing import RegistrySyncing
from registry_operator.reconcilers.rollout import Rollout
from registry_operator.reconcilers.routing import Routing
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.reconcilers.sync_port import SyncPort
from registry_operator.work_queue import Outcome
from tests.support.fake_kube import FakeKube

NAMESPACE = "team-a"
KEY = RegistryKey(NAMESPACE, "demo")
INSTALLATION = Installation("service:1", "postgresql:1", "object-store:1", base_domain="registry.test")
HOST = "demo-sync.team-a.svc"


class RefusingKube(FakeKube):
    """Refuses to make or change one kind."""

    def __init__(self, kind: str, error: Exception) -> None:
        super().__init__()
        self._kind = kind
        self._error = error

    async def create(self, body: Object) -> Object:
        if body["kind"] == self._kind:
            raise self._error
        return await super().create(body)


class Bench:
    """A registry, an operator whose clock the test moves, and what is in the cluster."""

    def __init__(self, kube: FakeKube | None = None) -> None:
        self.kube = kube or FakeKube()
        self.now = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
        self.kube.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        self.kube.put(registry())
        self.operator = self._operator()

    def _operator(self) -> RegistryReconciler:
        port = SyncPort(self.kube, lambda: self.now, secrets.token_bytes, lambda _: "https://nowhere.example")
        syncing = RegistrySyncing(port, Routing(lambda _: None), SyncMemory())
        hostnames, rollout = Hostnames(), Rollout(1, lambda _: None)
        return RegistryReconciler(
            self.kube, INSTALLATION, syncing, lambda: self.now, secrets.token_bytes, hostnames, rollout
        )

    async def reconcile(self) -> Outcome:
        return await self.operator.reconcile(KEY)

    def get(self, kind: str, name: str) -> Object:
        return self.kube.objects[kind, NAMESPACE, name]

    def ready(self) -> tuple[str, str, str]:
        conditions = {one["type"]: one for one in self.get("PyPIRegistry", "demo")["status"]["conditions"]}
        return conditions["Ready"]["status"], conditions["Ready"]["reason"], conditions["Ready"]["message"]

    def names(self, kind: str) -> list[str]:
        return sorted(name for found, _, name in self.kube.objects if found == kind)

    def start_parts(self) -> None:
        """Do what the controllers of the managed parts would."""
        for name in ("demo-postgresql", "demo-object-store"):
            ready = {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "observedGeneration": 1}
            self.kube.put(self.get("StatefulSet", name) | {"status": ready})


def registry(**spec: Any) -> Object:  # Any: fields of the spec
    managed = {"database": {"type": "Managed"}, "storage": {"type": "Managed"}, "exposure": {"type": "Ingress"}}
    return {
        "apiVersion": "pypiregistry.dev/v1alpha1",
        "kind": "PyPIRegistry",
        "metadata": {"namespace": NAMESPACE, "name": "demo"},
        "spec": managed | spec,
    }


def run(scenario: Callable[[Bench], Awaitable[None]], kube: FakeKube | None = None) -> None:
    asyncio.run(_run(scenario, kube))


async def _run(scenario: Callable[[Bench], Awaitable[None]], kube: FakeKube | None) -> None:
    await scenario(Bench(kube))


def decoded(secret: Object) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def test_the_first_pass_makes_the_parts_and_the_next_one_writes_nothing() -> None:
    async def scenario(bench: Bench) -> None:
        assert not (await bench.reconcile()).failed
        assert bench.names("StatefulSet") == ["demo-object-store", "demo-postgresql"]
        assert bench.names("Deployment") == []
        assert bench.ready()[:2] == ("False", "WorkloadNotReady")
        assert bench.operator.census.resources()["PyPIRegistry", False] == 1
        before = list(bench.kube.writes)
        await bench.reconcile()
        assert bench.kube.writes == before

    run(scenario)


def test_the_migration_comes_before_the_deployment() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.reconcile()
        bench.start_parts()
        await bench.reconcile()
        (job,) = bench.names("Job")
        assert bench.names("Deployment") == []
        done = {"type": "Complete", "status": "True", "lastTransitionTime": "2026-11-24T00:00:00Z"}
        bench.kube.put(bench.get("Job", job) | {"status": {"conditions": [done]}})
        await bench.reconcile()
        assert bench.names("Deployment") == ["demo"]

    run(scenario)


def test_a_failed_migration_is_made_again_later_and_counts_its_attempts() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.reconcile()
        bench.start_parts()
        await bench.reconcile()
        (job,) = bench.names("Job")
        failed = {"type": "Failed", "status": "True", "lastTransitionTime": "2026-11-24T00:00:00Z"}
        bench.kube.put(bench.get("Job", job) | {"status": {"conditions": [failed]}})
        outcome = await bench.reconcile()
        assert outcome.again_after == 10.0
        assert bench.names("Job") == [job]
        bench.now += dt.timedelta(seconds=10)
        await bench.reconcile()
        assert bench.names("Job") == []
        await bench.reconcile()
        assert bench.get("Job", job)["metadata"]["annotations"]["pypiregistry.dev/attempt"] == "2"

    run(scenario)


@pytest.mark.parametrize("error", [RejectedError("StatefulSet x: 422 no"), ForbiddenError("StatefulSet x: 403 no")])
def test_what_the_api_server_refuses_is_a_condition_with_its_words(error: RejectedError | ForbiddenError) -> None:
    async def scenario(bench: Bench) -> None:
        assert (await bench.reconcile()).failed
        status, reason, message = bench.ready()
        assert (status, reason) == ("False", error.reason)
        assert message.startswith(f"{error}. ")
        before = len(bench.kube.writes)
        await bench.reconcile()
        assert len(bench.kube.writes) == before, "the same refusal is not written again"

    run(scenario, RefusingKube("StatefulSet", error))


def test_a_foreign_sync_secret_is_left_and_named() -> None:
    async def scenario(bench: Bench) -> None:
        metadata = {"namespace": NAMESPACE, "name": "demo-sync"}
        theirs = bench.kube.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"a": "Yg=="}})
        outcome = await bench.reconcile()
        assert bench.ready()[:2] == ("False", "ConflictingOwner")
        assert "Secret demo-sync" in bench.ready()[2]
        assert bench.get("Secret", "demo-sync") == theirs
        assert outcome.again_after == 5.0

    run(scenario)


def test_the_certificate_is_renewed_and_the_key_and_the_former_ca_stay() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.reconcile()
        first = decoded(bench.get("Secret", "demo-sync"))
        bench.now += dt.timedelta(days=300)
        await bench.reconcile()
        second = decoded(bench.get("Secret", "demo-sync"))
        assert second["key"] == first["key"]
        assert second["tls.crt"] != first["tls.crt"]
        assert second["ca.crt"].endswith(first["ca.crt"])
        renewed = certificates.ServerCertificate(second["ca.crt"], second["tls.crt"], second["tls.key"])
        assert certificates.usable(renewed, HOST, bench.now)

    run(scenario)


def test_credentials_that_an_earlier_registry_left_are_found_again() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.reconcile()
        former = {name: bench.get("Secret", name)["data"] for name in ("demo-postgresql", "demo-object-store")}
        bench.kube.remove("PyPIRegistry", NAMESPACE, "demo")
        assert bench.names("Secret") == sorted(former)
        await bench.reconcile()
        bench.kube.put(registry())
        await bench.reconcile()
        assert {name: bench.get("Secret", name)["data"] for name in former} == former
        assert bench.ready()[1] == "WorkloadNotReady"

    run(scenario)


def test_what_is_unwanted_goes_and_what_only_bears_our_label_stays() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.reconcile()
        ingress = bench.get("Ingress", "demo")
        theirs = ingress | {"metadata": ingress["metadata"] | {"name": "theirs", "ownerReferences": []}}
        bench.kube.put({**theirs, "metadata": {k: v for k, v in theirs["metadata"].items() if k != "uid"}})
        body = bench.get("PyPIRegistry", "demo")
        bench.kube.put(body | {"spec": body["spec"] | {"exposure": {"type": "None"}}})
        await bench.reconcile()
        assert bench.names("Ingress") == ["theirs"]
        assert "demo-sync" in bench.names("Secret")

    run(scenario)


@pytest.mark.parametrize(("annotations", "left"), [({}, True), ({"pypiregistry.dev/confirm-delete": "demo"}, False)])
def test_a_registry_takes_its_data_along_once_that_is_confirmed(annotations: dict[str, str], left: bool) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.reconcile()
        claims = [f"data-{part}-0" for part in ("demo-object-store", "demo-postgresql")]
        for name in claims:
            metadata = {"namespace": NAMESPACE, "name": name, "labels": {"pypiregistry.dev/retained-for": "demo"}}
            bench.kube.put({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata})
        wanted = bench.get("PyPIRegistry", "demo")
        wanted["spec"] |= {"deletionPolicy": "Delete", "paused": True}
        bench.kube.put(wanted | {"metadata": wanted["metadata"] | {"annotations": annotations}})
        await bench.reconcile()
        before = list(bench.kube.writes)
        await bench.reconcile()
        assert bench.kube.writes == before
        secrets = bench.get("Secret", "demo-postgresql")["data"]
        assert secrets.keys() == {"host", "port", "dbname", "username", "password"}
        bench.kube.remove("PyPIRegistry", NAMESPACE, "demo")
        assert bench.names("PersistentVolumeClaim") == (claims if left else [])
        assert bench.names("Secret") == (["demo-object-store", "demo-postgresql"] if left else [])

    run(scenario)


def test_nothing_is_made_in_a_namespace_that_ends() -> None:
    async def scenario(bench: Bench) -> None:
        metadata = {"name": NAMESPACE, "deletionTimestamp": "2026-11-24T00:00:00Z"}
        bench.kube.put({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        assert not (await bench.reconcile()).failed
        assert bench.kube.writes == []

    run(scenario)


def test_a_spec_of_another_version_says_so() -> None:
    async def scenario(bench: Bench) -> None:
        body = bench.get("PyPIRegistry", "demo")
        bench.kube.put(body | {"spec": body["spec"] | {"database": {"type": "Telepathy"}}})
        assert not (await bench.reconcile()).failed
        assert bench.ready()[:2] == ("False", "InvalidSpec")
        assert "Telepathy" in bench.ready()[2]

    run(scenario)


@pytest.mark.hostile
def test_an_older_registry_takes_no_host_by_naming_it() -> None:
    """3.6/127: whoever serves there goes on serving, and the other is told."""

    async def scenario(bench: Bench) -> None:
        exposure = {"type": "Ingress", "hostname": "p.example"}
        older = registry(exposure={"type": "None"}, database={"type": "Secret", "secret": {"name": "db"}})
        bench.kube.put(older | {"metadata": {"namespace": "team-z", "name": "demo", "creationTimestamp": "2020-01-01"}})
        bench.kube.put(registry(exposure=exposure))
        await bench.reconcile()
        assert bench.names("Ingress") == ["demo"]
        envious = bench.kube.objects["PyPIRegistry", "team-z", "demo"]
        bench.kube.put(envious | {"spec": envious["spec"] | {"exposure": exposure}})
        bench.kube.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-z"}})
        await bench.operator.reconcile(RegistryKey("team-z", "demo"))
        bench.now += dt.timedelta(minutes=1)
        await bench.reconcile()
        assert ("Ingress", NAMESPACE, "demo") in bench.kube.objects
        assert ("Ingress", "team-z", "demo") not in bench.kube.objects
        told = bench.kube.objects["PyPIRegistry", "team-z", "demo"]["status"]["conditions"]
        assert [one["reason"] for one in told if one["type"] == "Exposed"] == ["HostnameConflict"]
        del bench.kube.objects["PyPIRegistry", NAMESPACE, "demo"]
        bench.now += dt.timedelta(minutes=1)
        await bench.operator.reconcile(RegistryKey("team-z", "demo"))
        assert ("Ingress", "team-z", "demo") in bench.kube.objects, "the host is free"

    run(scenario)
