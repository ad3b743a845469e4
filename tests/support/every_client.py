"""Each client publishes a package and installs it, told nothing on its command line but the names of files and indexes.

Its settings come from a mounted Secret, whose files name them in their first lines, or from the environment. In a pod
this module is the program: `python -m tests.support.every_client PROGRAMS LABEL [MOUNTED]` prints a line for each
client and verb. It needs nothing but the standard library and `packages`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support import packages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PUBLISHERS: Final = ("twine", "uv", "poetry", "pdm", "hatch", "flit")
INSTALLERS: Final = ("pip", "uv", "poetry", "pdm", "hatch", "flit")

_SECONDS = 120
# Which files of the mounted Secret a client reads: hatch and flit install by pip.
_FILES: Final = {
    "pip": ("pip.conf",),
    "uv": ("uv.toml",),
    "twine": (),
    "poetry": ("config.toml",),
    "pdm": ("pdm.toml",),
    "hatch": ("hatch.toml", "pip.conf"),
    "flit": (".pypirc", "pip.conf"),
}
# Where each keeps what it makes, and no look for a newer version of itself.
_HABITS: Final = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_CACHE_DIR": "1",
    "UV_NO_CACHE": "1",
    "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    "POETRY_VIRTUALENVS_OPTIONS_NO_PIP": "true",
    "PDM_CHECK_UPDATE": "0",
    "PDM_USE_VENV": "0",
    "COLUMNS": "1000",
    "NO_COLOR": "1",
    # These tests may run as root, in a folder that nobody else uses.
    "FLIT_ROOT_INSTALL": "1",
}
_PUBLISHED: Final = """\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "{name}"
version = "0.0.1"
description = "A small example package"
"""
_CONSUMER: Final = """\
[project]
name = "consumer"
version = "0"
requires-python = ">=3.11"
description = "What installs the package"
dependencies = ["{name}"]

[tool.pdm]
distribution = false

[tool.hatch.envs.default]
skip-install = true
dependencies = ["{name}"]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "gitlab"
url = "{url}/"
priority = "primary"
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A job in a folder of its own: `programs` holds each client's virtual environment, `mounted` the Secret's files.

    Without `mounted` the clients' settings are in `environment`.
    """

    programs: Path
    folder: Path
    environment: Mapping[str, str]
    mounted: Path | None = None

    def publish(self, client: str, name: str) -> None:
        """Publish version 0.0.1 of a package. Raises AssertionError with the client's words."""
        project = self.folder / f"{client}-publishes-{name}"
        _write_project(project, name)
        self._run(client, self._publishing(client, sorted((project / "dist").iterdir())), project)

    def install(self, client: str, name: str) -> None:
        """Install a package and find it installed. Raises AssertionError with the client's words."""
        project = self.folder / f"{client}-installs-{name}"
        (project / "consumer").mkdir(parents=True)
        (project / "consumer/__init__.py").write_text("")
        (project / "pyproject.toml").write_text(_CONSUMER.format(name=name, url=self._index_url()))
        said = self._run(client, _installing(client, name, project / "site"), project)
        # hatch keeps its environments below the home folder, the others theirs below the project.
        places = [project, self.folder / "home"]
        found = [path for place in places for path in place.rglob(f"{_stem(name)}-0.0.1.dist-info")]
        assert found, f"{client} installed no {name}:\n{said}"

    def _publishing(self, client: str, built: Sequence[Path]) -> list[str]:
        files = [str(path) for path in built]
        gitlab = [] if self.mounted is None else ["--repository", "gitlab"]
        pypirc = [] if self.mounted is None else [str(self.mounted / ".pypirc"), *gitlab]
        return {
            "twine": ["upload", "--non-interactive", *(["--config-file", *pypirc] if pypirc else []), *files],
            "uv": ["publish", *([] if self.mounted is None else ["--index", "gitlab"]), *files],
            "poetry": ["publish", "--no-interaction", "--repository", "gitlab"],
            "pdm": ["publish", "--no-build", *gitlab],
            "hatch": ["publish", "--no-prompt", *files],
            "flit": ["publish", *(["--pypirc", *pypirc] if pypirc else [])],
        }[client]

    def _index_url(self) -> str:
        """The index without a credential: what poetry, alone among them, wants written in the project."""
        if self.mounted is not None:
            return (self.mounted / "upload-url").read_text() + "/simple"
        return self.environment["POETRY_REPOSITORIES_GITLAB_URL"] + "/simple"

    def _run(self, client: str, words: Sequence[str], project: Path) -> str:
        program = self.programs / client / "bin"
        command = [str(program / "uv")] if client == "uv" else [str(program / "python"), "-m", client]
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        told = {**self.environment, **_HABITS, "HOME": str(home)}
        # flit installs into the Python that it runs on, unless pip is told of another place.
        told |= {"PIP_TARGET": str(project / "site")} if client == "flit" else {}
        done = subprocess.run(
            [*command, *words],
            env=told | (settings(self.mounted, _FILES[client]) if self.mounted else {}),
            cwd=project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
            text=True,
        )
        assert done.returncode == 0, f"{client} {' '.join(words)}\n{done.stdout}"
        return done.stdout


def settings(mounted: Path, names: Sequence[str]) -> dict[str, str]:
    """The settings that files of a mounted Secret name in their first lines."""
    heads = [re.match(r"(#.*\n)*", (mounted / name).read_text()) for name in names]
    return {key: value for head in heads if head for key, value in re.findall(r"\b([A-Z_]+)=([^\s,]+)", head[0])}


def _installing(client: str, name: str, site: Path) -> list[str]:
    into = ["--no-deps", "--target", str(site)]
    return {
        "pip": ["install", *into, name],
        "uv": ["pip", "install", "--python", sys.executable, *into, name],
        "poetry": ["install", "--no-interaction"],
        "pdm": ["install"],
        "hatch": ["env", "create"],
        "flit": ["install", "--env", "--only-deps", "--deps", "production"],
    }[client]


def _write_project(folder: Path, name: str) -> None:
    """A package's sources, and in `dist` what was built of them; flit takes only what it builds itself."""
    (folder / _stem(name)).mkdir(parents=True)
    (folder / "dist").mkdir()
    (folder / "pyproject.toml").write_text(_PUBLISHED.format(name=name))
    (folder / _stem(name) / "__init__.py").write_text('"""A small example package."""\n')
    packages.wheel(name=name).write_to(folder / "dist")
    packages.sdist(name=name).write_to(folder / "dist")


def _stem(name: str) -> str:
    return name.replace("-", "_")


def main() -> None:
    """Every client in turn; its package has the label and its name. Ends with 1 when one of them failed."""
    programs, label, *mounted = sys.argv[1:]
    job = Job(Path(programs), Path.cwd(), os.environ, Path(mounted[0]) if mounted else None)
    turns = [(Job.publish, client, client) for client in PUBLISHERS]
    turns += [(Job.install, client, client if client in PUBLISHERS else "twine") for client in INSTALLERS]
    failed = 0
    for verb, client, of in turns:
        try:
            verb(job, client, f"{label}-{of}")
            print(f"{client} {verb.__name__}: ok", flush=True)
        except AssertionError as error:
            failed = 1
            print(f"{client} {verb.__name__}: {error}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
