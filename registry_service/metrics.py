"""Prometheus metrics. Labels are aggregates: no project, package or token is one."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_registry: Final = CollectorRegistry()
_duration: Final = Histogram(
    "registry_request_duration_seconds",
    "Time from a request's headers to the end of its answer.",
    ("method", "status"),
    registry=_registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
_failures: Final = Counter(
    "registry_authentication_failures",
    "Credentials that could not be verified, by the status of the answer: 429 once there were too many.",
    ("status",),
    registry=_registry,
)
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE"))


def observe(method: str, status: int, seconds: float) -> None:
    """Count one answered request. Methods of nobody's invention are counted together."""
    _duration.labels(method if method in _METHODS else "other", f"{status // 100}xx").observe(seconds)


def count_failure(status: int) -> None:
    """Count one credential that could not be verified, answered with `status`."""
    _failures.labels(str(status)).inc()


def exposition() -> bytes:
    """Every metric, in Prometheus' text format."""
    return generate_latest(_registry)
