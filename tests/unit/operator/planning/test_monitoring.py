"""What the Prometheus Operator is told of a registry, and what the registry says where there is none."""

from registry_operator.planning.observed import Manifest, ObjectKey
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.registry_plan import plan
from registry_operator.planning.resting import may_rest
from registry_operator.resources.conditions import Condition, ConditionType, find
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import INSTALLATION, NOW, Spec, fresh, registry, serving

WATCHED: Spec = {"monitoring": {"type": "PodMonitor"}}
MISSING = frozenset({"PodMonitor"})


def monitors(wanted: PyPIRegistry) -> list[Manifest]:
    return [body for body in plan(wanted, INSTALLATION, serving(wanted), NOW).apply if body["kind"] == "PodMonitor"]


def ready(wanted: PyPIRegistry, unserved: frozenset[str]) -> Condition:
    found = find(registry_conditions(wanted, INSTALLATION, serving(wanted, unserved=unserved)), ConditionType.READY)
    assert found is not None
    return found


def test_a_pod_monitor_selects_the_serving_pods_at_their_port() -> None:
    wanted = registry(WATCHED)
    (monitor,) = monitors(wanted)
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    made = plan(wanted, INSTALLATION, serving(wanted), NOW).apply
    template = next(body for body in made if body["kind"] == "Deployment")["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint == {"port": "metrics", "path": "/metrics"}
    ports = {port["name"]: port["containerPort"] for port in template["spec"]["containers"][0]["ports"]}
    assert ports[endpoint["port"]] == 9090


def test_interval_and_labels_are_the_specs_and_ours_win() -> None:
    labels = {"release": "prometheus", "app.kubernetes.io/instance": "another"}
    (monitor,) = monitors(registry({"monitoring": {"type": "PodMonitor", "intervalSeconds": 15, "labels": labels}}))
    assert monitor["spec"]["podMetricsEndpoints"][0]["interval"] == "15s"
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["metadata"]["labels"]["app.kubernetes.io/instance"] == "pypi"


def test_nobody_is_told_by_default_and_what_is_no_longer_wanted_goes_at_once() -> None:
    wanted = registry()
    assert monitors(wanted) == []
    assert not plan(wanted, INSTALLATION, fresh(wanted), NOW).keeps(ObjectKey("PodMonitor", "pypi"))


def test_a_cluster_without_the_kind_is_told_of_by_a_registry_that_serves() -> None:
    wanted = registry(WATCHED)
    assert ready(wanted, frozenset()).reason == Reason.SUCCEEDED
    found = ready(wanted, MISSING)
    assert (found.is_true, found.reason) == (True, Reason.MONITORING_UNAVAILABLE)
    assert "spec.monitoring.type: None" in found.message


def test_a_registry_that_waits_for_the_kind_does_not_rest() -> None:
    wanted = registry(WATCHED)
    watched = {name: secret for name, secret in serving(wanted).secrets.items() if secret.labels}
    assert may_rest(wanted, serving(wanted, secrets=watched))
    assert not may_rest(wanted, serving(wanted, secrets=watched, unserved=MISSING))
