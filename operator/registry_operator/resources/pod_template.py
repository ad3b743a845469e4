"""What a registry's owner may say about pods: the fields `podTemplate` and those beside it.

Each field is one that people always need. None of them reaches the security context, the command or the environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from registry_operator.resources.quantities import canonical, canonical_cpu


@dataclass(frozen=True, slots=True)
class ResourceRequests:
    """What the scheduler sets aside for the container."""

    cpu: str = "50m"
    memory: str = "128Mi"

    def __post_init__(self) -> None:
        """Raises ValueError for what is no quantity."""
        canonical_cpu(self.cpu)
        canonical(self.memory)


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """What the container cannot pass; its memory is always bounded."""

    memory: str = "1Gi"
    cpu: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for what is no quantity."""
        canonical(self.memory)
        if self.cpu is not None:
            canonical_cpu(self.cpu)


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests and limits of the container."""

    requests: ResourceRequests = ResourceRequests()
    limits: ResourceLimits = ResourceLimits()


DEFAULT_RESOURCES: Final = Resources()


class TolerationOperator(StrEnum):
    """How a toleration relates to a taint's value."""

    EQUAL = "Equal"
    EXISTS = "Exists"


class TaintEffect(StrEnum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


@dataclass(frozen=True, slots=True)
class Toleration:
    """Kubernetes' toleration of a taint."""

    operator: TolerationOperator = TolerationOperator.EQUAL
    key: str | None = None
    value: str | None = None
    effect: TaintEffect | None = None
    toleration_seconds: int | None = None


class WhenUnsatisfiable(StrEnum):
    """Whether a pod that would be spread badly still starts."""

    SCHEDULE_ANYWAY = "ScheduleAnyway"
    DO_NOT_SCHEDULE = "DoNotSchedule"


@dataclass(frozen=True, slots=True)
class TopologySpreadConstraint:
    """How the serving pods spread over the values of a node label."""

    topology_key: str
    max_skew: int = 1
    when_unsatisfiable: WhenUnsatisfiable = WhenUnsatisfiable.SCHEDULE_ANYWAY


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """What the spec adds to the service's pods."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    resources: Resources = DEFAULT_RESOURCES
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    topology_spread_constraints: tuple[TopologySpreadConstraint, ...] = (
        TopologySpreadConstraint("kubernetes.io/hostname"),
        TopologySpreadConstraint("topology.kubernetes.io/zone"),
    )
    priority_class_name: str | None = None


class PodDisruptionBudgetType(StrEnum):
    """Whether drains are slowed down for the serving pods' sake."""

    AUTOMATIC = "Automatic"
    NONE = "None"


@dataclass(frozen=True, slots=True)
class PodDisruptionBudget:
    """How many serving pods a drain may stop at once."""

    type: PodDisruptionBudgetType = PodDisruptionBudgetType.AUTOMATIC
    max_unavailable: int = 1


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The identity of the service's pods, as a cloud's workload identity reads it."""

    annotations: Mapping[str, str] = field(default_factory=dict)
