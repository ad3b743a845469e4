"""The real clients, each run as a person or a CI job would, with nothing of this machine's configuration."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from registry_service.contract import clients
from tests.support.environments import clean_environment, client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from registry_service.contract.clients import Access

Word = str | Path

_SECONDS = 120
# Wide enough for a sentence: some clients break lines where it ends, and then no sentence is found.
_TERMINAL = {"COLUMNS": "1000", "NO_COLOR": "1"}


@dataclass(frozen=True, slots=True)
class Result:
    """How a program ended, and all that it printed."""

    code: int
    output: str

    def ok(self) -> str:
        """What it printed; an AssertionError with that when it failed."""
        assert self.code == 0, self.output
        return self.output

    def failed(self) -> str:
        """What it printed; an AssertionError with that when it did not fail."""
        assert self.code != 0, self.output
        return self.output


@dataclass(frozen=True, slots=True)
class Programs:
    """Clients in a home folder of their own."""

    home: Path

    def twine(self, version: str, access: Access, *files: Path, options: Sequence[str] = ("--verbose",)) -> Result:
        """Upload with a `.pypirc`, as GitLab's documentation says; `version` names the client: twine-7 and so on."""
        self.write(".pypirc", clients.pypirc(access))
        upload = ["upload", "--non-interactive", "--disable-progress-bar", "--repository", "gitlab"]
        return self.run([client(version), "-m", "twine", *upload, *options, *files])

    def twine_by_environment(self, version: str, access: Access, *files: Path) -> Result:
        """Upload with nothing but the variables of a RegistryToken's `-env` Secret."""
        variables = clients.environment(access)
        return self.run([client(version), "-m", "twine", "upload", "--verbose", *files], variables=variables)

    def pip(self, *arguments: Word, variables: Mapping[str, str] | None = None) -> Result:
        """Run pip."""
        return self.run([client("pip"), "-m", "pip", "--no-input", *arguments], variables=variables)

    def pip_install(self, access: Access, *requirements: str, options: Sequence[str] = ()) -> Result:
        """Install into `site`, with the credential in the index's URL."""
        into: list[Word] = [
            "--target",
            self.site,
            "--no-deps",
            "--no-cache-dir",
            "--index-url",
            access.index_url_with_credential,
        ]
        return self.pip("install", *into, *options, *requirements, variables=issuer(access, "PIP_CERT"))

    def python_build(self, *arguments: Word) -> Result:
        """Run a module of the environment that has build, setuptools and pip."""
        return self.run([client("build"), "-m", *arguments])

    def uv(self, *arguments: Word, variables: Mapping[str, str] | None = None) -> Result:
        """Run uv."""
        return self.run([client("uv").parent / "uv", "--no-cache", "--no-progress", *arguments], variables=variables)

    def uv_publish(self, access: Access, *files: Path, options: Sequence[str] = ()) -> Result:
        """Publish with the variables of a RegistryToken's `-env` Secret."""
        return self.uv("publish", *options, *files, variables=clients.environment(access))

    def uv_install(self, access: Access, *requirements: str, options: Sequence[str] = ()) -> Result:
        """Install into `site` with a `uv.toml`."""
        self.write("uv.toml", clients.uv_toml(access))
        into: list[Word] = ["--target", self.site, "--no-deps", "--reinstall", "--python", sys.executable]
        configured: list[Word] = ["--config-file", self.home / "uv.toml"]
        return self.uv(
            "pip", "install", *configured, *into, *options, *requirements, variables=issuer(access, "SSL_CERT_FILE")
        )

    @property
    def site(self) -> Path:
        """Where packages are installed."""
        return self.home / "site"

    def greeting(self) -> str:
        """What the installed example says."""
        greet = "from mypypipackage import SayHello; SayHello()"
        return self.run([sys.executable, "-c", greet], variables={"PYTHONPATH": str(self.site)}).ok().strip()

    def run(
        self, command: Sequence[Word], *, variables: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> Result:
        """Run a program in a folder, the home folder if none is named."""
        done = subprocess.run(
            command,
            env={**clean_environment(self.home), **_TERMINAL, **(variables or {})},
            cwd=folder or self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
            text=True,
        )
        return Result(done.returncode, done.stdout)

    def write(self, name: str, content: str) -> None:
        """Put a file that only its owner may read into the home folder."""
        path = self.home / name
        path.write_text(content)
        path.chmod(0o600)


def issuer(access: Access, variable: str) -> dict[str, str]:
    """A client's variable that names the issuer of the registry's certificate, where that is a private one."""
    return {variable: access.ca_file} if access.ca_file else {}
