"""What outlives a registry: the volume claims and managed parts' credentials, unless its owner says otherwise.

They bear the mark of Retain and no owner. While `deletionPolicy: Delete` is set and confirmed they bear an owner
reference besides, so that the garbage collector removes them with the registry, whether the operator runs or not.
"""

from typing import Final

from registry_operator.planning import objects
from registry_operator.planning.observed import Body, Manifest, ObjectKey
from registry_operator.resources import names
from registry_operator.resources.registry import DeletionPolicy, PyPIRegistry

KEPT_KINDS: Final = ("PersistentVolumeClaim", "Secret")


def deletes_data(registry: PyPIRegistry) -> bool:
    """Whether what the registry holds goes with it: asked for, and confirmed with the registry's own name."""
    return registry.spec.deletion_policy is DeletionPolicy.DELETE and _is_confirmed(registry)


def warning(registry: PyPIRegistry) -> str:
    """What a person should know who wants data deleted and has not confirmed it; else nothing."""
    if registry.spec.deletion_policy is DeletionPolicy.RETAIN or _is_confirmed(registry):
        return ""
    name = registry.metadata.name
    return (
        "spec.deletionPolicy: Delete is not confirmed, so that all data would be kept. To confirm it: "
        f"kubectl annotate pyreg {name} {names.CONFIRM_DELETE_ANNOTATION}={name}"
    )


def owners(registry: PyPIRegistry, body: Body) -> list[Manifest] | None:
    """The owner references that an object with this registry's mark is to have; None when nothing is to change."""
    if ObjectKey.of(body) not in _kept(registry):
        return None  # whoever may label an object must not have it deleted by us
    present = list(body["metadata"].get("ownerReferences") or ())
    others = [owner for owner in present if owner["uid"] != registry.metadata.uid]
    wanted = [*others, objects.owner_reference(registry.metadata, names.REGISTRY_KIND)]
    wanted = wanted if deletes_data(registry) else others
    return wanted if len(wanted) != len(present) else None


def _is_confirmed(registry: PyPIRegistry) -> bool:
    return registry.metadata.annotations.get(names.CONFIRM_DELETE_ANNOTATION) == registry.metadata.name


def _kept(registry: PyPIRegistry) -> frozenset[ObjectKey]:
    parts = (names.database(registry.metadata.name), names.object_store(registry.metadata.name))
    claims = {ObjectKey("PersistentVolumeClaim", names.claim(part)) for part in parts}
    claims.add(ObjectKey("PersistentVolumeClaim", names.blobs(registry.metadata.name)))
    return frozenset(claims | {ObjectKey("Secret", part) for part in parts})
