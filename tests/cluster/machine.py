"""Lends the machine's own access to package indexes to a build, by mounts that leave nothing in the image.

Whatever way this machine reaches Debian, Python and Go packages (mirrors, proxies, authorities, caches), a build
inside a container needs the same one.
"""

from __future__ import annotations

import configparser
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.commands import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Debian's place for the bundle of trusted authorities: pip is told of it, Go and apt look there by themselves.
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_GO_CACHES = {"GOMODCACHE": "/mnt/go/modules", "GOCACHE": "/mnt/go/build"}
_GO_SETTINGS = ("GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY", "GOFLAGS", "GOTOOLCHAIN")


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the machine, and where a build sees it."""

    source: Path
    target: str
    writable: bool = False

    def option(self) -> str:
        """In the words of buildah's `--volume`."""
        return f"{self.source}:{self.target}:{'rw' if self.writable else 'ro'}"


def mounts(environment: Mapping[str, str], scratch: Path) -> list[Mount]:
    """All mounts that a build gets; files that have to be written for it are written to `scratch`."""
    bundle = Path(environment.get("SSL_CERT_FILE") or _BUNDLE)
    authorities = [Mount(bundle, _BUNDLE)] if bundle.exists() else []
    return [*authorities, *_pip(environment, scratch), *_apt(scratch), *_go(scratch)]


def pip_settings(environment: Mapping[str, str], files: Sequence[Path]) -> dict[str, str]:
    """pip's settings on this machine: its files in their order, then `PIP_…` variables (pip's documentation)."""
    parser = configparser.RawConfigParser()
    parser.read([str(file) for file in files])
    settings = dict(parser["global"]) if parser.has_section("global") else {}
    named = {name: value for name, value in environment.items() if name.startswith("PIP_")}
    settings |= {name.removeprefix("PIP_").lower().replace("_", "-"): value for name, value in named.items()}
    settings.pop("config-file", None)
    return settings


def _pip(environment: Mapping[str, str], scratch: Path) -> list[Mount]:
    home = Path(environment.get("HOME") or Path.home())
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", home / ".config" / "pip" / "pip.conf"]
    settings = {**pip_settings(environment, files), "cert": _BUNDLE}
    config = scratch / "pip.conf"
    config.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    folders = [Path(word) for word in settings.get("find-links", "").split()]
    return [Mount(config, "/etc/pip.conf"), *(Mount(path, str(path)) for path in _existing(folders))]


def _apt(scratch: Path) -> list[Mount]:
    # A copy that packages may write to, as some do when they are installed.
    if not Path("/etc/apt").is_dir():
        return []
    copy = scratch / "apt"
    shutil.copytree("/etc/apt", copy, symlinks=True)
    return [Mount(copy, "/etc/apt", writable=True), *_keyrings()]


def _keyrings() -> list[Mount]:
    return [Mount(path, str(path)) for path in _existing([Path("/usr/share/keyrings")])]


def _go(scratch: Path) -> list[Mount]:
    if shutil.which("go") is None:
        return []
    known = json.loads(run(["go", "env", "-json", *_GO_SETTINGS, *_GO_CACHES], timeout=60))
    settings = {name: known[name] for name in _GO_SETTINGS if known.get(name)} | _GO_CACHES
    # Go reads this file of its own root for every setting that the environment does not have.
    file = scratch / "go.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    for name in _GO_CACHES:
        Path(known[name]).mkdir(parents=True, exist_ok=True)
    caches = [Mount(Path(known[name]), target, writable=True) for name, target in _GO_CACHES.items()]
    return [Mount(file, "/usr/local/go/go.env"), *caches]


def _existing(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.is_absolute() and path.exists()]
