"""What all our pods have in common: the restricted pod security standard, no API token, bounded scratch space."""

from typing import Final

from registry_operator.planning import objects
from registry_operator.planning.observed import Manifest
from registry_operator.resources import names
from registry_operator.resources.backends import AccessMode
from registry_operator.resources.registry import PyPIRegistry

# Any number but 0 would do: this one is the object store's and the service's own in our images.
USER_ID: Final = 65532
SCRATCH: Final = "/tmp"  # noqa: S108 - a mount of the container's own


def template(registry: PyPIRegistry, component: str, *, spec: Manifest, checksum: str | None = None) -> Manifest:
    """A pod template of a component; the pods are rolled when `checksum` changes."""
    metadata: Manifest = {"labels": objects.labels(registry, component)}
    if checksum is not None:
        metadata["annotations"] = {names.CHECKSUM_ANNOTATION: checksum}
    pod: Manifest = {"automountServiceAccountToken": False, "enableServiceLinks": False} | spec
    if registry.spec.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": reference.name} for reference in registry.spec.image_pull_secrets]
    return {"metadata": metadata, "spec": pod}


def pod_security() -> Manifest:
    """The `restricted` standard's demands on a pod."""
    return {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def pod_security_with_volume() -> Manifest:
    """The same for a pod with a volume claim: it runs as the id that owns the volume, whatever the image says."""
    ids = {"runAsUser": USER_ID, "runAsGroup": USER_ID, "fsGroup": USER_ID}
    return pod_security() | ids | {"fsGroupChangePolicy": "OnRootMismatch"}


def container(registry: PyPIRegistry, name: str, image: str) -> Manifest:
    """The frame of a container: the `restricted` standard's demands and the pull policy."""
    frame: Manifest = {
        "name": name,
        "image": image,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    if registry.spec.image_pull_policy is not None:
        frame["imagePullPolicy"] = registry.spec.image_pull_policy.value
    return frame


def scratch(size: str) -> Manifest:
    """A volume for temporary files; `size` is a canonical quantity."""
    return {"name": "scratch", "emptyDir": {"sizeLimit": size}}


def scratch_mount() -> Manifest:
    """Where a container finds it."""
    return {"name": "scratch", "mountPath": SCRATCH}


def volume_claim(registry: PyPIRegistry, component: str, *, size: str, storage_class: str | None) -> Manifest:
    """The claim template `data` of a StatefulSet: its claims outlive the registry and bear the Retain mark."""
    marks = objects.selector(registry, component) | {names.RETAIN_LABEL: registry.metadata.name}
    spec = volume_claim_spec(size=size, storage_class=storage_class, access_mode=AccessMode.READ_WRITE_ONCE)
    return {"metadata": {"name": "data", "labels": marks}, "spec": spec}


def volume_claim_spec(*, size: str, storage_class: str | None, access_mode: AccessMode) -> Manifest:
    """What a claim asks for; `size` is a canonical quantity, and no class the cluster's default one."""
    spec: Manifest = {"accessModes": [access_mode.value], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return spec
