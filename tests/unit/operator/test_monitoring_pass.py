"""A pass on a cluster that does not know a kind: one that a registry serves without, and one that it does not."""

import pytest

from registry_operator.errors import KindNotServedError
from tests.unit.operator.test_registry_pass import Bench, RefusingKube, registry, run

MISSING = KindNotServedError("This cluster does not serve it.")


@pytest.mark.parametrize(
    ("kind", "spec", "reason"),
    [
        ("PodMonitor", {"monitoring": {"type": "PodMonitor"}}, "WorkloadNotReady"),
        ("HTTPRoute", {"exposure": {"type": "Gateway", "gateway": {"name": "public"}}}, "KindNotServed"),
    ],
)
def test_only_what_a_registry_serves_without_may_be_missing(kind: str, spec: dict[str, object], reason: str) -> None:
    async def scenario(bench: Bench) -> None:
        bench.kube.put(registry(**spec) | {"metadata": bench.get("PyPIRegistry", "demo")["metadata"]})
        outcome = await bench.reconcile()
        assert outcome.failed is (reason == "KindNotServed")
        assert bench.ready()[:2] == ("False", reason)
        assert bool(bench.names("StatefulSet")) is not outcome.failed

    run(scenario, RefusingKube(kind, MISSING))


def test_a_pod_monitor_is_made_where_the_kind_is_served() -> None:
    async def scenario(bench: Bench) -> None:
        bench.kube.put(
            registry(monitoring={"type": "PodMonitor"}) | {"metadata": bench.get("PyPIRegistry", "demo")["metadata"]}
        )
        await bench.reconcile()
        assert bench.names("PodMonitor") == ["demo"]

    run(scenario)
