"""What tells the Prometheus Operator of a registry's metrics, and what is said where there is none."""

from typing import Final

from registry_operator.planning import objects, service
from registry_operator.planning.observed import Manifest, RegistryObservation
from registry_operator.resources import names
from registry_operator.resources.conditions import Condition, ConditionType, Status
from registry_operator.resources.monitoring import MonitoringType
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry

KIND: Final = "PodMonitor"


def manifest(registry: PyPIRegistry) -> Manifest | None:
    """The PodMonitor: it finds the serving pods without a Service; None when nobody wants one."""
    wanted = registry.spec.monitoring
    if wanted.type is MonitoringType.NONE:
        return None
    component = names.SERVICE_COMPONENT
    made = objects.child(registry, KIND, names.service(registry.metadata.name), component=component)
    made["metadata"]["labels"] = dict(wanted.labels) | made["metadata"]["labels"]
    endpoint: Manifest = {"port": service.METRICS, "path": "/metrics"}
    if wanted.interval_seconds is not None:
        endpoint["interval"] = f"{wanted.interval_seconds}s"
    selector = {"matchLabels": objects.selector(registry, component)}
    return made | {"spec": {"selector": selector, "podMetricsEndpoints": [endpoint]}}


def shortfall(observation: RegistryObservation) -> Condition | None:
    """Ready of a registry that serves and is short of its spec: the cluster may not know the Prometheus Operator."""
    if KIND not in observation.unserved:
        return None
    message = (
        "The registry serves, but no Prometheus is told of it: this cluster does not serve monitoring.coreos.com/v1. "
        "Install the Prometheus Operator's definitions, or set spec.monitoring.type: None."
    )
    return Condition(ConditionType.READY, Status.TRUE, Reason.MONITORING_UNAVAILABLE, message)
