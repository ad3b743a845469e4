"""The blocking half of the S3 store: what is asked of a bucket, one method a question.

Bytes always pass through the service and never by a presigned address: what a token may read is decided here for
every request, and clients differ in what they do with redirects.
"""

import hashlib
import io
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from minio.error import S3Error
from urllib3 import BaseHTTPResponse

from registry_service.errors import StorageError
from registry_service.storage.preflight import incompatible
from registry_service.storage.s3_client import S3Settings, connect

PART_BYTES: Final = 8 * 1024 * 1024
_MAX_MARKS: Final = 100
_MADE_MEANWHILE: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class Bucket:
    """Objects under `settings.prefix`; the client's own exceptions pass through."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._bucket = settings.bucket
        self._client = connect(settings)

    def send(self, key: str, path: Path, *, sha256: str) -> None:
        """Store a file. Every request carries a checksum that the store verifies: MD5 under TLS, else SHA-256.

        What was sent is hashed on its way and the stored size is asked for: together they prove the stored bytes
        without reading them back.
        """
        size, name = path.stat().st_size, self._name(key)
        with path.open("rb") as file:
            reader = _HashingReader(file)
            self._client.put_object(self._bucket, name, reader, size, part_size=PART_BYTES, num_parallel_uploads=1)
        stored = self._client.stat_object(self._bucket, name).size
        if (stored, reader.hexdigest()) != (size, sha256):
            self.remove(key)
            raise incompatible(f"holds {stored} bytes of {size}, or {path.name} changed after it was received")

    def open(self, key: str, start: int, stop: int) -> BaseHTTPResponse:
        """The bytes `start` to `stop`, `stop` not included, still on their way."""
        response: BaseHTTPResponse = self._client.get_object(
            self._bucket,
            self._name(key),
            offset=start,
            length=stop - start,
        )
        given = response.headers.get("Content-Range", "none")
        if given.startswith(f"bytes {start}-{stop - 1}/"):
            return response
        finish(response)
        raise incompatible(f"answers a request for the range {start} to {stop} with {given}: {key}")

    def remove(self, key: str) -> None:
        """Remove an object; S3 says yes also when there is none."""
        self._client.remove_object(self._bucket, self._name(key))

    def require(self) -> None:
        """Make sure that the bucket exists, by making it if the policy allows that."""
        if self._client.bucket_exists(self._bucket):
            return
        if self._settings.bucket_policy != "CreateIfMissing":
            raise StorageError("BucketNotFound", f"the bucket {self._bucket} does not exist; make it first")
        try:
            self._client.make_bucket(self._bucket)
        except S3Error as error:
            if error.code not in _MADE_MEANWHILE:
                raise

    def mark(self, key: str) -> list[str]:
        """Store an empty object and return the names of all in its folder, at most 100 of them."""
        name = self._name(key)
        folder = name.rpartition("/")[0] + "/"
        self._client.put_object(self._bucket, name, io.BytesIO(), 0)
        found = self._client.list_objects(self._bucket, prefix=folder, recursive=True)
        return sorted(str(entry.object_name).removeprefix(folder) for entry in islice(found, _MAX_MARKS))

    def _name(self, key: str) -> str:
        prefix = self._settings.prefix.strip("/")
        return f"{prefix}/{key}" if prefix else key


def finish(response: BaseHTTPResponse) -> None:
    """Give a connection back; one whose answer was not read to its end is closed."""
    response.close()
    response.release_conn()


class _HashingReader:
    """A file that hashes what is read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        return data

    def hexdigest(self) -> str:
        return self._digest.hexdigest()
