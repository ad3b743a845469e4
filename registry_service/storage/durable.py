"""File operations that are on the disk when they return, and not merely in the kernel's memory."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from registry_service.errors import StorageError
from registry_service.storage import CHUNK_BYTES


def make_folder(folder: Path) -> None:
    """Make the folder and those above it; each new one's entry is on the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def store_copy(source: Path, target: Path, *, incoming: Path, sha256: str) -> None:
    """Copy `source` to `target` through a temporary file in the folder `incoming`.

    `target` appears whole or not at all, and only if the bytes written have the SHA-256 (hex); StorageError
    otherwise. Both folders are made when missing and must be on one file system.
    """
    make_folder(incoming)
    make_folder(target.parent)
    descriptor, name = tempfile.mkstemp(dir=incoming)
    try:
        with os.fdopen(descriptor, "wb") as file, source.open("rb") as original:
            _copy(original, file, sha256=sha256)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def touch(path: Path) -> None:
    """An empty file, made when missing."""
    make_folder(path.parent)
    path.touch()
    _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file; no error when it is not there.

    Its folder stays, even when empty: another call may be about to put a file there.
    """
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        _sync_folder(path.parent)


def _copy(original: BinaryIO, file: BinaryIO, *, sha256: str) -> None:
    digest = hashlib.sha256()
    while chunk := original.read(CHUNK_BYTES):
        digest.update(chunk)
        file.write(chunk)
    if digest.hexdigest() != sha256:
        raise StorageError("StorageIncompatible", "the file changed after it was received")
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
