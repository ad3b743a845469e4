"""A person's own autoscaler changes a registry's replicas; the operator follows it and does not take them back."""

import pytest

from tests.kubernetes.conftest import MakeNamespace
from tests.outcomes import issue_7
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, Namespace, Object
from tests.support.resources import registry

pytestmark = [pytest.mark.cluster, pytest.mark.outcome(issue_7.CLUSTER)]

_SECONDS = 120.0


def _autoscaler(least: int, most: int) -> Object:
    """One whose bounds alone say what to do, because nobody measures processor time here."""
    target = {"apiVersion": "pypiregistry.dev/v1alpha1", "kind": "PyPIRegistry", "name": "base"}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a-persons"},
        "spec": {
            "scaleTargetRef": target,
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
    }


def _until_scaled(home: Namespace, replicas: int) -> None:
    """By the registry's status, which the autoscaler reads too, and by its Deployment and budget."""

    def scaled(body: Object) -> bool:
        return [body["spec"]["replicas"], body["status"].get("readyReplicas")] == [replicas, replicas]

    home.wait_for(REGISTRY, "base", scaled, seconds=_SECONDS, until=f"{replicas} replicas are ready")
    home.wait_for(
        "hpa",
        "a-persons",
        lambda body: body["status"].get("currentReplicas") == replicas == body["status"]["desiredReplicas"],
        seconds=_SECONDS,
        until=f"the autoscaler sees {replicas} replicas",
    )
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=_SECONDS)
    assert len(home.find("poddisruptionbudgets")) == (replicas > 1)


def test_a_persons_autoscaler_scales_a_registry_up_and_down(
    installation: Installation, make_fresh_namespace: MakeNamespace
) -> None:
    """From 1 to 3 and back; the spec as it was applied names no replicas."""
    home = make_fresh_namespace("scaled")
    home.apply(registry("base"))
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=_SECONDS * 2)
    home.apply(_autoscaler(3, 4))
    _until_scaled(home, 3)
    home.apply(registry("base"), _autoscaler(1, 1))
    _until_scaled(home, 1)
