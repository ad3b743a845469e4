"""The frame of every child: name, labels, and the owner reference that lets it die with its resource."""

import base64
from collections.abc import Mapping
from typing import Final

from registry_operator.planning.observed import Manifest
from registry_operator.resources import names
from registry_operator.resources.metadata import Metadata
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import RegistryToken

_API_VERSIONS: Final = {
    "ConfigMap": "v1",
    "Deployment": "apps/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "Ingress": "networking.k8s.io/v1",
    "Job": "batch/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PersistentVolumeClaim": "v1",
    "PodDisruptionBudget": "policy/v1",
    "PodMonitor": "monitoring.coreos.com/v1",
    "Secret": "v1",
    "Service": "v1",
    "ServiceAccount": "v1",
    "StatefulSet": "apps/v1",
}


def selector(registry: PyPIRegistry, component: str) -> dict[str, str]:
    """The labels of a component's pods; a workload's selector never changes, so neither may these."""
    return {
        names.NAME_LABEL: names.APP_NAME,
        names.INSTANCE_LABEL: registry.metadata.name,
        names.COMPONENT_LABEL: component,
    }


def labels(registry: PyPIRegistry, component: str) -> dict[str, str]:
    """The labels of a component's objects."""
    return selector(registry, component) | {
        names.MANAGED_BY_LABEL: names.FIELD_MANAGER,
        names.REGISTRY_LABEL: registry.metadata.name,
    }


def child(registry: PyPIRegistry, kind: str, name: str, *, component: str) -> Manifest:
    """An object that the garbage collector removes with the registry."""
    marks = labels(registry, component) | {names.OWNER_UID_LABEL: registry.metadata.uid}
    return _owned(_object(registry.metadata, kind, name, marks=marks), registry.metadata, names.REGISTRY_KIND)


def workload(registry: PyPIRegistry, kind: str, name: str, *, component: str, template: Manifest) -> Manifest:
    """The frame of a child that makes pods; it tells whether these are of `template`."""
    manifest = child(registry, kind, name, component=component)
    manifest["metadata"]["annotations"] = {names.TEMPLATE_ANNOTATION: names.checksum(template)}
    return manifest


def retained(registry: PyPIRegistry, kind: str, name: str, *, component: str) -> Manifest:
    """An object that outlives the registry; its mark lets the same resource, applied again, find it."""
    marks = labels(registry, component) | {names.RETAIN_LABEL: registry.metadata.name}
    return _object(registry.metadata, kind, name, marks=marks)


def token_secret(token: RegistryToken, name: str, content: Mapping[str, str]) -> Manifest:
    """A Secret that the garbage collector removes with the RegistryToken; it bears its owner's own labels too."""
    marks = dict(token.spec.secret.labels) | {
        names.MANAGED_BY_LABEL: names.FIELD_MANAGER,
        names.TOKEN_LABEL: token.metadata.name,
        names.OWNER_UID_LABEL: token.metadata.uid,
        names.WATCH_LABEL: names.WATCH_VALUE,
    }
    manifest = _owned(_object(token.metadata, "Secret", name, marks=marks), token.metadata, names.TOKEN_KIND)
    manifest["metadata"]["annotations"] = dict(token.spec.secret.annotations)
    return manifest | secret_content(content)


def owner_reference(owner: Metadata, kind: str) -> Manifest:
    """What lets the garbage collector remove an object with its owner.

    Without blockOwnerDeletion, so that the operator needs no right on finalizers where a cluster enforces that.
    """
    return {"apiVersion": names.API_VERSION, "kind": kind, "name": owner.name, "uid": owner.uid}


def secret_content(content: Mapping[str, str]) -> Manifest:
    """The part of a Secret that holds its values."""
    return {"type": "Opaque", "data": {key: base64.b64encode(text.encode()).decode() for key, text in content.items()}}


def _object(metadata: Metadata, kind: str, name: str, *, marks: Mapping[str, str]) -> Manifest:
    return {
        "apiVersion": _API_VERSIONS[kind],
        "kind": kind,
        "metadata": {"namespace": metadata.namespace, "name": name, "labels": dict(marks)},
    }


def _owned(manifest: Manifest, owner: Metadata, kind: str) -> Manifest:
    manifest["metadata"]["ownerReferences"] = [owner_reference(owner, kind) | {"controller": True}]
    return manifest
