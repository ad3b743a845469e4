"""Runs the parts of `make check` and `make test` in order, each timed, and stops after the first that fails.

check        lint, types, layers, generated files, unit tests
contract     each port's one test on every adapter
conformance  real clients against a real service
operator     the operator's process against a real API server, without pods
kubernetes   the product on a real cluster
hostile      attacks, each measured; some seconds of fuzzing

Parts that are joined by `+` run side by side, two at a time, and each one's output appears when it ends.
"""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

_PYTHON: Final = (sys.executable, "-m")
_PYTEST: Final = (*_PYTHON, "pytest", "-q", "--no-header")
_SECONDS: Final = 3600
# Each part keeps one processor busy.
_AT_ONCE: Final = 2

_STAGES: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "check": (
        (*_PYTHON, "ruff", "check", "-q"),
        (*_PYTHON, "ruff", "format", "-q", "--check"),
        (sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
        (*_PYTHON, "tests.generate", "--check"),
        (*_PYTHON, "mypy"),
        (*_PYTEST, "tests/unit", "--cov", "--cov-report=term"),
    ),
    "contract": ((*_PYTEST, "tests/contract"),),
    "conformance": ((*_PYTEST, "tests/conformance"),),
    "operator": ((*_PYTEST, "tests/kubernetes", "-m", "not cluster"),),
    "kubernetes": ((*_PYTEST, "tests/kubernetes", "-m", "cluster"),),
    "hostile": ((*_PYTEST, "tests/hostile", "tests/fuzz", "-m", "hostile"),),
}


def main(arguments: Sequence[str]) -> int:
    """Run the named parts; the exit code of the first that fails, else 0."""
    for argument in arguments:
        names = argument.split("+")
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            codes = list(threads.map(partial(_run_stage, kept=len(names) > 1), names))
        if any(codes):
            return next(code for code in codes if code)
    return 0


def _run_stage(name: str, *, kept: bool) -> int:
    """Run one part; what it prints appears as it comes, or is `kept` until the part ends."""
    started, code, told = time.monotonic(), 0, ""
    for command in _STAGES[name]:
        code, printed = _run(name, command, kept=kept)
        told += printed
        if code:
            break
    ended = f"failed: {' '.join(command[1:])}" if code else f"passed in {time.monotonic() - started:.0f} s"
    print(f"{told}== {name} {ended}", flush=True)
    return code


def _run(stage: str, command: tuple[str, ...], *, kept: bool) -> tuple[int, str]:
    """The exit code, and what is still to be printed."""
    started = time.monotonic()
    output, errors = (subprocess.PIPE, subprocess.STDOUT) if kept else (None, None)
    done = subprocess.run(command, check=False, timeout=_SECONDS, text=True, stdout=output, stderr=errors)
    line = f"   {stage}: {' '.join(command[1:4])}: {time.monotonic() - started:.1f} s\n"
    return done.returncode, (done.stdout or "") + line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
