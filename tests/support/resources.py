"""Objects as tests on a cluster apply them."""

import base64
from typing import Any

from tests.support.kubernetes import Object


def registry(name: str, **spec: Any) -> Object:  # Any: fields of the spec
    """A PyPIRegistry with managed parts and an Ingress unless `spec` says otherwise."""
    managed = {"database": {"type": "Managed"}, "storage": {"type": "Managed"}, "exposure": {"type": "Ingress"}}
    return custom("PyPIRegistry", name, managed | spec)


def token(name: str, registry_name: str, **spec: Any) -> Object:  # Any: fields of the spec
    """A RegistryToken of type Deploy for a registry of its own namespace unless `spec` says otherwise."""
    return custom("RegistryToken", name, {"registryRef": {"name": registry_name}, "type": "Deploy"} | spec)


def custom(kind: str, name: str, spec: Object) -> Object:
    """One of our two kinds."""
    return {"apiVersion": "pypiregistry.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def secret(name: str, labels: dict[str, str], **data: str) -> Object:
    """A Secret of type Opaque."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": labels}, "data": encoded}
