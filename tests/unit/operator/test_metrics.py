"""What Prometheus reads from the operator: names, labels and values of the exposition."""

import asyncio
from dataclasses import replace

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from registry_operator import VERSION, metrics_port
from registry_operator.metrics import CONTENT_TYPE, Metrics, Readings
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from tests.support.network import free_port

PREFIX = "pypi_registry_operator_"
REGISTRY = RegistryKey("team-a", "secret-name")
TOKENS = TokenSetKey(REGISTRY, "team-b")
QUIET = Readings(
    depth=lambda: 0,
    longest_wait=lambda: 0.0,
    longest_run=lambda: 0.0,
    longest_failure=lambda: 0.0,
    loop_lag=lambda: 0.0,
    leads=lambda: True,
    resources=dict,
    credentials=dict,
    overdue=lambda: 0,
)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(metrics: Metrics) -> Samples:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(sample.name, frozenset(sample.labels.items())): sample.value for one in families for sample in one.samples}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((PREFIX + name, frozenset(labels.items())))


def test_passes_are_counted_by_kind_and_result_and_failures_are_tried_again() -> None:
    metrics = Metrics(VERSION)
    for key, result in ((REGISTRY, "requeued"), (REGISTRY, "requeued"), (TOKENS, "failed"), (TOKENS, "done")):
        metrics.added()
        metrics.began(0.02)
        metrics.ended(key, result, 0.2)
    assert value(metrics, "reconcile_total", kind="registry", result="requeued") == 2
    assert value(metrics, "reconcile_total", kind="token_set", result="failed") == 1
    assert value(metrics, "reconcile_duration_seconds_count", kind="token_set") == 2
    assert value(metrics, "reconcile_duration_seconds_sum", kind="registry") == pytest.approx(0.4)
    assert value(metrics, "workqueue_adds_total") == 4
    assert value(metrics, "workqueue_retries_total") == 1
    assert value(metrics, "workqueue_wait_duration_seconds_bucket", le="0.025") == 4


@pytest.mark.parametrize(("code", "label"), [(200, "2xx"), (201, "2xx"), (409, "4xx"), (503, "5xx"), (None, "none")])
def test_requests_to_the_kubernetes_api_are_counted_by_the_class_of_their_answer(code: int | None, label: str) -> None:
    metrics = Metrics(VERSION)
    metrics.kubernetes_request("PATCH", code, 0.3)
    assert value(metrics, "kubernetes_request_duration_seconds_count", method="PATCH", code=label) == 1


def test_calls_of_sync_ports_are_counted_by_how_they_ended() -> None:
    metrics = Metrics(VERSION)
    metrics.sync_request("refused", 0.3)
    assert value(metrics, "sync_request_duration_seconds_sum", result="refused") == pytest.approx(0.3)


def test_the_present_state_is_asked_for_at_each_scrape() -> None:
    metrics, depth = Metrics(VERSION), [3]
    busy = replace(QUIET, longest_wait=lambda: 4.0, longest_run=lambda: 5.0, longest_failure=lambda: 6.0)
    metrics.ask(
        replace(
            busy,
            depth=lambda: depth[0],
            loop_lag=lambda: 0.5,
            leads=lambda: False,
            resources=lambda: {("PyPIRegistry", True): 2, ("PyPIRegistry", False): 1},
            credentials=lambda: {"rotated": 7},
            overdue=lambda: 1,
        )
    )
    assert value(metrics, "workqueue_depth") == 3
    depth[0] = 0
    assert value(metrics, "workqueue_depth") == 0
    assert value(metrics, "workqueue_longest_waiting_seconds") == 4
    assert value(metrics, "workqueue_longest_running_seconds") == 5
    assert value(metrics, "workqueue_longest_failing_seconds") == 6
    assert value(metrics, "event_loop_lag_seconds") == 0.5
    assert value(metrics, "leader") == 0
    assert value(metrics, "resources", kind="PyPIRegistry", ready="true") == 2
    assert value(metrics, "resources", kind="PyPIRegistry", ready="false") == 1
    assert value(metrics, "credential_events_total", event="rotated") == 7
    assert value(metrics, "credentials_overdue") == 1
    assert value(metrics, "build_info", version=VERSION) == 1


def test_two_operators_in_one_process_share_nothing_and_each_tells_of_its_process() -> None:
    one, other = Metrics(VERSION), Metrics(VERSION)
    one.added()
    assert value(other, "workqueue_adds_total") == 0
    assert samples(other)["process_resident_memory_bytes", frozenset()] > 0


def test_every_metric_is_explained_and_no_label_names_a_resource() -> None:
    metrics = Metrics(VERSION)
    metrics.ask(QUIET)
    metrics.ended(REGISTRY, "done", 0.1)
    metrics.ended(TOKENS, "done", 0.1)
    text = metrics.exposition().decode()
    own = [one for one in text_string_to_metric_families(text) if not one.name.startswith("process_")]
    assert {one.name for one in own if not one.name.startswith(PREFIX) or not one.documentation} == set()
    assert not [part for part in ("team-a", "team-b", "secret-name") if part in text]


def test_the_port_answers_for_the_metrics_and_nothing_else() -> None:
    async def main() -> list[tuple[int, str, bytes]]:
        port, found = free_port(), []
        async with metrics_port.serving(port, lambda: b"here 1\n", CONTENT_TYPE), aiohttp.ClientSession() as client:
            for method, path in (("GET", "/metrics"), ("GET", "/"), ("POST", "/metrics")):
                async with client.request(method, f"http://127.0.0.1:{port}{path}") as answer:
                    found.append((answer.status, answer.headers["Content-Type"], await answer.read()))
            return found

    (status, kind, body), *refused = asyncio.run(main())
    assert (status, body) == (200, b"here 1\n")
    assert kind.startswith("text/plain; version=")
    assert [status for status, _, _ in refused] == [404, 405]


def test_a_port_that_is_taken_is_named() -> None:
    async def main() -> None:
        port = free_port()
        async with metrics_port.serving(port, bytes, CONTENT_TYPE):
            with pytest.raises(metrics_port.MetricsPortError, match=rf"cannot listen on port {port}: "):
                async with metrics_port.serving(port, bytes, CONTENT_TYPE):
                    pytest.fail("two listen on one port")

    asyncio.run(main())
