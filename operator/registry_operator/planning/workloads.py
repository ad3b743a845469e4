"""What the managed PostgreSQL and the managed object store share: one pod with a volume of its own, and its address."""

from dataclasses import dataclass

from registry_operator.planning import objects, pods
from registry_operator.planning.observed import Manifest
from registry_operator.resources.quantities import canonical
from registry_operator.resources.registry import PyPIRegistry


@dataclass(frozen=True, slots=True)
class Part:
    """A managed part: `name` of all its objects, component, named port, and the volume's size and class."""

    name: str
    component: str
    port_name: str
    port: int
    size: str
    storage_class_name: str | None


def stateful_set(registry: PyPIRegistry, part: Part, template: Manifest) -> Manifest:
    """One pod with a volume claim that stays when the StatefulSet goes."""
    manifest = objects.workload(registry, "StatefulSet", part.name, component=part.component, template=template)
    claim = pods.volume_claim(
        registry, part.component, size=canonical(part.size), storage_class=part.storage_class_name
    )
    return manifest | {
        "spec": {
            "replicas": 1,
            "serviceName": part.name,
            # With OrderedReady a pod that never gets ready is not replaced, even when its template was put right.
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": objects.selector(registry, part.component)},
            "template": template,
            "volumeClaimTemplates": [claim],
        }
    }


def headless_service(registry: PyPIRegistry, part: Part) -> Manifest:
    """The part's address: the pod's own, so that a new pod is found as soon as it is ready."""
    manifest = objects.child(registry, "Service", part.name, component=part.component)
    return manifest | {
        "spec": {
            "clusterIP": "None",
            "selector": objects.selector(registry, part.component),
            "ports": [{"name": part.port_name, "port": part.port, "targetPort": part.port_name, "protocol": "TCP"}],
        }
    }
