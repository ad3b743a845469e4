"""What every blob store does, on each of them: a folder, and a real object store."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest

from registry_service.errors import BlobMissingError, StorageError
from registry_service.storage import CHUNK_BYTES, BlobStore
from registry_service.storage.filesystem import FilesystemStore
from registry_service.storage.s3 import S3Store
from registry_service.storage.s3_bucket import PART_BYTES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

_KEY = "1/0a1b/upload"


@pytest.fixture(params=["folder", "bucket"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return FilesystemStore(tmp_path / "blobs")
    store = S3Store(request.getfixturevalue("bucket"))
    await store.check()
    return store


def _bytes(size: int) -> bytes:
    return hashlib.shake_256(b"blob").digest(size)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "spool"
    path.write_bytes(content)
    return path


async def _put(store: BlobStore, folder: Path, content: bytes, *, key: str = _KEY) -> None:
    await store.put(key, _file(folder, content), sha256=hashlib.sha256(content).hexdigest())


async def _read(store: BlobStore, start: int, stop: int, *, key: str = _KEY) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, start, stop)])


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, PART_BYTES + 1, 3 * PART_BYTES])
async def test_stored_bytes_come_back(store: BlobStore, tmp_path: Path, size: int) -> None:
    content = _bytes(size)
    await _put(store, tmp_path, content)
    assert await _read(store, 0, size) == content


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 1),
        (1, 2),
        (5, 5),
        (CHUNK_BYTES - 1, CHUNK_BYTES + 1),
        (CHUNK_BYTES, 3 * CHUNK_BYTES),
        (3 * CHUNK_BYTES, None),
    ],
)
async def test_a_range_is_half_open(store: BlobStore, tmp_path: Path, start: int, stop: int | None) -> None:
    content = _bytes(3 * CHUNK_BYTES + 7)
    await _put(store, tmp_path, content)
    assert await _read(store, start, len(content) if stop is None else stop) == content[start:stop]


async def test_chunks_are_bounded(store: BlobStore, tmp_path: Path) -> None:
    content = _bytes(5 * CHUNK_BYTES + 1)
    await _put(store, tmp_path, content)
    sizes = [len(chunk) async for chunk in store.read(_KEY, 0, len(content))]
    assert max(sizes) <= CHUNK_BYTES
    assert sum(sizes) == len(content)


async def test_a_missing_blob_is_named(store: BlobStore) -> None:
    with pytest.raises(BlobMissingError, match=_KEY):
        await _read(store, 0, 1)


async def test_a_range_beyond_the_end_is_an_error_and_never_a_short_answer(store: BlobStore, tmp_path: Path) -> None:
    await _put(store, tmp_path, b"0123456789")
    with pytest.raises(StorageError):
        await _read(store, 5, 11)
    with pytest.raises(StorageError):
        await _read(store, 10, 11)


@pytest.mark.parametrize("size", [10, PART_BYTES + 1])
async def test_a_file_that_changed_after_it_was_hashed_is_not_stored(
    store: BlobStore, tmp_path: Path, size: int
) -> None:
    content = _bytes(size)
    with pytest.raises(StorageError):
        await store.put(_KEY, _file(tmp_path, content), sha256=hashlib.sha256(content[1:]).hexdigest())
    with pytest.raises(BlobMissingError):
        await _read(store, 0, 1)


async def test_a_deleted_blob_is_missing_and_may_be_deleted_again(store: BlobStore, tmp_path: Path) -> None:
    await _put(store, tmp_path, b"one", key="1/0a1b/first")
    await _put(store, tmp_path, b"two", key="1/0a1b/second")
    await store.delete("1/0a1b/first")
    await store.delete("1/0a1b/first")
    with pytest.raises(BlobMissingError):
        await _read(store, 0, 1, key="1/0a1b/first")
    assert await _read(store, 0, 3, key="1/0a1b/second") == b"two"


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../x", "1/../../x", "1//x", "1/.", "1/x/", ".claim/x", "1/x\0", "1/x\n", "a" * 200]
)
async def test_a_key_that_could_lead_elsewhere_is_refused(store: BlobStore, tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a blob's key"):
        await _put(store, tmp_path, b"x", key=key)
    with pytest.raises(ValueError, match="not a blob's key"):
        await _read(store, 0, 1, key=key)
    with pytest.raises(ValueError, match="not a blob's key"):
        await store.delete(key)


async def test_a_preflight_succeeds_twice_and_touches_no_blob(store: BlobStore, tmp_path: Path) -> None:
    await _put(store, tmp_path, b"kept")
    await store.check()
    await store.check()
    assert await _read(store, 0, 4) == b"kept"


async def test_whoever_claims_a_store_sees_every_claimant(store: BlobStore) -> None:
    assert await store.claim("first") == ["first"]
    assert await store.claim("first") == ["first"]
    assert await store.claim("second") == ["first", "second"]
    await store.unclaim("second")
    await store.unclaim("second")
    assert await store.claim("first") == ["first"]


async def test_a_claim_is_a_plain_name(store: BlobStore) -> None:
    with pytest.raises(ValueError, match="not a registry's ID"):
        await store.claim("../x")


async def test_many_at_once(store: BlobStore, tmp_path: Path) -> None:
    contents = {f"1/0a1b/{number}": _bytes(100_000 + number) for number in range(40)}
    for key, content in contents.items():
        tmp_path.joinpath(key.replace("/", "-")).write_bytes(content)
    await asyncio.gather(
        *(
            store.put(key, tmp_path / key.replace("/", "-"), sha256=hashlib.sha256(content).hexdigest())
            for key, content in contents.items()
        )
    )
    found = await asyncio.gather(*(_read(store, 0, len(content), key=key) for key, content in contents.items()))
    assert found == list(contents.values())


async def test_pods_that_share_a_folder_see_each_others_blobs(tmp_path: Path) -> None:
    """Each has a store of its own on a folder that none of them has made yet."""
    stores = [FilesystemStore(tmp_path / "volume" / "blobs") for _ in range(8)]
    contents = [_bytes(10_000 + number) for number in range(len(stores))]
    spools = [tmp_path / f"spool-{number}" for number in range(len(stores))]
    for spool, content in zip(spools, contents, strict=True):
        spool.write_bytes(content)
    puts = [
        store.put(f"1/0a1b/{number}", spool, sha256=hashlib.sha256(content).hexdigest())
        for number, (store, spool, content) in enumerate(zip(stores, spools, contents, strict=True))
    ]
    await asyncio.gather(*puts, *(store.check() for store in stores), *(store.claim("one") for store in stores))
    for store in stores:
        keys = [f"1/0a1b/{number}" for number in range(len(stores))]
        assert [await _read(store, 0, len(content), key=key) for key, content in zip(keys, contents, strict=True)] == (
            contents
        )
    assert list((tmp_path / "volume" / "blobs" / ".incoming").iterdir()) == []


async def test_readers_that_go_away_early_leave_room_for_others(store: BlobStore, tmp_path: Path) -> None:
    content = _bytes(PART_BYTES)
    await _put(store, tmp_path, content)
    for _ in range(40):
        reader = store.read(_KEY, 0, len(content))
        assert await anext(reader) == content[:CHUNK_BYTES]
        await asyncio.wait_for(_close(reader), timeout=10)
    assert await _read(store, 0, len(content)) == content


async def _close(reader: object) -> None:
    """End an asynchronous generator as the service does when its client hangs up."""
    close = getattr(reader, "aclose", None)
    assert close is not None
    await close()
