"""The managed object store: one StatefulSet around the MinIO server of our own image."""

from typing import Final

from registry_operator.planning import inputs, objects, overlay, pods, workloads
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Manifest
from registry_operator.resources import names
from registry_operator.resources.backends import S3Keys
from registry_operator.resources.registry import PyPIRegistry

_KEYS: Final = S3Keys()
_PORT_NAME: Final = "s3"


def part(registry: PyPIRegistry) -> workloads.Part:
    """The part's names and sizes."""
    spec = registry.spec.storage.managed
    return workloads.Part(
        name=names.object_store(registry.metadata.name),
        component=names.OBJECT_STORE_COMPONENT,
        port_name=_PORT_NAME,
        port=inputs.OBJECT_STORE_PORT,
        size=spec.size,
        storage_class_name=spec.storage_class_name,
    )


def image(registry: PyPIRegistry, installation: Installation) -> str:
    """The spec's image, else the installation's."""
    return registry.spec.storage.managed.image or installation.object_store_image


def credentials(registry: PyPIRegistry, access_key: str, secret_key: str) -> Manifest:
    """The Secret that server and pods read, in the keys that any store's Secret has."""
    name = names.object_store(registry.metadata.name)
    manifest = objects.retained(registry, "Secret", name, component=names.OBJECT_STORE_COMPONENT)
    manifest["metadata"]["labels"][names.WATCH_LABEL] = names.WATCH_VALUE
    return manifest | objects.secret_content({_KEYS.access_key: access_key, _KEYS.secret_key: secret_key})


def manifests(
    registry: PyPIRegistry, installation: Installation, *, secrets: inputs.Secrets, key: bytes
) -> tuple[Manifest, ...]:
    """Address and StatefulSet; its pod is rolled when the credentials change."""
    described = part(registry)
    used = [(described.name, _KEYS.access_key), (described.name, _KEYS.secret_key)]
    spec = {
        "securityContext": pods.pod_security_with_volume(),
        "terminationGracePeriodSeconds": 30,
        "containers": [_server(registry, image(registry, installation))],
        "volumes": [pods.scratch("1Gi")],
    }
    template = pods.template(registry, described.component, spec=spec, checksum=inputs.checksum(used, secrets, key))
    return (
        workloads.headless_service(registry, described),
        workloads.stateful_set(registry, described, template),
    )


def _server(registry: PyPIRegistry, image: str) -> Manifest:
    name = names.object_store(registry.metadata.name)
    root = {"MINIO_ROOT_USER": _KEYS.access_key, "MINIO_ROOT_PASSWORD": _KEYS.secret_key}
    env: list[Manifest] = [
        {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}} for variable, key in root.items()
    ]
    return pods.container(registry, "object-store", image) | {
        "args": ["server", "/data", "--address", f":{inputs.OBJECT_STORE_PORT}"],
        "env": [*env, inputs.variable("MINIO_BROWSER", "off"), inputs.variable("MINIO_UPDATE", "off")],
        "ports": [{"name": _PORT_NAME, "containerPort": inputs.OBJECT_STORE_PORT, "protocol": "TCP"}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, pods.scratch_mount()],
        "readinessProbe": _probe("/minio/health/ready", period=2),
        "livenessProbe": _probe("/minio/health/live", period=20),
        "resources": overlay.resources(registry.spec.storage.managed.resources),
    }


def _probe(path: str, *, period: int) -> Manifest:
    return {"httpGet": {"path": path, "port": _PORT_NAME}, "periodSeconds": period, "timeoutSeconds": 5}
