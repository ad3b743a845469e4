"""Runs other programs, so that each has a deadline and a failure shows what the program said."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SHOWN_LINES = 40


class CommandFailedError(RuntimeError):
    """A program ended with an error, or did not end in time; the message holds the end of what it printed."""


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a program to its end and return its standard output.

    `timeout` is in seconds; `env` replaces the environment.
    Raises CommandFailedError when the program fails or passes its deadline.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words, input=stdin, env=env, cwd=cwd, timeout=timeout, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise CommandFailedError(f"{' '.join(words)}\nhad not ended after {timeout:.0f} s") from late
    except FileNotFoundError as absent:
        raise CommandFailedError(f"{words[0]}: no such program") from absent
    if done.returncode:
        raise CommandFailedError(f"{' '.join(words)}\nended with {done.returncode}:\n{_end(done.stdout + done.stderr)}")
    return done.stdout


def succeeds(argv: Sequence[str | Path], *, timeout: float) -> bool:
    """Whether a program exists and ends well within `timeout` seconds."""
    try:
        run(argv, timeout=timeout)
    except CommandFailedError:
        return False
    return True


def _end(output: str) -> str:
    return "\n".join(output.splitlines()[-_SHOWN_LINES:])
