"""`make soak`: publish and install for as long as wanted, and see that nothing is wrong and nothing grows.

A registry holds more after each publication, so what it serves is kept small: a package gets a few files, then the
next one is begun. Memory that goes on growing all the same is a leak.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import contenders, memory
from benchmarks.traffic import Visitor, WrongAnswerError, visiting
from tests.support import packages
from tests.support.packages import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FILES_A_PACKAGE = 20
_PADDING = 4 * 1024  # an hour publishes tens of thousands of them
_TELL_EVERY_SECONDS = 60.0
# Beside these a person would see a growth without bound: caches fill and the allocator settles in the first part.
_SETTLED = 1 / 3
_ALLOWED_GROWTH_BYTES = 24 * MIB
_ALLOWED_MORE_FILES = 16


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment: bytes resident, files open, what had been published and installed until then."""

    seconds: float
    resident: int
    files: int
    rounds: int

    def __str__(self) -> str:
        return (
            f"{self.seconds / 60:6.1f} min  {self.rounds:8d} published and installed"
            f"  {self.resident / MIB:7.1f} MiB  {self.files:4d} open files"
        )


def main(arguments: Sequence[str]) -> int:
    """Soak; the exit code is 1 when an answer is wrong or something grows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Publish and install in a loop.")
    parser.add_argument("--minutes", type=float, default=60)
    minutes = parser.parse_args(arguments).minutes
    contenders.require_linux()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        registry = contenders.folder_registry(Path(name))
        with registry.serving() as running, visiting(running) as visitor:
            try:
                looks = _tell(_looks(visitor, seconds=60 * minutes))
            except (WrongAnswerError, OSError) as wrong:
                print(f"wrong: {wrong}")
                return 1
    problems = growth(looks)
    print("\n".join(problems) or "nothing was wrong and nothing grew")
    return 1 if problems else 0


def growth(looks: Sequence[Look]) -> list[str]:
    """What grew between the end of the first third, when all is settled, and the end; a sentence for each."""
    settled = next(look for look in looks if look.seconds >= _SETTLED * looks[-1].seconds)
    problems = []
    if looks[-1].resident - settled.resident > _ALLOWED_GROWTH_BYTES:
        problems.append(f"memory grew from {settled.resident / MIB:.1f} to {looks[-1].resident / MIB:.1f} MiB")
    if looks[-1].files - settled.files > _ALLOWED_MORE_FILES:
        problems.append(f"open files grew from {settled.files} to {looks[-1].files}")
    return problems


def _looks(visitor: Visitor, *, seconds: float) -> Iterator[Look]:
    """Work for so many seconds; a look at the start, after every minute's work, and at the end."""
    began, rounds = time.monotonic(), 0
    told = began - _TELL_EVERY_SECONDS
    while (now := time.monotonic()) - began < seconds:
        publish_and_install(visitor, rounds)
        rounds += 1
        if now - told >= _interval(seconds):
            yield _look(visitor, now - began, rounds)
            told = now
    yield _look(visitor, time.monotonic() - began, rounds)


def _interval(seconds: float) -> float:
    """A minute, or less when all of it is short: the end must be compared with something."""
    return min(_TELL_EVERY_SECONDS, seconds / 6)


def _look(visitor: Visitor, seconds: float, rounds: int) -> Look:
    pid = visitor.running.pid
    return Look(seconds, memory.resident_bytes(pid), memory.open_files(pid), rounds)


def _tell(looks: Iterator[Look]) -> list[Look]:
    told = []
    for look in looks:
        print(look, flush=True)
        told.append(look)
    return told


def publish_and_install(visitor: Visitor, number: int) -> None:
    """Publish one wheel, find it on its page, read it back. Raises WrongAnswerError when it is not what was sent."""
    package, version = f"soak-{number // _FILES_A_PACKAGE}", f"1.{number}"
    wheel = packages.wheel(version, name=package, padding=_PADDING)
    visitor.upload(package, version, wheel)
    found = [path for path in visitor.file_paths(package) if path.endswith(f"/{wheel.filename}")]
    if len(found) != 1:
        raise WrongAnswerError(f"{wheel.filename} is on its page {len(found)} times")
    if visitor.download(found[0]) != wheel.content:
        raise WrongAnswerError(f"{wheel.filename} came back with other bytes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
