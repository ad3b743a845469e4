"""What each client installs by hash from: its lock file, or for pip a list of requirements with hashes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.conformance import installers
from tests.conformance.installers import Installation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs, Word
    from tests.support.packages import Distribution


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file, and how to install what it says and nothing else."""

    file: Path
    install: Callable[[], Installation]


@dataclass(frozen=True, slots=True)
class Locker:
    """A client that locks a distribution, and what it prints when a file has another hash than the lock."""

    lock: Callable[[Programs, Access, Distribution], Lock]
    mismatch: str


def _pip(programs: Programs, access: Access, distribution: Distribution) -> Lock:
    """As a person writes it: pip makes no such list."""
    file, site = programs.home / "requirements.txt", programs.home / "site"
    file.write_text(f"mypypipackage==0.0.1 --hash=sha256:{distribution.sha256}\n")
    words: list[Word] = ["install", "--no-cache-dir", "--index-url", access.index_url_with_credential]
    words += ["--target", site, "--require-hashes", "-r", file]
    return Lock(file, lambda: Installation(programs.pip(*words), site))


def _uv_pip(programs: Programs, access: Access, _: Distribution) -> Lock:
    wanted, file, site = programs.home / "wanted.in", programs.home / "wanted.txt", programs.home / "site"
    wanted.write_text("mypypipackage\n")
    told: list[Word] = ["--default-index", access.index_url_with_credential]
    programs.uv("pip", "compile", "--generate-hashes", "--no-emit-index-url", *told, wanted, "-o", file).ok()
    words: list[Word] = ["pip", "install", "--python", sys.executable, "--target", site, "--require-hashes", *told]
    return Lock(file, lambda: Installation(programs.uv(*words, "-r", file), site))


def _uv(programs: Programs, access: Access, _: Distribution) -> Lock:
    folder = installers.uv_project(programs, access, ["mypypipackage"])
    installers.uv(programs, access, folder, "lock").ok()
    site = installers.virtual_site(folder)
    return Lock(folder / "uv.lock", lambda: Installation(installers.uv(programs, access, folder, "sync"), site))


def _poetry(programs: Programs, access: Access, _: Distribution) -> Lock:
    folder = installers.poetry_project(programs, access, ["mypypipackage"])
    installers.poetry(programs, access, folder, "lock").ok()
    site = installers.virtual_site(folder)
    return Lock(
        folder / "poetry.lock", lambda: Installation(installers.poetry(programs, access, folder, "install"), site)
    )


def _pdm(programs: Programs, access: Access, _: Distribution) -> Lock:
    folder = installers.pdm_project(programs, access, ["mypypipackage"])
    installers.pdm(programs, access, folder, "lock").ok()
    site = installers.pdm_site(folder)
    return Lock(folder / "pdm.lock", lambda: Installation(installers.pdm(programs, access, folder, "sync"), site))


LOCKERS: Final[Mapping[str, Locker]] = {
    "pip": Locker(_pip, mismatch="DO NOT MATCH THE HASHES"),
    "uv pip": Locker(_uv_pip, mismatch="Hash mismatch"),
    "uv": Locker(_uv, mismatch="Hash mismatch"),
    "poetry": Locker(_poetry, mismatch="did not match any known checksums in your lock file"),
    "pdm": Locker(_pdm, mismatch="No candidate is found for `mypypipackage` that matches the environment or hashes"),
}
