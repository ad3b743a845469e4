"""Resources and observations for the planning tests: the smallest that plan, and what tests change about them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from registry_operator.planning.blob_volume import claim
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import (
    JobState,
    Manifest,
    MigrationJob,
    ObservedNamespace,
    ObservedSecret,
    RegistryObservation,
    Workload,
)
from registry_operator.planning.registry_plan import migration_name
from registry_operator.planning.rules import rules_digest
from registry_operator.planning.secrets import SyncMaterial, generated_secrets, sync_secret
from registry_operator.planning.volume_claim import VolumeClaim
from registry_operator.resources.conditions import rfc3339
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import RegistryToken

Spec = dict[str, Any]  # Any: JSON of the Kubernetes API
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SPACE = ObservedNamespace("team-a", "n-1", {"packages": "shared"})
INSTALLATION = Installation(
    service_image="registry.example/service:1.2.3",
    postgresql_image="registry.example/postgresql:17",
    object_store_image="registry.example/object-store:1",
    base_domain="pypi.example",
    ingress_class="traefik",
    ingress_ca="INSTALLATION-CA",
    trusted_proxies=("10.0.0.0/8", "fd00::/8"),
    namespace="pypi-system",
    resolvers=("198.18.10.10/32",),
)
BARE_INSTALLATION = Installation("service@sha256:0123456789abcdef", "postgresql", "object-store")
MANAGED: Spec = {"database": {"type": "Managed"}, "storage": {"type": "Managed"}}
EXTERNAL: Spec = {
    "database": {
        "type": "Secret",
        "secret": {"name": "db", "sslMode": "VerifyFull", "ca": {"name": "db-ca"}},
    },
    "storage": {
        "type": "S3",
        "s3": {
            "endpoint": "https://s3.example",
            "bucket": "files",
            "prefix": "team",
            "region": "eu-1",
            "credentials": {"secret": {"name": "s3"}},
            "ca": {"name": "s3-ca", "key": "root.pem"},
        },
    },
}
VOLUME: Spec = {"storage": {"type": "PersistentVolumeClaim", "persistentVolumeClaim": {}}}
INGRESS: Spec = {"exposure": {"type": "Ingress"}}
EXTERNAL_SECRETS = {
    "db": {"uri": "postgresql://u:database-password@h/d"},
    "db-ca": {"ca.crt": "DB-CA"},
    "s3": {"AWS_ACCESS_KEY_ID": "access", "AWS_SECRET_ACCESS_KEY": "storage-password"},
    "s3-ca": {"root.pem": "S3-CA"},
}
_METADATA: Spec = {"namespace": "team-a", "uid": "u-1", "generation": 2, "resourceVersion": "5"}


def registry(*parts: Spec, name: str = "pypi", status: Spec | None = None, **metadata: str) -> PyPIRegistry:
    """A PyPIRegistry with managed parts unless `parts` say otherwise."""
    spec = MANAGED | {key: value for part in parts for key, value in part.items()}
    return PyPIRegistry.parse({"metadata": _METADATA | {"name": name} | metadata, "spec": spec, "status": status or {}})


def token(spec: Spec | None = None, *, name: str = "ci", status: Spec | None = None, **metadata: str) -> RegistryToken:
    """A Personal RegistryToken for `pypi` in its own namespace unless `spec` says otherwise."""
    wanted = {"registryRef": {"name": "pypi"}, "type": "Personal"} | (spec or {})
    meta = _METADATA | {"name": name, "uid": f"u-{name}"} | metadata
    return RegistryToken.parse({"metadata": meta, "spec": wanted, "status": status or {}})


def secret(name: str, values: Mapping[str, str], **more: Any) -> ObservedSecret:  # Any: the value's other fields
    """A Secret as it is observed."""
    data = {key: value.encode() for key, value in values.items()}
    return ObservedSecret(name=name, uid=f"uid-{name}", data=data, **more)


def written(manifest: Manifest) -> ObservedSecret:
    """A Secret as it is observed after its manifest was written."""
    return ObservedSecret.parse({**manifest, "metadata": manifest["metadata"] | {"uid": "uid-written"}})


def counting(number: int) -> bytes:
    """Not random, so that what it makes is the same every time."""
    return bytes(range(number))


def secrets_of(
    wanted: PyPIRegistry, external: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, ObservedSecret]:
    """All Secrets that a registry can have: the sync port's, the managed parts', and the given ones."""
    material = SyncMaterial("CA", "CERTIFICATE", "PRIVATE-KEY", "sync-key")
    made = (sync_secret(wanted, material), *generated_secrets(wanted, counting))
    ours = {manifest["metadata"]["name"]: written(manifest) for manifest in made}
    return ours | {name: secret(name, values) for name, values in (external or EXTERNAL_SECRETS).items()}


def fresh(wanted: PyPIRegistry, **more: Any) -> RegistryObservation:  # Any: the value's other fields
    """A registry whose Secrets exist and whose children do not."""
    return RegistryObservation(**{"namespace_uid": "n-1", "secrets": secrets_of(wanted)} | more)


def ready_parts(wanted: PyPIRegistry, **more: Any) -> RegistryObservation:  # Any: the value's other fields
    """A registry whose managed parts run and whose volume, if any, is there."""
    running = Workload(replicas=1, ready=1, settled=True)
    return fresh(wanted, **{"database": running, "object_store": running, "volume": bound_claim(wanted)} | more)


def bound_claim(wanted: PyPIRegistry, **status: Any) -> VolumeClaim | None:  # Any: fields of the claim's status
    """The claim of a registry with a volume, as it is observed once its volume was made."""
    made = claim(wanted)
    if made is None:
        return None
    capacity = made["spec"]["resources"]["requests"]
    return VolumeClaim.parse(made | {"status": {"phase": "Bound", "capacity": capacity} | status})


def with_job(
    wanted: PyPIRegistry, state: JobState, *, installation: Installation = INSTALLATION, **job: Any
) -> RegistryObservation:  # Any: the Job's other fields
    """A registry whose migration Job is in a state."""
    seen = ready_parts(wanted)
    name = migration_name(wanted, installation, seen)
    assert name is not None
    finished = None if state is JobState.RUNNING else rfc3339(NOW - timedelta(seconds=5))
    return replace(seen, migration=MigrationJob(name, state, finished_at=finished, **job))


def serving(wanted: PyPIRegistry, **more: Any) -> RegistryObservation:  # Any: the value's other fields
    """A registry that does all that its spec asks."""
    count = wanted.spec.replicas
    values: dict[str, Any] = {  # Any: the value's fields
        "deployment": Workload(replicas=count, ready=count, settled=True),
        "ingress_addresses": ("198.18.254.2",),
        "rules_digest": rules_digest(wanted),
    }
    return replace(with_job(wanted, JobState.SUCCEEDED, registry_id="r-1"), **values | more)
