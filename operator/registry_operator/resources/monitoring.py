"""How Prometheus finds a registry's metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class MonitoringType(StrEnum):
    """Whose objects are made."""

    NONE = "None"
    POD_MONITOR = "PodMonitor"


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What the Prometheus Operator is told; without `interval_seconds` Prometheus' own interval counts."""

    type: MonitoringType = MonitoringType.NONE
    interval_seconds: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
