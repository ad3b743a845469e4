"""Settings, read once from the environment and the command line (design section 5)."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, get_args

from registry_service.contract import environment
from registry_service.contract.sync import DEFAULT_MAX_UPLOAD_SIZE
from registry_service.database.identity import Identity
from registry_service.storage.s3_client import Addressing, BucketPolicy, S3Settings

T = TypeVar("T", bound=str)
# In the folder of a registry on one machine.
DATABASE_FILE: Final = "registry.db"
# The first of each is the default.
_ADDRESSING: Final[tuple[Addressing, ...]] = get_args(Addressing)
_BUCKET_POLICIES: Final[tuple[BucketPolicy, ...]] = get_args(BucketPolicy)
_S3_REQUIRED: Final = (
    environment.S3_ENDPOINT,
    environment.S3_BUCKET,
    environment.S3_ACCESS_KEY,
    environment.S3_SECRET_KEY,
)


class SettingsError(Exception):
    """A setting is missing or wrong; the message names its variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a process is told before it starts.

    `data` is the folder of a registry on one machine. `store` is the folder of its blobs, or a bucket;
    `sync_directory` is set in a pod only. `max_upload_size` is in bytes, and holds until rules arrive.
    """

    database_url: str
    data: Path | None
    store: Path | S3Settings
    identity: Identity
    external_url: str | None
    trusted_proxies: tuple[str, ...]
    max_upload_size: int
    sync_directory: Path | None
    termination_message: Path | None

    @property
    def registry_name(self) -> str:
        """What the group index is called: the PyPIRegistry's name, `registry` on one machine."""
        return self.identity.name or "registry"


def read_settings(environ: Mapping[str, str], data: Path | None) -> Settings:
    """Read the environment; `data` is the command line's folder. Raises SettingsError."""
    external = environ.get(environment.EXTERNAL_URL, "").rstrip("/")
    return Settings(
        database_url=_database_url(environ, data),
        data=data,
        store=_store(environ) if data is None else data / "blobs",
        identity=_identity(environ),
        external_url=external or None,
        trusted_proxies=_proxies(environ),
        max_upload_size=_size(environ),
        sync_directory=_path(environ, environment.SYNC_DIRECTORY),
        termination_message=_path(environ, environment.TERMINATION_MESSAGE),
    )


def _database_url(environ: Mapping[str, str], data: Path | None) -> str:
    if data is not None:
        return f"sqlite:///{data.absolute() / DATABASE_FILE}"
    url = environ.get(environment.DATABASE_URL, "")
    if not url:
        raise SettingsError(f"give --data DIR, or set {environment.DATABASE_URL} and the store's variables")
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError(f"{environment.DATABASE_URL} must start with postgresql://")
    return url


def _store(environ: Mapping[str, str]) -> Path | S3Settings:
    folder = _path(environ, environment.BLOBS_DIRECTORY)
    if folder is None:
        return _s3(environ)
    if environ.get(environment.S3_ENDPOINT):
        # Files that lie in the other one would be missing.
        raise SettingsError(f"set {environment.BLOBS_DIRECTORY} or {environment.S3_ENDPOINT}, not both")
    return folder


def _s3(environ: Mapping[str, str]) -> S3Settings:
    missing = [name for name in _S3_REQUIRED if not environ.get(name)]
    if missing:
        raise SettingsError(f"not set: {', '.join(missing)}; or set {environment.BLOBS_DIRECTORY} to a folder")
    return S3Settings(
        endpoint=environ[environment.S3_ENDPOINT],
        bucket=environ[environment.S3_BUCKET],
        access_key=environ[environment.S3_ACCESS_KEY],
        secret_key=environ[environment.S3_SECRET_KEY],
        prefix=environ.get(environment.S3_PREFIX, ""),
        region=environ.get(environment.S3_REGION, ""),
        addressing=_choice(environ, environment.S3_ADDRESSING, _ADDRESSING),
        ca_file=environ.get(environment.S3_CA_FILE) or None,
        bucket_policy=_choice(environ, environment.S3_BUCKET_POLICY, _BUCKET_POLICIES),
    )


def _identity(environ: Mapping[str, str]) -> Identity:
    return Identity(
        namespace_uid=environ.get(environment.NAMESPACE_UID) or None,
        namespace=environ.get(environment.NAMESPACE) or None,
        name=environ.get(environment.NAME) or None,
        resource_uid=environ.get(environment.RESOURCE_UID) or None,
        takeover=environ.get(environment.TAKEOVER) or None,
    )


def _choice(environ: Mapping[str, str], name: str, choices: tuple[T, ...]) -> T:
    value = environ.get(name) or choices[0]
    for choice in choices:
        if choice == value:
            return choice
    raise SettingsError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _proxies(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Addresses and networks. A host's name would be compared as text with addresses, and so trust nobody."""
    named = environ.get(environment.TRUSTED_PROXIES, "").split(",")
    proxies = tuple(proxy.strip() for proxy in named if proxy.strip())
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise SettingsError(
                f"{environment.TRUSTED_PROXIES} must hold addresses and networks, not {proxy!r}"
            ) from error
    return proxies


def _size(environ: Mapping[str, str]) -> int:
    value = environ.get(environment.MAX_UPLOAD_SIZE, str(DEFAULT_MAX_UPLOAD_SIZE))
    if not value.isdecimal() or int(value) == 0:
        raise SettingsError(f"{environment.MAX_UPLOAD_SIZE} must be a number of bytes, not {value!r}")
    return int(value)


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name, "")
    return Path(value) if value else None
