"""Database and store as a pod sees them: environment, files, and a checksum that changes when their Secrets do.

The managed parts are reduced to the same values that a user would write for parts of his own.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from registry_operator.planning.observed import Manifest, ObservedSecret
from registry_operator.resources import names
from registry_operator.resources.backends import (
    Addressing,
    BucketPolicy,
    CertificateAuthority,
    DatabaseSecret,
    DatabaseType,
    S3Credentials,
    S3CredentialsSecret,
    S3Storage,
    SSLMode,
    StorageType,
)
from registry_operator.resources.conditions import Condition, ConditionType, fails
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from registry_service.contract import environment

MANAGED_BUCKET: Final = "packages"
OBJECT_STORE_PORT: Final = 9000
DATABASE_CA_FOLDER: Final = "/etc/registry/database-ca"
STORAGE_CA_FOLDER: Final = "/etc/registry/storage-ca"
# The files lie in a folder of it, because a file system may have folders of its own beside them.
BLOBS_FOLDER: Final = "/var/lib/registry"
_BLOBS: Final = "blobs"
_CA_FILE: Final = "ca.crt"
_SSL_MODES: Final = {
    SSLMode.DISABLE: "disable",
    SSLMode.REQUIRE: "require",
    SSLMode.VERIFY_CA: "verify-ca",
    SSLMode.VERIFY_FULL: "verify-full",
}
Secrets = Mapping[str, ObservedSecret]


@dataclass(frozen=True, slots=True)
class PodInputs:
    """What a container gets. `used` names each (Secret, key) whose value matters to the pod."""

    env: tuple[Manifest, ...] = ()
    volumes: tuple[Manifest, ...] = ()
    mounts: tuple[Manifest, ...] = ()
    used: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "PodInputs") -> "PodInputs":
        """Both together."""
        return PodInputs(
            self.env + other.env,
            self.volumes + other.volumes,
            self.mounts + other.mounts,
            self.used + other.used,
        )


def database(registry: PyPIRegistry) -> DatabaseSecret:
    """The database's Secret, whoever wrote it."""
    spec = registry.spec.database
    if spec.type is DatabaseType.MANAGED or spec.secret is None:
        return DatabaseSecret(names.database(registry.metadata.name))
    return spec.secret


def storage(registry: PyPIRegistry) -> S3Storage | None:
    """The bucket, whoever runs its store; None for a registry with a volume."""
    spec, metadata = registry.spec.storage, registry.metadata
    if spec.volume is not None:
        return None
    if spec.type is StorageType.S3 and spec.s3 is not None:
        return spec.s3
    name = names.object_store(metadata.name)
    return S3Storage(
        endpoint=f"http://{name}.{metadata.namespace}.svc:{OBJECT_STORE_PORT}",
        bucket=MANAGED_BUCKET,
        credentials=S3Credentials(S3CredentialsSecret(name)),
        addressing=Addressing.PATH,
        bucket_policy=BucketPolicy.CREATE_IF_MISSING,
    )


def database_inputs(registry: PyPIRegistry, secrets: Secrets) -> PodInputs | Condition:
    """What a pod needs to reach the database; DatabaseReady=False when the Secret lacks something."""
    spec = database(registry)
    present = secrets.get(spec.name)
    if present is None:
        return _not_found(ConditionType.DATABASE_READY, spec.name)
    keys = spec.keys
    required = {"PGHOST": keys.host, "PGDATABASE": keys.database, "PGUSER": keys.username, "PGPASSWORD": keys.password}
    if keys.uri in present.data:
        pairs = {environment.DATABASE_URL: keys.uri}
    elif all(key in present.data for key in required.values()):
        pairs = required | ({"PGPORT": keys.port} if keys.port in present.data else {})
    else:
        return _incomplete_database(spec, present)
    if not all(present.lends(key) for key in pairs.values()):
        return kept(ConditionType.DATABASE_READY, present)
    parts = () if environment.DATABASE_URL in pairs else (variable(environment.DATABASE_URL, "postgresql://"),)
    inputs = PodInputs(env=parts) + _from_secret(spec.name, pairs) + _ssl(spec)
    return _with_ca(inputs, ConditionType.DATABASE_READY, ca=spec.ca, secrets=secrets, folder=DATABASE_CA_FOLDER)


def storage_inputs(registry: PyPIRegistry, secrets: Secrets) -> PodInputs | Condition:
    """What a pod needs to reach the bucket or the volume; StorageReady=False when a Secret lacks something."""
    spec = storage(registry)
    return _volume(registry) if spec is None else _bucket_inputs(spec, secrets)


def _bucket_inputs(spec: S3Storage, secrets: Secrets) -> PodInputs | Condition:
    credentials = spec.credentials.secret
    present = secrets.get(credentials.name)
    if present is None:
        return _not_found(ConditionType.STORAGE_READY, credentials.name)
    pairs = {
        environment.S3_ACCESS_KEY: credentials.keys.access_key,
        environment.S3_SECRET_KEY: credentials.keys.secret_key,
    }
    missing = [key for key in pairs.values() if key not in present.data]
    if missing:
        return _key_missing(ConditionType.STORAGE_READY, credentials.name, missing)
    if not all(present.lends(key) for key in pairs.values()):
        return kept(ConditionType.STORAGE_READY, present)
    inputs = PodInputs(env=_bucket(spec)) + _from_secret(credentials.name, pairs)
    if spec.ca is not None:
        inputs += PodInputs(env=(variable(environment.S3_CA_FILE, f"{STORAGE_CA_FOLDER}/{_CA_FILE}"),))
    return _with_ca(inputs, ConditionType.STORAGE_READY, ca=spec.ca, secrets=secrets, folder=STORAGE_CA_FOLDER)


def checksum(used: Iterable[tuple[str, str]], secrets: Secrets, key: bytes) -> str:
    """A digest of the values at (Secret, key), for an annotation that rolls the pods when one changes.

    Keyed, since who may read pods need not be let guess at a weak password offline.
    """
    values = [[name, item, secrets[name].data.get(item, b"").hex()] for name, item in sorted(set(used))]
    return hmac.digest(key, names.checksum(values).encode(), hashlib.sha256).hex()


def variable(name: str, value: str) -> Manifest:
    """A plain environment variable."""
    return {"name": name, "value": value}


def _from_secret(secret: str, pairs: Mapping[str, str]) -> PodInputs:
    env = tuple(
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}} for name, key in pairs.items()
    )
    return PodInputs(env=env, used=tuple((secret, key) for key in pairs.values()))


def _ssl(spec: DatabaseSecret) -> PodInputs:
    mode = () if spec.ssl_mode is None else (variable("PGSSLMODE", _SSL_MODES[spec.ssl_mode]),)
    root = () if spec.ca is None else (variable("PGSSLROOTCERT", f"{DATABASE_CA_FOLDER}/{_CA_FILE}"),)
    return PodInputs(env=mode + root)


def _volume(registry: PyPIRegistry) -> PodInputs:
    claim = {"claimName": names.blobs(registry.metadata.name)}
    return PodInputs(
        env=(variable(environment.BLOBS_DIRECTORY, f"{BLOBS_FOLDER}/blobs"),),
        volumes=({"name": _BLOBS, "persistentVolumeClaim": claim},),
        mounts=({"name": _BLOBS, "mountPath": BLOBS_FOLDER},),
    )


def _bucket(spec: S3Storage) -> tuple[Manifest, ...]:
    always = (
        variable(environment.S3_ENDPOINT, spec.endpoint),
        variable(environment.S3_BUCKET, spec.bucket),
        variable(environment.S3_ADDRESSING, spec.addressing),
        variable(environment.S3_BUCKET_POLICY, spec.bucket_policy),
    )
    given = {environment.S3_PREFIX: spec.prefix, environment.S3_REGION: spec.region}
    return always + tuple(variable(name, value) for name, value in given.items() if value)


def _with_ca(
    inputs: PodInputs, kind: ConditionType, *, ca: CertificateAuthority | None, secrets: Secrets, folder: str
) -> PodInputs | Condition:
    if ca is None:
        return inputs
    if ca.name not in secrets:
        return _not_found(kind, ca.name)
    if ca.key not in secrets[ca.name].data:
        return _key_missing(kind, ca.name, [ca.key])
    if not secrets[ca.name].lends(ca.key):
        return kept(kind, secrets[ca.name])
    volume = folder.rsplit("/", 1)[-1]
    items = [{"key": ca.key, "path": _CA_FILE}]
    return inputs + PodInputs(
        volumes=({"name": volume, "secret": {"secretName": ca.name, "items": items}},),
        mounts=({"name": volume, "mountPath": folder, "readOnly": True},),
        used=((ca.name, ca.key),),
    )


def _incomplete_database(spec: DatabaseSecret, present: ObservedSecret) -> Condition:
    keys = spec.keys
    missing = [key for key in (keys.host, keys.database, keys.username, keys.password) if key not in present.data]
    message = (
        f"Secret {spec.name} has neither the key {keys.uri} nor all of the parts: {', '.join(missing)} missing. "
        "Add them, or say in spec.database.secret.keys how they are called."
    )
    return fails(ConditionType.DATABASE_READY, Reason.SECRET_KEY_MISSING, message)


def kept(kind: ConditionType, secret: ObservedSecret) -> Condition:
    """The condition for a reference to a Secret that is not lent (`ObservedSecret.lends`)."""
    message = (
        f"Secret {secret.name} is of type {secret.type}, which is kept for other purposes than a registry's. "
        "Copy what is meant for the registry into a Secret of type Opaque and name that."
    )
    return fails(kind, Reason.SECRET_TYPE_REFUSED, message)


def _not_found(kind: ConditionType, name: str) -> Condition:
    message = (
        f"Secret {name} does not exist in this namespace. Create it; with the label {names.WATCH_LABEL}: "
        f'"{names.WATCH_VALUE}" it is noticed at once, without it within 30 s.'
    )
    return fails(kind, Reason.SECRET_NOT_FOUND, message)


def _key_missing(kind: ConditionType, name: str, keys: Iterable[str]) -> Condition:
    message = f"Secret {name} lacks {', '.join(keys)}. Add it, or say in the spec how the key is called."
    return fails(kind, Reason.SECRET_KEY_MISSING, message)
