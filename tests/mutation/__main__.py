"""Changes one thing at a time in the rules, and asks whether their unit tests notice.

Works on a copy. A mutant that survives must stand in `explained.txt`, as `before => after | why nobody can notice`;
the run ends with 1 when one does not, or when an explanation has no mutant any more.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.cluster.commands import run
from tests.cluster.content import tracked_files
from tests.cluster.places import REPOSITORY
from tests.support.environments import client

_EXPLAINED = Path(__file__).with_name("explained.txt")
_DOMAIN = "registry_service/domain"
_MODULES = tuple(f"{_DOMAIN}/{name}.py" for name in ("access", "credentials", "status", "upload_rules"))
_TESTS = (
    *(f"tests/unit/service/domain/test_{name}.py" for name in ("access", "credentials", "status", "upload_rules")),
    "tests/unit/service/test_properties_of_names.py",
)
_SECONDS = 3600


def main() -> int:
    """Run every mutant; what survived without an explanation is printed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in tracked_files(REPOSITORY, ("registry_service", "tests", "operator", "pyproject.toml")):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / path, folder / path)
        survivors, count = _survivors(folder)
    explained = _explained()
    for line in sorted(survivors - explained):
        print(f"survived: {line}")
    for line in sorted(explained - survivors):
        print(f"explained, and dead: {line}")
    print(f"{count} mutants, {len(survivors)} survived, {len(survivors & explained)} of them explained")
    return 0 if survivors == explained else 1


def _survivors(folder: Path) -> tuple[set[str], int]:
    tests = " ".join((sys.executable, "-m", "pytest", "-q", "-x", "--no-cov", *_TESTS))
    configuration = {"module-path": list(_MODULES), "timeout": 60.0, "excluded-modules": [], "test-command": tests}
    lines = [f"{key} = {json.dumps(value)}" for key, value in configuration.items()]
    text = "\n".join(["[cosmic-ray]", *lines, "[cosmic-ray.distributor]", 'name = "local"', ""])
    (folder / "mutation.toml").write_text(text)
    cosmic_ray = [str(client("cosmic-ray")), "-m", "cosmic_ray.cli"]
    for words in (("init", "mutation.toml", "session"), ("exec", "mutation.toml", "session")):
        run([*cosmic_ray, *words], timeout=_SECONDS, cwd=folder)
    dumped = run([*cosmic_ray, "dump", "session"], timeout=_SECONDS, cwd=folder)
    results = [json.loads(line) for line in dumped.splitlines()]
    return {_told(result) for _, result in results if result["test_outcome"] == "survived"}, len(results)


def _told(result: dict[str, str]) -> str:
    """The changed lines of a mutant."""
    changed = [line for line in result["diff"].splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    sides = {sign: " ".join(line[1:].strip() for line in changed if line[0] == sign) for sign in "-+"}
    return f"{sides['-']} => {sides['+']}"


def _explained() -> set[str]:
    lines = (line for line in _EXPLAINED.read_text().splitlines() if line and not line.startswith("#"))
    return {line.rsplit(" | ", 1)[0] for line in lines}


if __name__ == "__main__":
    sys.exit(main())
