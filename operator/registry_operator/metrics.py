"""Prometheus metrics of the operator. Labels are aggregates: no namespace, registry or token is one.

What happens is counted as it happens; what is the case is asked for at each scrape.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_PREFIX: Final = "pypi_registry_operator_"
# A call takes milliseconds or meets its deadline of half a minute.
_CALL_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# A pass is many calls, and ends after five minutes at most; so long may a key wait for one.
_PASS_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Key(Protocol):
    """What a pass is made over."""

    @property
    def kind(self) -> str:
        """`registry` or `token_set`."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Where the present state is asked for; times are in seconds.

    `resources` counts the resources by kind and readiness, `credentials` what became of credentials by event.
    """

    depth: Callable[[], int]
    longest_wait: Callable[[], float]
    longest_run: Callable[[], float]
    longest_failure: Callable[[], float]
    loop_lag: Callable[[], float]
    leads: Callable[[], bool]
    resources: Callable[[], Mapping[tuple[str, bool], int]]
    credentials: Callable[[], Mapping[str, int]]
    overdue: Callable[[], int]


class Metrics:
    """All metrics of one operator, in a registry of their own."""

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Build(version))
        self._reconciles = self._counter("reconcile", "Passes over keys, by how they ended.", "kind", "result")
        self._reconcile_seconds = self._histogram("reconcile_duration_seconds", "Length of passes.", "kind")
        self._adds = self._counter("workqueue_adds", "Keys that began to wait.")
        self._retries = self._counter("workqueue_retries", "Keys that wait for another pass because one failed.")
        self._waits = self._histogram("workqueue_wait_duration_seconds", "From when a key is due to its pass.")
        self._kubernetes = self._histogram(
            "kubernetes_request_duration_seconds",
            "Requests to the Kubernetes API, watches aside, by the class of the answer's status: none is no answer.",
            *("method", "code"),
            buckets=_CALL_BUCKETS,
        )
        self._sync = self._histogram(
            "sync_request_duration_seconds",
            "Calls of registries' sync ports, by how they ended.",
            "result",
            buckets=_CALL_BUCKETS,
        )

    def added(self) -> None:
        """A key began to wait."""
        self._adds.inc()

    def began(self, waited: float) -> None:
        """A pass began, of a key that had waited so many seconds."""
        self._waits.observe(waited)

    def ended(self, key: Key, result: str, took: float) -> None:
        """A pass over `key` ended after so many seconds."""
        self._reconciles.labels(key.kind, result).inc()
        self._reconcile_seconds.labels(key.kind).observe(took)
        if result == "failed":
            self._retries.inc()

    def kubernetes_request(self, method: str, code: int | None, took: float) -> None:
        """A request to the Kubernetes API ended with an HTTP status, or None: without an answer."""
        self._kubernetes.labels(method, "none" if code is None else f"{code // 100}xx").observe(took)

    def sync_request(self, result: str, took: float) -> None:
        """A call of a registry's sync port ended."""
        self._sync.labels(result).observe(took)

    def ask(self, readings: Readings) -> None:
        """Have `readings` asked at each scrape from now on."""
        self._registry.register(_State(readings))

    def exposition(self) -> bytes:
        """Every metric, in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(_PREFIX + name, meaning, labels, registry=self._registry)

    def _histogram(
        self, name: str, meaning: str, *labels: str, buckets: tuple[float, ...] = _PASS_BUCKETS
    ) -> Histogram:
        return Histogram(_PREFIX + name, meaning, labels, registry=self._registry, buckets=buckets)


class _Build(Collector):
    """Which operator this is."""

    def __init__(self, version: str) -> None:
        self._version = version

    def collect(self) -> Iterator[Metric]:
        about = GaugeMetricFamily(_PREFIX + "build_info", "Which operator this is; always 1.", labels=["version"])
        about.add_metric([self._version], 1)
        yield about


class _State(Collector):
    """The present state, asked for at each scrape."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        asked = self._readings
        yield _gauge("workqueue_depth", "Keys that wait for a pass.", asked.depth())
        yield _gauge("workqueue_longest_waiting_seconds", "How long the first key has been due.", asked.longest_wait())
        yield _gauge("workqueue_longest_running_seconds", "Age of the oldest pass that runs.", asked.longest_run())
        meaning = "How long some key has been failing without one success."
        yield _gauge("workqueue_longest_failing_seconds", meaning, asked.longest_failure())
        yield _gauge("event_loop_lag_seconds", "Longest delay of the event loop in 30 seconds.", asked.loop_lag())
        yield _gauge("leader", "Whether this operator works: 0 while it stands ready.", asked.leads())
        yield _gauge("credentials_overdue", "Credentials whose time to be rotated is past.", asked.overdue())
        yield self._resources()
        yield self._credentials()

    def _resources(self) -> Metric:
        meaning = "PyPIRegistries and RegistryTokens, as the latest pass over each left them."
        family = GaugeMetricFamily(_PREFIX + "resources", meaning, labels=["kind", "ready"])
        for (kind, ready), count in self._readings.resources().items():
            family.add_metric([kind, str(ready).lower()], count)
        return family

    def _credentials(self) -> Metric:
        meaning = "Credentials issued first, rotated (issued in place of another), and revoked before their end."
        family = CounterMetricFamily(_PREFIX + "credential_events", meaning, labels=["event"])
        for event, count in self._readings.credentials().items():
            family.add_metric([event], count)
        return family


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, meaning, value=value)
