"""The volume's claim on an API server in memory: made once, grown, and never taken from anybody."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from registry_operator.cluster.kinds import Object
from registry_operator.errors import AlreadyExistsError, ForbiddenError
from tests.support.fake_kube import FakeKube
from tests.unit.operator.test_registry_pass import NAMESPACE, Bench, registry

VOLUME = {"type": "PersistentVolumeClaim", "persistentVolumeClaim": {"size": "1Gi"}}
MARK = {"pypiregistry.dev/retained-for": "demo"}


class NotGrowing(FakeKube):
    """Its StorageClass does not let volumes grow."""

    async def patch(self, observed: Object, operations: list[Object]) -> Object:
        if observed["kind"] == "PersistentVolumeClaim":
            raise ForbiddenError("PersistentVolumeClaim demo-blobs: 403 the storageclass must support resize")
        return await super().patch(observed, operations)


class Racing(FakeKube):
    """Somebody else makes the claim between our look and our POST."""

    async def create(self, body: Object) -> Object:
        if body["kind"] == "PersistentVolumeClaim":
            raise AlreadyExistsError("demo-blobs exists already")
        return await super().create(body)


def run(scenario: Callable[[Bench], Awaitable[None]], kube: FakeKube | None = None, **spec: object) -> None:
    async def main() -> None:
        bench = Bench(kube)
        bench.kube.put(registry(**{"storage": VOLUME} | spec))
        await scenario(bench)

    asyncio.run(main())


def claim(labels: dict[str, str], size: str = "1Gi", **status: object) -> Object:
    metadata = {"namespace": NAMESPACE, "name": "demo-blobs", "labels": labels}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec, "status": status}


def start_database(bench: Bench) -> None:
    ready = {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1, "observedGeneration": 1}
    bench.kube.put(bench.get("StatefulSet", "demo-postgresql") | {"status": ready})


def storage_ready(bench: Bench) -> tuple[str, str]:
    conditions = {one["type"]: one for one in bench.get("PyPIRegistry", "demo")["status"]["conditions"]}
    return conditions["StorageReady"]["status"], conditions["StorageReady"]["reason"]


def test_the_claim_comes_first_and_the_migration_with_the_database() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.reconcile()
        assert bench.names("PersistentVolumeClaim") == ["demo-blobs"]
        assert bench.names("StatefulSet") == ["demo-postgresql"]
        assert bench.names("Job") == []
        start_database(bench)
        await bench.reconcile()
        assert len(bench.names("Job")) == 1
        before = list(bench.kube.writes)
        await bench.reconcile()
        assert bench.kube.writes == before

    run(scenario)


def test_a_claim_that_was_kept_is_found_by_its_mark_and_grows() -> None:
    async def scenario(bench: Bench) -> None:
        kept = bench.kube.put(claim(MARK, "1Mi"))
        await bench.reconcile()
        found = bench.get("PersistentVolumeClaim", "demo-blobs")
        assert found["metadata"]["uid"] == kept["metadata"]["uid"]
        assert found["spec"]["resources"]["requests"]["storage"] == "1Gi"
        assert "create PersistentVolumeClaim demo-blobs" not in bench.kube.writes

    run(scenario)


@pytest.mark.hostile
def test_a_claim_of_somebody_else_is_neither_changed_nor_mounted() -> None:
    """3.6/112: neither its mark nor its size, and no pod of ours gets at it."""

    async def scenario(bench: Bench) -> None:
        foreign = bench.kube.put(claim({"pypiregistry.dev/retained-for": "other"}, "1Mi"))
        await bench.reconcile()
        start_database(bench)
        await bench.reconcile()
        assert bench.get("PersistentVolumeClaim", "demo-blobs") == foreign
        assert bench.names("Job") == []
        assert bench.ready()[:2] == ("False", "ConflictingOwner")
        assert "PersistentVolumeClaim demo-blobs" in bench.ready()[2]
        assert storage_ready(bench) == ("False", "ConflictingOwner")

    run(scenario)


def test_a_claim_that_somebody_makes_meanwhile_is_looked_at_again() -> None:
    async def scenario(bench: Bench) -> None:
        assert 0 < ((await bench.reconcile()).again_after or 0) <= 5
        assert bench.ready()[1] == "ConflictingOwner"

    run(scenario, Racing())


def test_growth_that_is_refused_is_a_condition_and_stops_nothing() -> None:
    async def scenario(bench: Bench) -> None:
        bench.kube.put(claim(MARK, "1Mi", phase="Bound", capacity={"storage": "1Mi"}))
        assert not (await bench.reconcile()).failed
        start_database(bench)
        assert not (await bench.reconcile()).failed
        (job,) = bench.names("Job")
        done = {"type": "Complete", "status": "True", "lastTransitionTime": "2026-11-24T00:00:00Z"}
        bench.kube.put(bench.get("Job", job) | {"status": {"conditions": [done]}})
        await bench.reconcile()
        assert storage_ready(bench) == ("False", "VolumeResizeRefused")
        assert bench.names("Deployment") == ["demo"]

    run(scenario, NotGrowing())


def test_a_paused_registry_makes_no_claim() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.reconcile()
        assert bench.names("PersistentVolumeClaim") == []

    run(scenario, paused=True)
