"""What Prometheus reads from operators, on the cluster and where one of two leads, and how it finds registries."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from registry_operator.cluster.kinds import POD_MONITOR
from tests.support import api_server
from tests.support.chart_account import define
from tests.support.installation import RELEASE
from tests.support.kubernetes import REGISTRY, TOKEN
from tests.support.network import free_port
from tests.support.operator_stage import HOME, NAME, registry_path, stage
from tests.support.resources import registry, token
from tests.support.stage_conditions import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.installation import Installation
    from tests.support.kubernetes import Namespace
    from tests.support.operator_stage import Stage

pytestmark = pytest.mark.cluster

STARTED = 30.0
# The operator looks again at least every half minute.
NOTICED = 60.0
PORT = free_port()
MONITOR = f"/apis/monitoring.coreos.com/v1/namespaces/{HOME}/podmonitors/{NAME}"
Samples = dict[str, float]


def parsed(text: str) -> Samples:
    """Each sample by its name and its labels' values, in the labels' order, without the prefix that all share."""
    return {
        ".".join(
            [
                sample.name.removeprefix("pypi_registry_operator_"),
                *(value for _, value in sorted(sample.labels.items())),
            ]
        ): sample.value
        for one in text_string_to_metric_families(text)
        for sample in one.samples
    }


def scraped(installation: Installation) -> Samples:
    """The installed operator's metrics, through its Service."""
    path = f"/api/v1/namespaces/{installation.namespace.name}/services/{RELEASE}-metrics:metrics/proxy/metrics"
    return parsed(installation.namespace.kubectl("get", "--raw", path))


def test_the_operators_pod_counts_what_a_registry_and_its_token_cost(
    installation: Installation, namespace: Namespace
) -> None:
    before = scraped(installation)
    assert before["leader"] == 1
    namespace.apply(registry("base"), token("ci", "base"))
    namespace.wait_for_condition(REGISTRY, "base", "Ready")
    namespace.wait_for_condition(TOKEN, "ci", "Ready", seconds=30)
    # The pass that wrote the condition has not ended yet.
    namespace.eventually(
        lambda: {} if _grown(before, scraped(installation)) else None, seconds=STARTED, until="counted"
    )
    after = scraped(installation)
    assert after["resources.PyPIRegistry.true"] >= 1
    assert after["resources.RegistryToken.true"] >= 1
    assert after["workqueue_longest_failing_seconds"] < 600
    assert not [name for name in after if namespace.name in name]


def _grown(before: Samples, after: Samples) -> bool:
    counted = (
        "reconcile_total.registry.requeued",
        "reconcile_duration_seconds_count.token_set",
        "workqueue_adds_total",
        "kubernetes_request_duration_seconds_count.2xx.POST",
        "sync_request_duration_seconds_count.accepted",
        "credential_events_total.issued",
    )
    return all(after.get(name, 0) > before.get(name, 0) for name in counted)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A registry on an API server of its own, and the first of its operators, which tells its metrics at PORT."""
    variables = {
        "OPERATOR_NAMESPACE": HOME,
        "OPERATOR_LEASE": "leader",
        "OPERATOR_IDENTITY": "first",
        "OPERATOR_METRICS_PORT": str(PORT),
    }
    folder = tmp_path_factory.mktemp("stage")
    with api_server.running() as server, stage(server, folder, variables=variables) as made:
        yield made


def told(port: int) -> Samples | None:
    """What an operator's process on this machine tells, once it does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return parsed(answer.read().decode())
    except urllib.error.URLError:
        return None


def test_of_several_operators_the_one_that_leads_says_so_and_the_others_have_counted_nothing(here: Stage) -> None:
    uid = here.make_namespace("one")
    here.make_token("one")
    here.until_settled("one", uid, seconds=20)
    port = free_port()
    here.start_operator(beside=True, OPERATOR_IDENTITY="second", OPERATOR_METRICS_PORT=str(port))
    standing = here.until(lambda: told(port), seconds=STARTED, what=lambda: "it tells nothing")
    leading = told(PORT)
    assert leading is not None
    assert (leading["leader"], standing["leader"]) == (1, 0)
    assert _grown({}, leading)
    assert leading["credential_events_total.issued"] == 1
    assert (leading["resources.RegistryToken.true"], standing["resources.RegistryToken.true"]) == (1, 0)
    assert standing["workqueue_depth"] == 0
    assert not [name for name in standing if name.startswith("reconcile_total")]


def test_a_registry_serves_without_the_prometheus_operator_and_is_told_of_once_it_is_there(here: Stage) -> None:
    home = Watched(here, registry_path(HOME))
    home.change(monitoring={"type": "PodMonitor"})
    home.until_condition("Ready", status="True", reason="MonitoringUnavailable", seconds=NOTICED)
    define(here.server, POD_MONITOR)
    home.until_condition("Ready", status="True", reason="Succeeded", seconds=NOTICED)
    made = here.get(MONITOR)
    assert made is not None
    assert made["spec"]["podMetricsEndpoints"] == [{"port": "metrics", "path": "/metrics"}]
    here.server.call("DELETE", MONITOR)
    here.until(lambda: here.get(MONITOR), seconds=NOTICED, what=lambda: "made again")
    home.change(monitoring={"type": "None"})
    here.until_gone(MONITOR, seconds=NOTICED)
    home.until_condition("Ready", status="True", reason="Succeeded", seconds=NOTICED)
