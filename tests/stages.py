"""Runs the parts of `make check` and `make test` in order, each timed, and stops at the first that fails.

check        lint, types, layers, generated files, unit tests
contract     each port's one test on every adapter
conformance  real clients against a real service
kubernetes   the product on a real cluster
hostile      attacks, each measured; some seconds of fuzzing
"""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

_PYTHON: Final = (sys.executable, "-m")
_PYTEST: Final = (*_PYTHON, "pytest", "-q", "--no-header")
_SECONDS: Final = 3600

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
    "kubernetes": ((*_PYTEST, "tests/kubernetes"),),
    "hostile": ((*_PYTEST, "tests/hostile", "tests/fuzz", "-m", "hostile"),),
}


def main(names: Sequence[str]) -> int:
    """Run the named parts; the exit code of the first command that fails, else 0."""
    for name in names:
        started = time.monotonic()
        for command in _STAGES[name]:
            code = _run(name, command)
            if code:
                print(f"== {name} failed: {' '.join(command[1:])}", flush=True)
                return code
        print(f"== {name} passed in {time.monotonic() - started:.0f} s", flush=True)
    return 0


def _run(stage: str, command: tuple[str, ...]) -> int:
    started = time.monotonic()
    code = subprocess.run(command, check=False, timeout=_SECONDS).returncode
    print(f"   {stage}: {' '.join(command[1:4])}: {time.monotonic() - started:.1f} s", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
