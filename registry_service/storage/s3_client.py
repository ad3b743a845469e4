"""Where a bucket is, and a client for it with a deadline on every step.

The client's own defaults wait five minutes, five times over; a registry's readers do not.
"""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

import urllib3
from minio import Minio

from registry_service.errors import StorageError

Addressing = Literal["Auto", "Path", "Virtual"]
BucketPolicy = Literal["MustExist", "CreateIfMissing"]

IDLE_CONNECTIONS: Final = 16
_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 20
_RETRIES: Final = 2


@dataclass(frozen=True, slots=True)
class S3Settings:
    """A bucket and how to reach it.

    `endpoint` is a URL without a path. `prefix` is put before every key, with a slash between, unless empty.
    `region` empty means: ask the store. `addressing` Auto means virtual hosts for AWS and paths elsewhere.
    `ca_file` replaces the public certificate authorities.
    """

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    prefix: str = ""
    region: str = ""
    addressing: Addressing = "Auto"
    ca_file: str | None = None
    bucket_policy: BucketPolicy = "MustExist"

    def __repr__(self) -> str:
        return f"S3Settings(endpoint={self.endpoint!r}, bucket={self.bucket!r}, prefix={self.prefix!r})"


def connect(settings: S3Settings) -> Minio:
    """A client for the settings; nothing is sent yet. Raises StorageError when they make no sense."""
    url = urlsplit(settings.endpoint)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path.strip("/"):
        raise StorageError("StorageIncompatible", "the S3 endpoint must be like https://s3.example:9000")
    try:
        client = Minio(
            url.netloc,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=url.scheme == "https",
            region=settings.region or None,
            http_client=_connections(settings.ca_file),
        )
    except ValueError as error:
        raise StorageError("StorageIncompatible", f"the S3 settings cannot be used: {error}") from error
    if settings.addressing == "Virtual":
        client.enable_virtual_style_endpoint()
    if settings.addressing == "Path":
        client.disable_virtual_style_endpoint()
    return client


def _connections(ca_file: str | None) -> urllib3.PoolManager:
    """Redirects are not followed: a store that sends one is misconfigured, and the reply says how."""
    return urllib3.PoolManager(
        maxsize=IDLE_CONNECTIONS,
        cert_reqs="CERT_REQUIRED",
        ca_certs=ca_file,
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        retries=urllib3.Retry(
            total=_RETRIES,
            redirect=False,
            backoff_factor=0.2,
            status_forcelist=(500, 502, 503, 504),
            respect_retry_after_header=False,
            raise_on_status=False,
        ),
    )
