"""Everything that tests need from outside: Debian packages, clients in virtual environments, the cache for both.

`python -m tests.support.environments` makes all of it beforehand and says what it is doing; a fixture makes what it
finds missing. Clients are installed from `clients/<name>.lock`, whose hash is in the name of the folder, so that a
change of the lock is never missed and nothing is installed twice.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.cluster.commands import run
from tests.cluster.console import step
from tests.cluster.content import cached
from tests.cluster.places import places

CLIENTS = ("pip", "uv", "build", "twine-7", "twine-6", "twine-5", "poetry", "pdm", "hatch", "flit")

_LOCKS = Path(__file__).parent / "clients"
# Of these there are no wheels.
_SOURCES = {"cosmic-ray": ("yattag",)}
_MINUTES = 60.0


class MissingProgramsError(RuntimeError):
    """Programs are missing that only the machine's administrator can install; the message holds the command."""


def cache() -> Path:
    """The folder for what is costly to make, shared by all clones of the repository (XDG Base Directory)."""
    return places(os.environ).cache


def require_packages(*names: str) -> None:
    """Install Debian packages when we are root. Raises MissingProgramsError, naming them, when we are not."""
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *names]
    if os.geteuid() != 0:
        raise MissingProgramsError(f"these tests need Debian packages: {' '.join(command)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    patience = ["-o", "DPkg::Lock::Timeout=600"]
    with step(f"installing {' '.join(names)}", usually="60 s"):
        run(["apt-get", "update", "-q"], timeout=5 * _MINUTES, env=environment)
        run([*command, *patience], timeout=20 * _MINUTES, env=environment)


def client(name: str) -> Path:
    """The Python of a client's virtual environment, made when missing: the client is `python -m …`.

    Its scripts name the folder that it was made in, before it got its final name, and do not work.
    """
    lock = _LOCKS / f"{name}.lock"
    inputs = {"lock": lock.read_text(), "python": sys.version}
    folder = cached(cache(), f"client-{name}", inputs, lambda made: _install(name, lock, made))
    return folder / "bin" / "python"


def _install(name: str, lock: Path, folder: Path) -> None:
    """Without a pip of its own, which takes longer than most clients, except for the first."""
    with step(f"installing the client {name}", usually="10 s"):
        bootstrap = [] if name == "pip" else ["--without-pip"]
        # Symlinked, so that the folder may be renamed: a copy looks for its standard library beside itself.
        run([sys.executable, "-m", "venv", "--symlinks", *bootstrap, folder], timeout=2 * _MINUTES)
        python = str(folder / "bin" / "python")
        pip = [python, "-m", "pip"] if name == "pip" else [str(client("pip")), "-m", "pip", "--python", python]
        sources = [f"--no-binary={package}" for package in _SOURCES.get(name, ())]
        install = ["install", "-q", "--no-deps", "--require-hashes", "--only-binary=:all:", *sources, "-r", str(lock)]
        run([*pip, *install], timeout=10 * _MINUTES)


def clean_environment(home: Path) -> dict[str, str]:
    """What a client under test sees: a home of its own, and nothing of this machine's settings for its peers."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "TZ"}}
    return {**kept, "HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def main() -> None:
    """Make everything, in the order of its cost."""
    from tests.support import browser, html_checker, object_store, postgresql, traefik  # noqa: PLC0415 - they import this module

    postgresql.programs()
    browser.program()
    html_checker.program()
    for name in CLIENTS:
        client(name)
    object_store.program()
    traefik.program()


if __name__ == "__main__":
    main()
