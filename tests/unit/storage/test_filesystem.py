"""What only the folder can meet: rights, a disk that is full, temporary files."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from registry_service.errors import StorageError
from registry_service.storage import durable
from registry_service.storage.filesystem import FilesystemStore

pytestmark = pytest.mark.anyio

_KEY = "1/0a1b/upload"


async def _put(root: Path, content: bytes) -> None:
    spool = root.parent / "spool"
    spool.write_bytes(content)
    await FilesystemStore(root).put(_KEY, spool, sha256=hashlib.sha256(content).hexdigest())


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, "StorageAccessDenied"),
        (errno.EROFS, "StorageAccessDenied"),
        (errno.ENOSPC, "StorageUnreachable"),
        (errno.EIO, "StorageUnreachable"),
    ],
)
async def test_what_the_system_refuses_has_a_reason_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    (tmp_path / "blobs" / ".incoming").mkdir(parents=True)
    (tmp_path / "blobs" / "1" / "0a1b").mkdir(parents=True)
    with pytest.raises(StorageError) as caught:
        await _put(tmp_path / "blobs", b"content")
    assert caught.value.reason == reason
    assert _files(tmp_path / "blobs") == []


async def test_a_root_that_is_a_file_is_an_error_with_a_reason(tmp_path: Path) -> None:
    root = tmp_path / "blobs"
    root.write_text("not a folder")
    with pytest.raises(StorageError):
        await FilesystemStore(root).check()


async def test_bytes_and_every_new_entry_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    real = os.fsync

    def recording(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", recording)
    root = tmp_path / "blobs"
    await _put(root, b"content")
    folders = {tmp_path, root, root / "1", root / "1" / "0a1b"}
    assert folders <= set(synced)
    files = [index for index, path in enumerate(synced) if path.parent == root / ".incoming"]
    assert len(files) == 1
    assert synced[-1] == root / "1" / "0a1b"


async def test_nothing_is_left_of_a_preflight_but_folders(tmp_path: Path) -> None:
    await FilesystemStore(tmp_path / "blobs").check()
    assert _files(tmp_path / "blobs") == []


async def test_a_store_that_still_shows_what_was_deleted_is_incompatible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "remove", lambda _: None)
    with pytest.raises(StorageError, match="deleted") as caught:
        await FilesystemStore(tmp_path / "blobs").check()
    assert caught.value.reason == "StorageIncompatible"


async def test_a_store_that_returns_other_bytes_is_incompatible(tmp_path: Path) -> None:
    class Forgetful(FilesystemStore):
        async def put(self, key: str, path: Path, *, sha256: str) -> None:
            await super().put(key, path, sha256=sha256)
            blob = tmp_path / "blobs" / key
            blob.write_bytes(blob.read_bytes()[:-1] + b"?")

    with pytest.raises(StorageError, match="other bytes") as caught:
        await Forgetful(tmp_path / "blobs").check()
    assert caught.value.reason == "StorageIncompatible"


async def test_a_call_that_hangs_is_an_error_in_time_and_holds_up_nobody(tmp_path: Path) -> None:
    """A pipe that nobody writes to, because it can be waited for like a file server that went away."""
    root, pipe = tmp_path / "blobs", tmp_path / "pipe"
    await _put(root, b"content")
    os.mkfifo(pipe)
    store = FilesystemStore(root, seconds=0.3)
    try:
        with pytest.raises(StorageError, match="took more than") as caught:
            await store.put("1/0a1b/hanging", pipe, sha256=hashlib.sha256(b"x").hexdigest())
        assert caught.value.reason == "StorageUnreachable"
        assert [chunk async for chunk in store.read(_KEY, 0, 7)] == [b"content"]
    finally:
        os.close(os.open(pipe, os.O_RDWR))  # lets the thread end
