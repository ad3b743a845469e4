"""The README's section for one machine, done word for word, and the make targets that it names.

`pip install '.[service]'` finds the locked versions in a folder of wheels instead of an index, so that the test says
the same every day and needs no network once the folder is there.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from tests.cluster.commands import run
from tests.cluster.console import step
from tests.cluster.content import cached, tracked_files
from tests.cluster.places import REPOSITORY
from tests.support import packages
from tests.support.environments import cache, clean_environment, client
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.conformance.programs import Programs
    from tests.conftest import Aloud
    from tests.support.service import Standalone

_SECONDS = 120
_READY_SECONDS = 60
_DOWNLOAD_SECONDS = 600
_LOCKS = (REPOSITORY / "registry_service/requirements.lock", REPOSITORY / "tests/support/clients/hatchling.lock")
_BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", "registry_service", "operator/registry_operator")
_ANY_FREE_PORT = ["--port", "0", "--metrics-port", "0"]
_README = (REPOSITORY / "README.md").read_text()


def _section() -> tuple[list[str], list[str]]:
    """The commands of the section's console, and what it says is printed."""
    console = _README.split("## On one machine", 1)[1].split("```console\n", 1)[1].split("```", 1)[0]
    lines = console.splitlines()
    return [line[2:] for line in lines if line.startswith("$ ")], [line for line in lines if not line.startswith("$ ")]


@pytest.fixture
def wheels(aloud: Aloud) -> Path:
    """A folder with the wheel of everything that the installation asks an index for."""
    inputs = {"locks": [lock.read_text() for lock in _LOCKS], "python": sys.version}
    with aloud():
        return cached(cache(), "readme", inputs, _download)


def _download(folder: Path) -> None:
    with step("downloading what the README installs", usually="15 s"):
        locks = [word for lock in _LOCKS for word in ("-r", str(lock))]
        command: list[str | Path] = [
            client("pip"),
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            *locks,
        ]
        run([*command, "-d", folder], timeout=_DOWNLOAD_SECONDS)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the files that a fresh clone has, as far as the installation reads them."""
    folder = tmp_path / "clone"
    for name in tracked_files(REPOSITORY, _BUILT_FROM):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture
def person(tmp_path: Path, wheels: Path) -> dict[str, str]:
    """The environment of who reads the README: `python3` is the Python of these tests."""
    programs = tmp_path / "programs"
    programs.mkdir()
    base = Path(sys.executable).resolve()
    (programs / "python3").symlink_to(base)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**clean_environment(tmp_path), "PATH": path, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}


def test_one_machine_as_the_readme_says(clone: Path, person: dict[str, str]) -> None:
    (install, serve), shown = _section()
    run(["bash", "-euc", install], timeout=_SECONDS, env=person, cwd=clone)
    printed = list(_serve([*serve.split(), *_ANY_FREE_PORT], clone, person, len(shown)))
    port = printed[0].rsplit(":", 1)[1]
    assert port.isdecimal()
    assert [re.sub(r"pyr_p_\w+", "pyr_p_…", line.replace(f":{port}", ":8080")) for line in printed] == shown
    assert f"http://127.0.0.1:8080{urls.index_path('demo')}" in "\n".join(shown)
    again = list(_serve([*serve.split(), *_ANY_FREE_PORT], clone, person, len(shown) - 3))
    assert "pyr_" not in "\n".join(again)


def test_what_gitlab_lacks_as_the_readme_says(one_machine: Standalone, programs: Programs, tmp_path: Path) -> None:
    access = one_machine.project("demo-of-the-readme")
    programs.twine("twine-7", access, packages.wheel().write_to(tmp_path)).ok()
    commands = _README.split("## What clients find", 1)[1].split("```bash\n", 1)[1].split("```", 1)[0]
    commands = commands.replace("/projects/demo/", f"/projects/{access.project}/").replace("curl", "curl --fail -sS")
    variables = {**clean_environment(tmp_path), "TOKEN": access.password, "REGISTRY": access.base_url}
    run(["bash", "-euc", commands], timeout=_SECONDS, env=variables)
    told = programs.pip_install(access, "mypypipackage==0.0.1").ok()
    assert "breaks on 3.14" in told


def _serve(command: Sequence[str], folder: Path, environment: dict[str, str], lines: int) -> Iterator[str]:
    """What is printed until so many lines are there, and after that until a polite end."""
    output, log = folder / "output", folder / "log"
    with output.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=stdout, stderr=stderr)
    try:
        wait_for(lambda: _lines(output, lines), process=process, log=log, seconds=_READY_SECONDS)
    finally:
        code = stop(process)
    assert code == 0, log.read_text()
    yield from output.read_text().splitlines()


def _lines(output: Path, count: int) -> bool | None:
    return True if output.read_text().count("\n") >= count else None


def test_every_make_target_that_is_named_exists() -> None:
    named = set(re.findall(r"`make ([a-z-]+)", _README)) | set(re.findall(r"^\$ make ([a-z-]+)", _README, re.MULTILINE))
    assert {"demo", "test"} <= named
    helped = set(
        re.findall(r"^  make ([a-z-]+)", run(["make", "help"], timeout=_SECONDS, cwd=REPOSITORY), re.MULTILINE)
    )
    assert named <= helped
    for target in sorted(helped):
        run(["make", "--dry-run", target], timeout=_SECONDS, cwd=REPOSITORY)


def test_every_module_that_make_runs_exists() -> None:
    modules = set(re.findall(r"-m ((?:tests|benchmarks)[.\w]*)", (REPOSITORY / "Makefile").read_text()))
    assert "benchmarks.soak" in modules
    missing = [name for name in sorted(modules) if importlib.util.find_spec(name) is None]
    assert missing == []
