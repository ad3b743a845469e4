"""What a registry's owner may say about its pods, and what it never changes."""

import pytest
from hypothesis import given

from registry_operator.planning.observed import Manifest
from registry_operator.planning.registry_plan import plan
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import INSTALLATION, NOW, Spec, ready_parts, registry, serving
from tests.unit.operator.planning.strategies import registries

WANTED = {
    "labels": {"team": "a"},
    "annotations": {"example.org/note": "text"},
    "resources": {"requests": {"cpu": "1.5"}, "limits": {"cpu": "2000m", "memory": "1024Mi"}},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "spot", "effect": "NoExecute", "tolerationSeconds": 0}],
    "topologySpreadConstraints": [{"topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}],
    "priorityClassName": "important",
}


def deployment(wanted: PyPIRegistry) -> Manifest:
    made = plan(wanted, INSTALLATION, serving(wanted), NOW).apply
    return next(manifest for manifest in made if manifest["kind"] == "Deployment")


def template(spec: Spec) -> Manifest:
    found: Manifest = deployment(registry({"podTemplate": spec}))["spec"]["template"]
    return found


def budgets(spec: Spec) -> list[Manifest]:
    wanted = registry(spec)
    made = plan(wanted, INSTALLATION, serving(wanted), NOW).apply
    return [manifest for manifest in made if manifest["kind"] == "PodDisruptionBudget"]


def test_the_serving_pods_have_what_the_spec_says() -> None:
    found = template(WANTED)
    assert found["metadata"]["labels"]["team"] == "a"
    assert found["metadata"]["annotations"]["example.org/note"] == "text"
    pod = found["spec"]
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "1500m", "memory": "128Mi"},
        "limits": {"cpu": "2", "memory": "1Gi"},
    }
    assert pod["nodeSelector"] == {"disk": "ssd"}
    assert pod["priorityClassName"] == "important"
    (constraint,) = pod["topologySpreadConstraints"]
    assert (constraint["topologyKey"], constraint["maxSkew"]) == ("rack", 1)
    assert constraint["whenUnsatisfiable"] == "DoNotSchedule"


@pytest.mark.parametrize(("part", "name"), [("database", "pypi-postgresql"), ("storage", "pypi-object-store")])
def test_a_managed_part_has_resources_of_its_own(part: str, name: str) -> None:
    resources = {"requests": {"cpu": "1000m"}, "limits": {"memory": "2048Mi"}}
    wanted = registry({part: {"type": "Managed", "managed": {"resources": resources}}})
    made = {body["metadata"]["name"]: body for body in plan(wanted, INSTALLATION, ready_parts(wanted), NOW).apply}
    (container,) = made[name]["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "1", "memory": "128Mi"}, "limits": {"memory": "2Gi"}}


def test_a_toleration_says_what_it_was_told_and_no_more() -> None:
    (toleration,) = template(WANTED)["spec"]["tolerations"]
    assert toleration == {"key": "spot", "operator": "Equal", "effect": "NoExecute", "tolerationSeconds": 0}
    assert template({"tolerations": [{"operator": "Exists"}]})["spec"]["tolerations"] == [{"operator": "Exists"}]


def test_pods_spread_over_nodes_and_zones_by_themselves() -> None:
    constraints = template({})["spec"]["topologySpreadConstraints"]
    keys = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert [constraint["topologyKey"] for constraint in constraints] == keys
    assert {constraint["whenUnsatisfiable"] for constraint in constraints} == {"ScheduleAnyway"}
    assert "topologySpreadConstraints" not in template({"topologySpreadConstraints": []})["spec"]


def test_a_migration_runs_where_the_service_does() -> None:
    wanted = registry({"podTemplate": WANTED})
    (job,) = plan(wanted, INSTALLATION, ready_parts(wanted), NOW).create
    found = job["spec"]["template"]
    assert found["metadata"]["labels"]["team"] == "a"
    assert found["metadata"]["annotations"] == {"example.org/note": "text"}
    assert found["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert found["spec"]["containers"][0]["resources"]["limits"]["cpu"] == "2"
    assert "topologySpreadConstraints" not in found["spec"]


@given(registries)
def test_what_is_ours_stays_ours(wanted: PyPIRegistry) -> None:
    spec = deployment(wanted)["spec"]
    metadata = spec["template"]["metadata"]
    assert spec["selector"]["matchLabels"].items() <= metadata["labels"].items()
    assert metadata["annotations"]["pypiregistry.dev/inputs-checksum"] != "mine"
    for constraint in spec["template"]["spec"].get("topologySpreadConstraints", []):
        assert constraint["labelSelector"] == spec["selector"]


def test_a_drain_stops_one_of_several_pods() -> None:
    (budget,) = budgets({"replicas": 2})
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"] == deployment(registry())["spec"]["selector"]
    (budget,) = budgets({"replicas": 5, "podDisruptionBudget": {"maxUnavailable": 3}})
    assert budget["spec"]["maxUnavailable"] == 3


def test_no_budget_could_only_forbid_a_drain() -> None:
    assert budgets({"replicas": 1}) == budgets({"replicas": 0}) == []
    assert budgets({"replicas": 2, "podDisruptionBudget": {"type": "None"}}) == []


def test_the_identity_bears_the_annotations_of_a_cloud() -> None:
    wanted = registry({"serviceAccount": {"annotations": {"example.org/role": "packages"}}})
    made = plan(wanted, INSTALLATION, serving(wanted), NOW).apply
    (account,) = [manifest for manifest in made if manifest["kind"] == "ServiceAccount"]
    assert account["metadata"]["annotations"] == {"example.org/role": "packages"}
    assert account["automountServiceAccountToken"] is False
