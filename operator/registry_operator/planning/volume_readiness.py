"""StorageReady of a registry with a volume: what its claim says, before and after what the preflight said."""

from typing import Final

from registry_operator.planning import blob_volume
from registry_operator.planning.observed import JobState, RegistryObservation
from registry_operator.planning.volume_claim import VolumeClaim
from registry_operator.resources import names
from registry_operator.resources.backends import VolumeStorage
from registry_operator.resources.conditions import Condition, ConditionType, fails, holds, sentences, unknown
from registry_operator.resources.quantities import in_bytes
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry

_KIND: Final = ConditionType.STORAGE_READY
# What `registry-service migrate` says of the folder, and what a person does about it.
ADVICE: Final = {
    Reason.STORAGE_UNREACHABLE: "See `kubectl describe pvc` of the claim, and whether its volume is full.",
    Reason.STORAGE_ACCESS_DENIED: "Use a StorageClass whose volumes take on a pod's fsGroup and are not read-only.",
    Reason.STORAGE_INCOMPATIBLE: "Use a StorageClass whose volumes are a whole POSIX file system.",
    Reason.BUCKET_IN_USE: "Delete the claim if nothing in it is wanted, or take the files over.",
}


def judged(registry: PyPIRegistry, seen: RegistryObservation, preflight: Condition) -> Condition:
    """The condition: `preflight` is what the last one said, and counts where the claim stands in nobody's way."""
    volume, claim, name = registry.spec.storage.volume, seen.volume, names.blobs(registry.metadata.name)
    if volume is None:
        return preflight
    if claim is None:
        return fails(_KIND, Reason.PROGRESSING, f"PersistentVolumeClaim {name} is being made.")
    obstacle = _unusable(registry, claim, name) or _unbound(claim, name, _waiting(seen))
    if obstacle is not None or not preflight.is_true:
        return obstacle or preflight
    return _of_size(volume, claim, name)


def _unusable(registry: PyPIRegistry, claim: VolumeClaim, name: str) -> Condition | None:
    """Why no pod may mount it."""
    if not blob_volume.is_ours(registry, claim):
        message = f"PersistentVolumeClaim {name} is not this registry's. Remove it, or rename this registry."
        return fails(_KIND, Reason.CONFLICTING_OWNER, message)
    if claim.terminating:
        message = (
            f"PersistentVolumeClaim {name} was deleted and goes, with all files, when no pod uses it any more. Back "
            "them up now: `registry-service backup` in a pod of the registry."
        )
        return fails(_KIND, Reason.VOLUME_LOST, message)
    if claim.lost:
        message = f"The volume of PersistentVolumeClaim {name} is gone. Delete the claim, and restore from a backup."
        return fails(_KIND, Reason.VOLUME_LOST, message)
    difference = blob_volume.difference(registry, claim)
    if not difference:
        return None
    message = (
        f"PersistentVolumeClaim {name} was kept from an earlier registry and has {difference}. Make this resource "
        "again with the same, or delete the claim if nothing in it is wanted."
    )
    return fails(_KIND, Reason.VOLUME_CLAIM_DIFFERS, message)


def _unbound(claim: VolumeClaim, name: str, waiting: str) -> Condition | None:
    """Why it has no volume: many classes make none before the first pod waits for it."""
    if claim.bound:
        return None
    if claim.storage_class is None:
        message = (
            f"PersistentVolumeClaim {name} has no volume, because the cluster has no default StorageClass. Mark one as "
            "such, or make this resource again with spec.storage.persistentVolumeClaim.storageClassName."
        )
        return fails(_KIND, Reason.VOLUME_NOT_BOUND, message)
    if not waiting:
        message = f"PersistentVolumeClaim {name} has no volume yet; its StorageClass may make it for the first pod."
        return unknown(_KIND, Reason.PROGRESSING, message)
    advice = f"Check that StorageClass {claim.storage_class} exists and makes volumes: `kubectl describe pvc {name}`."
    finding = f"PersistentVolumeClaim {name} has no volume. {waiting}"
    return fails(_KIND, Reason.VOLUME_NOT_BOUND, sentences(finding, advice))


def _waiting(seen: RegistryObservation) -> str:
    """What keeps the migration's pod from starting, or kept it."""
    job = seen.migration
    if job is None or job.state is JobState.SUCCEEDED:
        return ""
    return job.message or ("The migration Job waited for it in vain." if job.state is JobState.FAILED else "")


def _of_size(volume: VolumeStorage, claim: VolumeClaim, name: str) -> Condition:
    if claim.capacity is None or claim.capacity >= in_bytes(volume.size):
        return holds(_KIND, f"PersistentVolumeClaim {name} can be read and written.")
    refusal = claim.refusal or claim.obstacle
    if not refusal:
        message = f"PersistentVolumeClaim {name} can be read and written, and is growing to {volume.size}."
        return holds(_KIND, message)
    advice = (
        f"Set allowVolumeExpansion: true on StorageClass {claim.storage_class} if its volumes can grow, else set size "
        "back. The registry serves as before."
    )
    finding = f"PersistentVolumeClaim {name} does not grow to {volume.size}: {refusal}"
    return fails(_KIND, Reason.VOLUME_RESIZE_REFUSED, sentences(finding, advice))
