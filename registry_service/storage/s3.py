"""Blobs in a bucket, through the S3 API.

The client blocks, so its calls run in threads of their own: a slow store must not hold up the event loop, nor
use up the threads that everything else shares.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from registry_service.errors import StorageError
from registry_service.storage import CHUNK_BYTES
from registry_service.storage.keys import check_key, claim_key
from registry_service.storage.preflight import incompatible, round_trip
from registry_service.storage.s3_bucket import PART_BYTES, Bucket, finish
from registry_service.storage.s3_client import S3Settings
from registry_service.storage.s3_errors import explained

_THREADS: Final = 16
_REQUEST_SECONDS: Final = 60.0
_SLOWEST_BYTES_PER_SECOND: Final = 512 * 1024

T = TypeVar("T")


def _random_id() -> str:
    return uuid.uuid4().hex


class S3Store:
    """Blobs in the bucket of `settings`.

    `new_id` names the blobs of a preflight; `seconds` is what one request may take, and an upload its size besides.
    """

    def __init__(
        self, settings: S3Settings, *, new_id: Callable[[], str] = _random_id, seconds: float = _REQUEST_SECONDS
    ) -> None:
        with explained(settings.bucket):
            self._bucket = Bucket(settings)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")
        self._new_id = new_id
        self._seconds = seconds

    async def put(self, key: str, path: Path, *, sha256: str) -> None:
        """As BlobStore.put."""
        check_key(key)
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        extra = size / _SLOWEST_BYTES_PER_SECOND
        await self._call(lambda: self._bucket.send(key, path, sha256=sha256), key, extra_seconds=extra)

    async def read(self, key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """As BlobStore.read; a reader that goes away early closes its connection."""
        check_key(key)
        if start >= stop:
            return
        response = await self._call(lambda: self._bucket.open(key, start, stop), key)
        try:
            while start < stop:
                chunk = await self._call(lambda: response.read(CHUNK_BYTES), key)
                if not chunk:
                    raise incompatible(f"holds a blob that ends before byte {stop}: {key}")
                start += len(chunk)
                yield chunk
        finally:
            self._threads.submit(finish, response)

    async def delete(self, key: str) -> None:
        """As BlobStore.delete."""
        check_key(key)
        await self._call(lambda: self._bucket.remove(key), key)

    async def check(self) -> None:
        """As BlobStore.check; with the policy CreateIfMissing it makes the bucket first."""
        await self._call(self._bucket.require, "")
        for size in (1000, PART_BYTES + 1):
            await round_trip(self, key=f"preflight/{self._new_id()}", size=size)

    async def claim(self, registry_id: str) -> list[str]:
        """As BlobStore.claim."""
        key = claim_key(registry_id)
        return await self._call(lambda: self._bucket.mark(key), key)

    async def unclaim(self, registry_id: str) -> None:
        """As BlobStore.unclaim."""
        key = claim_key(registry_id)
        await self._call(lambda: self._bucket.remove(key), key)

    async def _call(self, call: Callable[[], T], key: str, *, extra_seconds: float = 0) -> T:
        """Run a blocking call in the store's threads. The deadline counts its wait for one, so it bounds the queue."""

        def run() -> T:
            with explained(key):
                return call()

        seconds = self._seconds + extra_seconds
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except TimeoutError as error:
            raise StorageError("StorageUnreachable", f"the S3 store took more than {seconds:.0f} s") from error
