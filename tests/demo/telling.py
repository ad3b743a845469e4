"""Tells a person who watches what is being done, what came of it, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step, and its duration once it worked."""
    start = time.monotonic()
    print(f"\n==> {title}", flush=True)
    yield
    print(f"    ({time.monotonic() - start:.1f} s)", flush=True)


def show(text: str) -> None:
    """What a program printed, or a person would look at."""
    print("\n".join(f"    {line}" for line in text.rstrip().splitlines()), flush=True)


def show_end(text: str, lines: int = 8) -> None:
    """The end of a long output."""
    show("\n".join(text.rstrip().splitlines()[-lines:]))
