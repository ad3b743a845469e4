"""The volume of a registry that keeps its files in a folder: its claim, and what follows for pods that mount it."""

from typing import Final

from registry_operator.planning import objects, pods
from registry_operator.planning.observed import Manifest
from registry_operator.planning.volume_claim import VolumeClaim
from registry_operator.resources import names
from registry_operator.resources.backends import AccessMode
from registry_operator.resources.quantities import canonical, in_bytes
from registry_operator.resources.registry import PyPIRegistry

_ROLLING: Final[Manifest] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def claim(registry: PyPIRegistry) -> Manifest | None:
    """The claim, which outlives the registry; None for a registry without a volume."""
    volume = registry.spec.storage.volume
    if volume is None:
        return None
    name = names.blobs(registry.metadata.name)
    manifest = objects.retained(registry, "PersistentVolumeClaim", name, component=names.SERVICE_COMPONENT)
    spec = pods.volume_claim_spec(
        size=canonical(volume.size), storage_class=volume.storage_class_name, access_mode=volume.access_mode
    )
    return manifest | {"spec": spec}


def growth(registry: PyPIRegistry, seen: VolumeClaim) -> list[Manifest]:
    """The JSON patch that lets the claim grow to the spec's size; empty when it need not, or is not ours to change.

    Nothing else of a claim can change, and a claim that was kept may be larger than the spec asks.
    """
    volume = registry.spec.storage.volume
    if volume is None or not is_ours(registry, seen) or (seen.requested or 0) >= in_bytes(volume.size):
        return []
    return [{"op": "replace", "path": "/spec/resources/requests/storage", "value": canonical(volume.size)}]


def is_ours(registry: PyPIRegistry, seen: VolumeClaim) -> bool:
    """Whether the claim bears this registry's mark of Retain."""
    return seen.retained_for == registry.metadata.name


def difference(registry: PyPIRegistry, seen: VolumeClaim) -> str:
    """What a claim that was kept has, cannot change and is of no use to the spec; empty when it fits."""
    volume = registry.spec.storage.volume
    if volume is not None and not {volume.access_mode, AccessMode.READ_WRITE_MANY} & set(seen.access_modes):
        return f"accessMode {' and '.join(seen.access_modes)}"
    if volume is not None and volume.storage_class_name not in (None, seen.storage_class):
        return f"storageClassName {seen.storage_class}" if seen.storage_class else "no StorageClass"
    return ""


def is_usable(registry: PyPIRegistry, seen: VolumeClaim | None) -> bool:
    """Whether pods may mount it. One without its volume may do: many classes make it when the first pod wants it."""
    if seen is None or not is_ours(registry, seen) or seen.terminating:
        return False
    return not seen.lost and not difference(registry, seen)


def is_settled(registry: PyPIRegistry, seen: VolumeClaim | None) -> bool:
    """Whether nothing is to come: nobody tells the operator of a claim's changes, so it looks until then."""
    volume = registry.spec.storage.volume
    if volume is None:
        return True
    return seen is not None and is_usable(registry, seen) and (seen.capacity or 0) >= in_bytes(volume.size)


def strategy(registry: PyPIRegistry) -> Manifest:
    """How serving pods are replaced: one more starts before one goes.

    Where one node at a time mounts the volume, the next pod could wait for ever on another node, so it starts after.
    """
    return {"type": "Recreate"} if _is_exclusive(registry) else _ROLLING


def pod_security(registry: PyPIRegistry) -> Manifest:
    """The `restricted` standard's demands, and with a volume the ids that own it."""
    with_volume = registry.spec.storage.volume is not None
    return pods.pod_security_with_volume() if with_volume else pods.pod_security()


def beside_serving_pods(registry: PyPIRegistry) -> Manifest:
    """The part of a migration pod's spec that brings it to the node which has the volume mounted.

    It names its own component too: a pod that matches its own rule may start anywhere when no other pod does.
    """
    if not _is_exclusive(registry):
        return {}
    labels = objects.selector(registry, names.MIGRATION_COMPONENT)
    del labels[names.COMPONENT_LABEL]
    components = [names.MIGRATION_COMPONENT, names.SERVICE_COMPONENT]
    requirement = {"key": names.COMPONENT_LABEL, "operator": "In", "values": components}
    selector = {"matchLabels": labels, "matchExpressions": [requirement]}
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector}
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _is_exclusive(registry: PyPIRegistry) -> bool:
    volume = registry.spec.storage.volume
    return volume is not None and volume.access_mode is AccessMode.READ_WRITE_ONCE
