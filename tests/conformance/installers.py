"""Each client that installs, with the index configured as its own documentation says.

pip and uv install into a folder; poetry and pdm resolve a project of their own, lock it and install what is locked.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.conformance.programs import issuer
from tests.support.environments import client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs, Result, Word

_CONSUMER: Final = """\
[project]
name = "consumer"
version = "0"
requires-python = ">=3.11"
dependencies = {requirements}

"""
_UV_INDEX: Final = """\
[[tool.uv.index]]
name = "registry"
url = "{url}"
default = true
"""
_POETRY_SOURCE: Final = """\
[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "registry"
url = "{url}/"
priority = "primary"
"""
_PDM_SOURCE: Final = """\
[tool.pdm]
distribution = false

[[tool.pdm.source]]
name = "pypi"
url = "{url}"
"""

_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Installation:
    """How it ended, and the folder that packages went to."""

    result: Result
    site: Path

    def versions(self) -> dict[str, str]:
        """The version of each package that is installed; an AssertionError with the client's words if it failed."""
        self.result.ok()
        found = [path.stem.rpartition("-") for path in self.site.glob("*.dist-info")]
        return {name: version for name, _, version in found}


@dataclass(frozen=True, slots=True)
class Installer:
    """A client and its words.

    `install` resolves requirements. `unauthorized` is printed for a token that does not exist and without any;
    `yanked` when a release is installed that its owner took back, `newer_python` when one needs a later Python.
    """

    install: Callable[[Programs, Access, Sequence[str]], Installation]
    unauthorized: str
    yanked: str
    newer_python: str


def _pip(programs: Programs, access: Access, requirements: Sequence[str]) -> Installation:
    site = _folder(programs, "pip")
    words: list[Word] = ["install", "--no-cache-dir", "--target", site, "--index-url", _index(access)]
    return Installation(programs.pip(*words, *requirements, variables=issuer(access, "PIP_CERT")), site)


def _uv(programs: Programs, access: Access, requirements: Sequence[str]) -> Installation:
    site = _folder(programs, "uv")
    words: list[Word] = ["pip", "install", "--python", sys.executable, "--target", site]
    index = ["--default-index", _index(access)]
    return Installation(programs.uv(*words, *index, *requirements, variables=issuer(access, "SSL_CERT_FILE")), site)


def _poetry(programs: Programs, access: Access, requirements: Sequence[str]) -> Installation:
    folder = poetry_project(programs, access, requirements)
    return Installation(poetry(programs, access, folder, "install"), virtual_site(folder))


def _pdm(programs: Programs, access: Access, requirements: Sequence[str]) -> Installation:
    folder = pdm_project(programs, access, requirements)
    return Installation(pdm(programs, access, folder, "install"), pdm_site(folder))


def uv_project(programs: Programs, access: Access, requirements: Sequence[str]) -> Path:
    """A project whose default index is the registry: it replaces the public one."""
    return _project(programs, "uv", requirements, _UV_INDEX.format(url=access.index_url))


def uv(programs: Programs, access: Access, project: Path, *words: str) -> Result:
    """Run uv in a project, with the credential in its environment."""
    told = {
        "UV_PYTHON": sys.executable,
        "UV_INDEX_REGISTRY_USERNAME": access.username,
        "UV_INDEX_REGISTRY_PASSWORD": access.password,
        **issuer(access, "SSL_CERT_FILE"),
    }
    return programs.uv("--project", project, *words, variables=told)


def poetry_project(programs: Programs, access: Access, requirements: Sequence[str]) -> Path:
    """A project that takes everything from the registry: a primary source replaces the public index."""
    return _project(programs, "poetry", requirements, _POETRY_SOURCE.format(url=access.index_url))


def poetry(programs: Programs, access: Access, project: Path, *words: str) -> Result:
    """Run poetry in a project, with the credential in its environment."""
    told = {
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "POETRY_VIRTUALENVS_OPTIONS_NO_PIP": "true",
        # None otherwise: the first interruption is the last.
        "POETRY_REQUESTS_MAX_RETRIES": "2",
        **issuer(access, "POETRY_CERTIFICATES_REGISTRY_CERT"),
    }
    if access.password:
        told["POETRY_HTTP_BASIC_REGISTRY_USERNAME"] = access.username
        told["POETRY_HTTP_BASIC_REGISTRY_PASSWORD"] = access.password
    command: list[Word] = [client("poetry"), "-m", "poetry", *words, "--no-interaction"]
    return programs.run(command, variables=told, folder=project)


def pdm_project(programs: Programs, access: Access, requirements: Sequence[str]) -> Path:
    """A project whose source called `pypi` is the registry: it replaces the public index."""
    credential = "${REGISTRY_USERNAME}:${REGISTRY_PASSWORD}@" if access.password else ""
    url = access.index_url.replace("://", f"://{credential}")
    return _project(programs, "pdm", requirements, _PDM_SOURCE.format(url=url))


def pdm(programs: Programs, access: Access, project: Path, *words: str) -> Result:
    """Run pdm in a project, with the credential in its environment."""
    told = {
        # No look for a newer version of itself, and a folder beside the project in place of a virtual environment.
        "PDM_CHECK_UPDATE": "0",
        "PDM_USE_VENV": "0",
        "REGISTRY_USERNAME": access.username,
        "REGISTRY_PASSWORD": access.password,
        **issuer(access, "REQUESTS_CA_BUNDLE"),
    }
    return programs.run([client("pdm"), "-m", "pdm", *words], variables=told, folder=project)


def virtual_site(project: Path) -> Path:
    """Where uv and poetry put a project's packages."""
    return project / ".venv" / "lib" / f"python{_PYTHON}" / "site-packages"


def pdm_site(project: Path) -> Path:
    """Where pdm puts a project's packages."""
    return project / "__pypackages__" / _PYTHON / "lib"


def _project(programs: Programs, name: str, requirements: Sequence[str], source: str) -> Path:
    folder = _folder(programs, name)
    (folder / "pyproject.toml").write_text(_CONSUMER.format(requirements=list(requirements)) + source)
    return folder


def _folder(programs: Programs, name: str) -> Path:
    folder = programs.home / f"{name}-{next(_numbers)}"
    folder.mkdir()
    return folder


def _index(access: Access) -> str:
    return access.index_url_with_credential if access.password else access.index_url


INSTALLERS: Final[Mapping[str, Installer]] = {
    "pip": Installer(
        _pip,
        unauthorized="No matching distribution found for",
        yanked="Reason for being yanked: it breaks",
        newer_python="require a different python version: 2.0 Requires-Python >=3.99",
    ),
    "uv": Installer(
        _uv,
        unauthorized="lack of valid authentication credentials (401 Unauthorized)",
        yanked='is yanked (reason: "it breaks")',
        newer_python="depends on Python>=3.99",
    ),
    "poetry": Installer(
        _poetry,
        unauthorized="Authorization error accessing",
        yanked="is a yanked version. Reason for being yanked: it breaks",
        newer_python="requires Python >=3.99",
    ),
    "pdm": Installer(
        _pdm,
        # It has no word for a credential nor for a yank.
        unauthorized="Unable to find candidates for",
        yanked="",
        newer_python="change the value of `requires-python` in pyproject.toml to >=3.99",
    ),
}
