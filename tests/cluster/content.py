"""Names things by the hash of what goes into them, so that a change is never missed and nothing is built twice.

The content counts, not the time of a file: a fresh clone finds what an older one built.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.commands import run
from tests.cluster.lock import exclusive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_HASH_LENGTH = 16


def digest(value: object) -> str:
    """A short hash of a JSON value: 16 hex digits, the same for the same value on every machine."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def tracked_files(repository: Path, paths: Sequence[str]) -> list[str]:
    """The files under `paths` that git tracks, or would track once added; ignored ones do not count."""
    listing = run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths],
        timeout=60,
        cwd=repository,
    )
    names = {name for name in listing.split("\0") if name}
    return sorted(name for name in names if (repository / name).is_file())


def files_digest(folder: Path, names: Iterable[str]) -> str:
    """A hash of the names, contents and executable bits of files."""
    return digest({name: _file_identity(folder / name) for name in names})


def _file_identity(path: Path) -> list[object]:
    return [hashlib.sha256(path.read_bytes()).hexdigest(), os.access(path, os.X_OK)]


def cached(cache: Path, name: str, inputs: Mapping[str, object], make: Callable[[Path], None]) -> Path:
    """The folder `<name>-<hash of inputs>` of the cache, filled by `make` when it is not there yet.

    It is made under another name and renamed, so that a folder with the right name is always complete; of several
    processes that want it one makes it.
    """
    folder = cache / f"{name}-{digest(inputs)}"
    if not folder.is_dir():
        with exclusive(cache / "locks" / folder.name):
            if not folder.is_dir():
                _make(folder, make)
    return folder


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        make(unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def prune(cache: Path, name: str, *, keep: int) -> None:
    """Remove all but the `keep` newest of the folders that `cached` made under one name."""
    folders = [path for path in cache.glob(f"{name}-*") if len(path.name) == len(name) + 1 + _HASH_LENGTH]
    for old in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)[keep:]:
        shutil.rmtree(old)
