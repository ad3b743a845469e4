"""Where a registry keeps its rows and its blobs: the fields `database` and `storage` of a PyPIRegistry."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from registry_operator.resources.pod_template import DEFAULT_RESOURCES, Resources
from registry_operator.resources.quantities import in_bytes


@dataclass(frozen=True, slots=True)
class SecretReference:
    """A Secret of the same namespace."""

    name: str


@dataclass(frozen=True, slots=True)
class SecretKeyReference:
    """One key of a Secret of the same namespace."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """Where the PEM of a private issuer is; the key defaults to what cert-manager and CloudNativePG write."""

    name: str
    key: str = "ca.crt"


class DatabaseType(StrEnum):
    """Who runs PostgreSQL."""

    MANAGED = "Managed"
    SECRET = "Secret"  # noqa: S105 - a kind of object, not a secret


class SSLMode(StrEnum):
    """libpq's `sslmode`, in the API's spelling."""

    DISABLE = "Disable"
    REQUIRE = "Require"
    VERIFY_CA = "VerifyCA"
    VERIFY_FULL = "VerifyFull"


@dataclass(frozen=True, slots=True)
class ManagedDatabase:
    """A PostgreSQL of our own: for trials and small teams."""

    image: str | None = None
    size: str = "8Gi"
    storage_class_name: str | None = None
    resources: Resources = DEFAULT_RESOURCES

    def __post_init__(self) -> None:
        """Raises ValueError for what is no quantity of bytes."""
        in_bytes(self.size)


@dataclass(frozen=True, slots=True)
class DatabaseKeys:
    """Which key of the Secret holds what; the defaults are CloudNativePG's."""

    uri: str = "uri"
    host: str = "host"
    port: str = "port"
    database: str = "dbname"
    username: str = "username"
    password: str = "password"  # noqa: S105 - a key's name, not a secret


@dataclass(frozen=True, slots=True)
class DatabaseSecret:
    """Any PostgreSQL that a Secret of the same namespace describes."""

    name: str
    keys: DatabaseKeys = DatabaseKeys()
    ssl_mode: SSLMode | None = None
    ca: CertificateAuthority | None = None


@dataclass(frozen=True, slots=True)
class Database:
    """Where packages, tokens and audit rows are kept."""

    type: DatabaseType
    managed: ManagedDatabase = ManagedDatabase()
    secret: DatabaseSecret | None = None


class StorageType(StrEnum):
    """Who runs the object store, or that there is none."""

    MANAGED = "Managed"
    S3 = "S3"
    PERSISTENT_VOLUME_CLAIM = "PersistentVolumeClaim"


@dataclass(frozen=True, slots=True)
class ManagedStorage:
    """An object store of our own: for trials and small teams."""

    image: str | None = None
    size: str = "20Gi"
    storage_class_name: str | None = None
    resources: Resources = DEFAULT_RESOURCES

    def __post_init__(self) -> None:
        """Raises ValueError for what is no quantity of bytes."""
        in_bytes(self.size)


class Addressing(StrEnum):
    """Whether the bucket stands in the host name or in the path."""

    AUTO = "Auto"
    PATH = "Path"
    VIRTUAL = "Virtual"


class BucketPolicy(StrEnum):
    """Whether a missing bucket is an error or is made."""

    MUST_EXIST = "MustExist"
    CREATE_IF_MISSING = "CreateIfMissing"


@dataclass(frozen=True, slots=True)
class S3Keys:
    """Which key of the Secret holds what; the defaults are those of ObjectBucketClaims."""

    access_key: str = "AWS_ACCESS_KEY_ID"
    secret_key: str = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - a key's name, not a secret


@dataclass(frozen=True, slots=True)
class S3CredentialsSecret:
    """Static credentials in a Secret of the same namespace."""

    name: str
    keys: S3Keys = S3Keys()


@dataclass(frozen=True, slots=True)
class S3Credentials:
    """How the pods prove who they are to the store."""

    secret: S3CredentialsSecret


@dataclass(frozen=True, slots=True)
class S3Storage:
    """A bucket of any store that speaks the S3 API."""

    endpoint: str
    bucket: str
    credentials: S3Credentials
    region: str | None = None
    prefix: str = ""
    addressing: Addressing = Addressing.AUTO
    ca: CertificateAuthority | None = None
    bucket_policy: BucketPolicy = BucketPolicy.MUST_EXIST

    def __post_init__(self) -> None:
        """Raises ValueError for an endpoint that is no URL."""
        urlsplit(self.endpoint)


class AccessMode(StrEnum):
    """Whether nodes mount a volume one at a time or together."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    READ_WRITE_MANY = "ReadWriteMany"


@dataclass(frozen=True, slots=True)
class VolumeStorage:
    """A volume that the service's pods mount; `size` is a quantity of bytes."""

    size: str = "20Gi"
    storage_class_name: str | None = None
    access_mode: AccessMode = AccessMode.READ_WRITE_ONCE

    def __post_init__(self) -> None:
        """Raises ValueError for what is no quantity of bytes."""
        in_bytes(self.size)


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the files are kept."""

    type: StorageType
    managed: ManagedStorage = ManagedStorage()
    s3: S3Storage | None = None
    persistent_volume_claim: VolumeStorage | None = None

    @property
    def volume(self) -> VolumeStorage | None:
        """The volume, if that is where they are kept."""
        is_volume = self.type is StorageType.PERSISTENT_VOLUME_CLAIM
        return (self.persistent_volume_claim or VolumeStorage()) if is_volume else None
