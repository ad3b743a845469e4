"""The managed PostgreSQL: one StatefulSet around our start script (design section 4, "Managed PostgreSQL")."""

from importlib.resources import files
from typing import Final

from registry_operator.planning import inputs, objects, overlay, pods, workloads
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Manifest
from registry_operator.resources import names
from registry_operator.resources.backends import DatabaseKeys
from registry_operator.resources.registry import PyPIRegistry

PORT: Final = 5432
DATABASE: Final = "registry"
ROLE: Final = "registry"
SCRIPT: Final = files(__package__).joinpath("postgresql.sh").read_text()
_KEYS: Final = DatabaseKeys()
_MOUNTS: Final = (
    ("data", "/var/lib/postgresql/data"),
    ("scratch", pods.SCRATCH),
    ("script", "/etc/registry/script"),
    ("credentials", "/etc/registry/credentials"),
)
# initdb and `postgres --single` refuse a user id that has no name, and no image knows ours.
_NAME_THE_USER: Final = 'printf \'postgres:x:%s:%s::/tmp:/bin/sh\\n\' "$(id -u)" "$(id -g)" > /identity/passwd'


def part(registry: PyPIRegistry) -> workloads.Part:
    """The part's names and sizes."""
    spec = registry.spec.database.managed
    return workloads.Part(
        name=names.database(registry.metadata.name),
        component=names.DATABASE_COMPONENT,
        port_name="postgresql",
        port=PORT,
        size=spec.size,
        storage_class_name=spec.storage_class_name,
    )


def image(registry: PyPIRegistry, installation: Installation) -> str:
    """The spec's image, else the installation's."""
    return registry.spec.database.managed.image or installation.postgresql_image


def credentials(registry: PyPIRegistry, password: str) -> Manifest:
    """The Secret that pods and script read, in the keys that any database's Secret has."""
    name = names.database(registry.metadata.name)
    content = {
        _KEYS.host: f"{name}.{registry.metadata.namespace}.svc",
        _KEYS.port: str(PORT),
        _KEYS.database: DATABASE,
        _KEYS.username: ROLE,
        _KEYS.password: password,
    }
    manifest = objects.retained(registry, "Secret", name, component=names.DATABASE_COMPONENT)
    manifest["metadata"]["labels"][names.WATCH_LABEL] = names.WATCH_VALUE
    return manifest | objects.secret_content(content)


def manifests(
    registry: PyPIRegistry, installation: Installation, *, secrets: inputs.Secrets, key: bytes
) -> tuple[Manifest, ...]:
    """Script, address and StatefulSet; its pod is rolled when the password changes."""
    described = part(registry)
    script = objects.child(registry, "ConfigMap", described.name, component=described.component)
    used = [(described.name, _KEYS.password)]
    checksum = names.checksum([SCRIPT, inputs.checksum(used, secrets, key)])
    template = pods.template(
        registry, described.component, spec=_pod(registry, image(registry, installation)), checksum=checksum
    )
    return (
        script | {"data": {"start.sh": SCRIPT}},
        workloads.headless_service(registry, described),
        workloads.stateful_set(registry, described, template),
    )


def _pod(registry: PyPIRegistry, image: str) -> Manifest:
    name = names.database(registry.metadata.name)
    password = [{"key": _KEYS.password, "path": _KEYS.password}]
    return {
        "securityContext": pods.pod_security_with_volume(),
        "terminationGracePeriodSeconds": 60,
        "initContainers": [_identity(registry, image)],
        "containers": [_server(registry, image)],
        "volumes": [
            pods.scratch("1Gi"),
            {"name": "identity", "emptyDir": {"sizeLimit": "1Mi"}},
            {"name": "script", "configMap": {"name": name}},
            {"name": "credentials", "secret": {"secretName": name, "items": password}},
        ],
    }


def _identity(registry: PyPIRegistry, image: str) -> Manifest:
    return pods.container(registry, "identity", image) | {
        "command": ["sh", "-c", _NAME_THE_USER],
        "volumeMounts": [{"name": "identity", "mountPath": "/identity"}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
    }


def _server(registry: PyPIRegistry, image: str) -> Manifest:
    mounts: list[Manifest] = [{"name": name, "mountPath": path} for name, path in _MOUNTS]
    passwd = {"name": "identity", "mountPath": "/etc/passwd", "subPath": "passwd", "readOnly": True}
    return pods.container(registry, "postgresql", image) | {
        "command": ["sh", "/etc/registry/script/start.sh"],
        "env": [inputs.variable("DATABASE", DATABASE), inputs.variable("ROLE", ROLE)],
        "ports": [{"name": "postgresql", "containerPort": PORT, "protocol": "TCP"}],
        "volumeMounts": [*mounts, passwd],
        # SIGINT is PostgreSQL's fast shutdown; the SIGTERM that follows alone would wait for clients.
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "kill -INT 1"]}}},
        "readinessProbe": {"tcpSocket": {"port": "postgresql"}, "periodSeconds": 2, "timeoutSeconds": 2},
        "resources": overlay.resources(registry.spec.database.managed.resources),
    }
