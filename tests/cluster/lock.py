"""One cluster a machine: whoever changes it holds the lock, and the next one waits and then finds the work done."""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.cluster import console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Longer than everything built cold; the kernel drops the lock of a process that dies.
_PATIENCE_SECONDS = 5400.0
_LOOK_AGAIN_SECONDS = 0.5


class LockedError(RuntimeError):
    """Another process has been changing the cluster for longer than a cold start takes."""


@contextmanager
def exclusive(path: Path, *, patience: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the lock file `path`, waiting for it at most `patience` seconds.

    Raises LockedError when the time is over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        _acquire(file.fileno(), path, time.monotonic() + patience)
        yield


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    waiting = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LockedError(f"another process holds {path}; end it, or wait for it") from None
            if not waiting:
                console.say(f"waiting for another run, which holds {path}")
                waiting = True
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return
