"""`python -m tests.fuzz --minutes N`: fuzz every reader in turn, each time with other inputs, until the time is over.

An input that breaks a reader is written into its corpus, where the tests find it from then on; the exit code is 1.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import logging
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.mutation import mutated
from tests.fuzz.other_tools import programs, same_sdist, same_wheel
from tests.fuzz.targets import BROKE, CORPUS, TARGETS, Target, accepted, sdist, wheel, with_checksums
from tests.support.odd_archives import SDIST, WHEEL

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES = 2000


def main(arguments: Sequence[str]) -> int:
    """Fuzz for so many minutes; the exit code is 1 when a reader broke."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Fuzz whatever reads what strangers send."
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=time.time_ns(), help="of the first round; any other by default")
    logging.disable()  # what is refused is logged, a line for each input
    given_ = parser.parse_args(arguments)
    programs()
    until, number, broken = time.monotonic() + 60 * given_.minutes, given_.seed, 0
    print(f"the first seed is {number}", flush=True)
    while time.monotonic() < until:
        for target in (*TARGETS, *_SAME_TO_EVERYBODY):
            began = time.monotonic()
            broken += _breaks(target, number)
            print(f"{target.name:14} {_EXAMPLES} inputs in {time.monotonic() - began:5.1f} s", flush=True)
        number += 1
    print(f"{broken} inputs broke a reader" if broken else "no input broke a reader")
    return 1 if broken else 0


def _same_wheel(content: bytes) -> None:
    if accepted(wheel(content), WHEEL):
        with tempfile.TemporaryDirectory() as folder:
            same_wheel(content, Path(folder), installed=True)


def _same_sdist(content: bytes) -> None:
    archive = with_checksums(content)
    if accepted(sdist(archive), SDIST):
        with tempfile.TemporaryDirectory() as folder:
            same_sdist(gzip.compress(archive), Path(folder))


# Whatever is accepted, four other programs find the same files in it.
_SAME_TO_EVERYBODY = (Target("wheel", _same_wheel), Target("sdist", _same_sdist))


def _breaks(target: Target, number: int) -> bool:
    """Try so many inputs; the smallest that breaks the reader is kept."""
    last = b""

    @seed(number)
    @settings(
        max_examples=_EXAMPLES,
        database=None,
        deadline=5000,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(target.corpus))
    def holds(content: bytes) -> None:
        nonlocal last
        last = content
        target.check(content)

    try:
        holds()
    except Exception:  # noqa: BLE001 - whatever it is, it is what was looked for
        traceback.print_exc()
        kept = CORPUS / target.name / f"{BROKE}{hashlib.sha256(last).hexdigest()[:12]}"
        kept.write_bytes(last)
        print(f"kept as {kept}")
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
