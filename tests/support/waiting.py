"""Waits for a program that was started, with a deadline, and says why when it does not come up."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_LOOK_AGAIN_SECONDS = 0.05


class NotReadyError(RuntimeError):
    """A program ended early or did not become ready in time; the message holds what it printed."""


def wait_for(probe: Callable[[], T | None], *, process: subprocess.Popen[bytes], log: Path, seconds: float) -> T:
    """The first value other than None that `probe` returns while `process` lives.

    Raises NotReadyError, with what the process wrote to `log`, when it ends or `seconds` are over.
    """
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if (found := probe()) is not None:
            return found
        time.sleep(_LOOK_AGAIN_SECONDS)  # another program's readiness can only be asked for
    ended = "did not become ready" if process.poll() is None else f"ended with {process.returncode}"
    raise NotReadyError(f"{process.args!r} {ended}:\n{log.read_text(errors='replace')[-4000:]}")


def stop(process: subprocess.Popen[bytes], *, seconds: float = 20) -> int:
    """End a process that we started, politely, then by force after `seconds`; its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait(seconds)
