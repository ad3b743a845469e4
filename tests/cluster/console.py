"""Tells the person who waits what is being done and how long it took, on standard error, line by line."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def say(line: str) -> None:
    """Print one line at once, also into a pipe."""
    print(f"cluster: {line}", file=sys.stderr, flush=True)


@contextmanager
def step(doing: str, *, usually: str = "") -> Iterator[None]:
    """Announce a step that may take long, and afterwards its duration; `usually` says what to expect."""
    say(f"{doing}{f' (usually {usually})' if usually else ''} …")
    start = time.monotonic()
    try:
        yield
    except BaseException:
        say(f"{doing}: failed after {time.monotonic() - start:.1f} s")
        raise
    say(f"{doing}: {time.monotonic() - start:.1f} s")
