"""Whatever a registry's spec asks for, once it is there nothing is left to do: plan(apply(plan)) = ∅."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given

from registry_operator.cluster.kinds import Object
from registry_operator.planning.objects import secret_content
from registry_operator.planning.registry_plan import RegistryPlan, plan
from registry_operator.planning.secrets import SyncMaterial, sync_secret
from registry_operator.reconcilers.registry_acting import act, generate_secrets
from registry_operator.reconcilers.registry_observing import observe
from registry_operator.reconcilers.registry_volume import ensure_volume
from registry_operator.resources.registry import PyPIRegistry
from tests.outcomes.issue_7 import PLANS
from tests.support.fake_kube import FakeKube
from tests.unit.operator.planning.bodies import EXTERNAL_SECRETS, INSTALLATION, NOW, counting
from tests.unit.operator.planning.strategies import registries

# Managed parts, migration, Deployment, and what goes once it is rolled out.
ROUNDS = 5


def cluster(wanted: PyPIRegistry) -> FakeKube:
    """A namespace with the Secrets that people made, and the sync port's."""
    kube = FakeKube()
    for name, values in EXTERNAL_SECRETS.items():
        kube.put(_secret(wanted.metadata.namespace, name, values))
    kube.put(sync_secret(wanted, SyncMaterial("CA", "CERTIFICATE", "PRIVATE-KEY", "sync-key")))
    return kube


def _secret(namespace: str, name: str, values: Mapping[str, str]) -> Object:
    frame = {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": namespace, "name": name}}
    return frame | secret_content(values)


async def one_pass(kube: FakeKube, wanted: PyPIRegistry) -> RegistryPlan:
    view = await observe(kube, wanted, installation=INSTALLATION, namespace_uid="n-1")
    assert await generate_secrets(kube, wanted, view, random=counting) == []
    assert await ensure_volume(kube, wanted, view) == []
    decided = plan(wanted, INSTALLATION, view.observation(wanted, INSTALLATION), NOW)
    assert await act(kube, decided, view) == []
    return decided


def let_controllers_work(kube: FakeKube) -> None:
    for body in list(kube.objects.values()):
        if body["kind"] in ("Deployment", "StatefulSet"):
            count = body["spec"]["replicas"]
            status = {"replicas": count, "readyReplicas": count, "updatedReplicas": count, "observedGeneration": 1}
            kube.put(body | {"status": status})
        if body["kind"] == "PersistentVolumeClaim":
            kube.put(body | {"status": {"phase": "Bound", "capacity": body["spec"]["resources"]["requests"]}})
        if body["kind"] == "Job":
            kube.put(body | {"status": {"conditions": [{"type": "Complete", "status": "True"}]}})


async def settle(wanted: PyPIRegistry) -> None:
    kube = cluster(wanted)
    for _ in range(ROUNDS):
        await one_pass(kube, wanted)
        let_controllers_work(kube)
    before = list(kube.writes)
    decided = await one_pass(kube, wanted)
    assert "Deployment" in {manifest["kind"] for manifest in decided.apply}
    assert (decided.create, decided.delete, decided.next_look) == ((), (), None)
    assert kube.writes == before


@pytest.mark.outcome(PLANS)
@given(registries)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(wanted: PyPIRegistry) -> None:
    asyncio.run(settle(wanted))
