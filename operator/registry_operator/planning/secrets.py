"""The Secrets beside a registry: which are read, which are ours, what goes into those that we make."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from registry_operator.planning import inputs, object_store, objects, postgresql
from registry_operator.planning.observed import Manifest, ObservedSecret
from registry_operator.resources import names
from registry_operator.resources.backends import DatabaseType, StorageType
from registry_operator.resources.registry import PyPIRegistry

SYNC_KEY: Final = "key"
_PASSWORD_BYTES: Final = 32
_ACCESS_KEY_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class SyncMaterial:
    """What the sync port needs: PEM of issuer, certificate and private key, and the operator's bearer key."""

    ca: str
    certificate: str
    private_key: str = field(repr=False)
    key: str = field(repr=False)


def secret_names(registry: PyPIRegistry) -> frozenset[str]:
    """Every Secret of the registry's namespace that a decision about it depends on."""
    database, storage = inputs.database(registry), inputs.storage(registry)
    wanted = {names.sync(registry.metadata.name), database.name}
    authorities = [database.ca]
    if storage is not None:
        wanted.add(storage.credentials.secret.name)
        authorities.append(storage.ca)
    wanted |= {reference.name for reference in authorities if reference is not None}
    tls = registry.spec.exposure.tls.secret_name
    return frozenset(wanted | ({tls} if tls is not None else set()))


def sync_secret(registry: PyPIRegistry, material: SyncMaterial) -> Manifest:
    """The Secret `<name>-sync`: mounted by the pods, read by the operator."""
    name = names.sync(registry.metadata.name)
    manifest = objects.child(registry, "Secret", name, component=names.SERVICE_COMPONENT)
    manifest["metadata"]["labels"][names.WATCH_LABEL] = names.WATCH_VALUE
    content = {
        "ca.crt": material.ca,
        "tls.crt": material.certificate,
        "tls.key": material.private_key,
        SYNC_KEY: material.key,
    }
    return manifest | objects.secret_content(content)


def generated_secrets(registry: PyPIRegistry, random: Callable[[int], bytes]) -> tuple[Manifest, ...]:
    """The credentials of the managed parts, new ones: only for Secrets that do not exist.

    `random(n)` returns n bytes from a cryptographic source (`secrets.token_bytes`).
    """
    made = []
    if registry.spec.database.type is DatabaseType.MANAGED:
        made.append(postgresql.credentials(registry, random(_PASSWORD_BYTES).hex()))
    if registry.spec.storage.type is StorageType.MANAGED:
        access_key, secret_key = random(_ACCESS_KEY_BYTES).hex(), random(_PASSWORD_BYTES).hex()
        made.append(object_store.credentials(registry, access_key, secret_key))
    return tuple(made)


def is_ours(registry: PyPIRegistry, secret: ObservedSecret) -> bool:
    """Whether this registry owns the Secret, or it bears its Retain mark."""
    if secret.owner_uid is not None:
        return secret.owner_uid == registry.metadata.uid
    return secret.labels.get(names.RETAIN_LABEL) == registry.metadata.name


def sync_key(registry: PyPIRegistry, secrets: inputs.Secrets) -> bytes | None:
    """The operator's bearer key for the registry, once its Secret exists."""
    secret = secrets.get(names.sync(registry.metadata.name))
    return None if secret is None else secret.data.get(SYNC_KEY)
