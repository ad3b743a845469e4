"""What Prometheus reads from the operator: on the cluster, and from operators of which one leads."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support import api_server
from tests.support.installation import RELEASE
from tests.support.kubernetes import REGISTRY, TOKEN
from tests.support.network import free_port
from tests.support.operator_stage import HOME, stage
from tests.support.resources import registry, token

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.installation import Installation
    from tests.support.kubernetes import Namespace

pytestmark = pytest.mark.cluster

_STARTED = 30.0
Samples = dict[str, float]


def parsed(text: str) -> Samples:
    """Each sample by its name and its labels' values, without the prefix that all of them share."""
    return {
        ".".join([sample.name.removeprefix("pypi_registry_operator_"), *sample.labels.values()]): sample.value
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
        lambda: {} if _grown(before, scraped(installation)) else None, seconds=_STARTED, until="counted"
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
        "kubernetes_request_duration_seconds_count.POST.2xx",
        "sync_request_duration_seconds_count.accepted",
        "credential_events_total.issued",
    )
    return all(after.get(name, 0) > before.get(name, 0) for name in counted)


def test_of_several_operators_the_one_that_leads_says_so_and_the_others_have_counted_nothing(tmp_path: Path) -> None:
    ports = free_port(), free_port()

    def told(port: int) -> Samples | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                return parsed(answer.read().decode())
        except urllib.error.URLError:  # it has not begun yet
            return None

    lease = {"OPERATOR_NAMESPACE": HOME, "OPERATOR_LEASE": "leader", "OPERATOR_IDENTITY": "first"}
    first = lease | {"OPERATOR_METRICS_PORT": str(ports[0])}
    with api_server.running() as server, stage(server, tmp_path, variables=first) as here:
        uid = here.make_namespace("one")
        here.make_token("one")
        here.until_settled("one", uid, seconds=20)
        here.start_operator(beside=True, OPERATOR_IDENTITY="second", OPERATOR_METRICS_PORT=str(ports[1]))
        standing = here.until(
            lambda: _filled(told(ports[1])), seconds=_STARTED, what=lambda: "the second one's queue is filled"
        )
        leading = told(ports[0])
    assert leading is not None
    assert (leading["leader"], standing["leader"]) == (1, 0)
    assert leading["credential_events_total.issued"] == 1
    assert (leading["resources.RegistryToken.true"], standing["resources.RegistryToken.true"]) == (1, 0)
    assert not [name for name in standing if name.startswith("reconcile_total")]


def _filled(samples: Samples | None) -> Samples | None:
    return samples if samples is not None and samples["workqueue_depth"] > 0 else None
