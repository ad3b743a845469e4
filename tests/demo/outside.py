"""A developer's machine: outside the cluster, with `build`, twine and pip, and a RegistryToken's Secret in a folder."""

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from tests.cluster.client import run_as_client
from tests.cluster.commands import CommandFailedError
from tests.cluster.description import Cluster
from tests.demo import examples
from tests.support.environments import clean_environment, client

Secret = Mapping[str, str]
_SECONDS = 180.0

# Prints the HTTP status of a GET with the credential in the URL, as pip sends it.
_ASK = """
import base64, ssl, sys, urllib.error, urllib.parse, urllib.request
parts = urllib.parse.urlsplit(sys.argv[1])
user = ":".join(urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
credential = "Basic " + base64.b64encode(user.encode()).decode()
request = urllib.request.Request(address, headers={"Authorization": credential})
context = ssl.create_default_context(cafile=sys.argv[2] if len(sys.argv) > 2 else None)
try:
    print(urllib.request.urlopen(request, timeout=20, context=context).status)
except urllib.error.HTTPError as refused:
    print(refused.code)
"""


@dataclass(frozen=True, slots=True)
class Outside:
    """Programs of this machine that reach the cluster's ingress. Every verb raises CommandFailedError."""

    cluster: Cluster
    home: Path

    def build(self, version: str) -> Path:
        """Build sdist and wheel of the example package; the folder that holds both."""
        sources = self.home / f"MyPyPiPackage-{version}"
        shutil.copytree(examples.PACKAGE, sources)
        setup = sources / "setup.py"
        setup.write_text(setup.read_text().replace("0.0.1", version))
        self._run([str(client("build")), "-m", "build", "--no-isolation", str(sources)])
        return sources / "dist"

    def upload(self, secret: Secret, files: Iterable[Path], *flags: str) -> str:
        """Publish files with the Secret's `.pypirc`; `flags` are further ones of twine's."""
        config = self._write(".pypirc", secret[".pypirc"])
        arguments = ["--config-file", config, "--repository", "gitlab", "--non-interactive", "--disable-progress-bar"]
        argv = [str(client("twine-7")), "-m", "twine", "upload", *arguments, *flags, *self._ca("--cert", secret)]
        return self._run([*argv, *sorted(map(str, files))], host=_host(secret))

    def install(self, secret: Secret, requirement: str) -> str:
        """Install from the index whose URL holds the credential, as GitLab's documentation does."""
        index = ["--index-url", secret["index-url"], *self._ca("--cert", secret)]
        flags = ["--no-cache-dir", "--no-deps", "--upgrade", "--target", str(self.packages)]
        return self._run([str(client("pip")), "-m", "pip", "install", *flags, *index, requirement], host=_host(secret))

    def download(self, secret: Secret, requirement: str) -> Path:
        """Fetch a file with pip; the folder where it is."""
        folder = self.home / "downloads"
        flags = ["--no-cache-dir", "--no-deps", "--dest", str(folder), "--index-url", secret["index-url"]]
        argv = [str(client("pip")), "-m", "pip", "download", *flags, *self._ca("--cert", secret), requirement]
        self._run(argv, host=_host(secret))
        return folder

    def say_hello(self) -> str:
        """What `SayHello()` of the installed package prints."""
        script = (
            f"import sys; sys.path.insert(0, {str(self.packages)!r}); from mypypipackage import SayHello; SayHello()"
        )
        return self._run([sys.executable, "-c", script])

    def status(self, secret: Secret, path: str = "", *, project: str = "") -> int:
        """The HTTP status of `path` under the index of its own or another project, for the Secret's credential."""
        url = f"{secret['index-url']}/{path}"
        if project:
            before, after = url.split("/projects/", 1)
            url = f"{before}/projects/{project}/{after.partition('/')[2]}"
        return int(self._run([sys.executable, "-c", _ASK, url, *self._ca("", secret)], host=_host(secret)))

    def script(self, secret: Secret, path: Path, *arguments: str) -> str:
        """What a Python script prints; its last argument is the file of the registry's private authority, if any."""
        return self._run([sys.executable, str(path), *arguments, *self._ca("", secret)], host=_host(secret))

    @property
    def packages(self) -> Path:
        """Where `install` puts packages."""
        return self.home / "packages"

    def _ca(self, option: str, secret: Secret) -> list[str]:
        """The arguments that name the registry's private authority; nothing where the public ones do."""
        if "ca.crt" not in secret:
            return []
        path = self._write("ca.crt", secret["ca.crt"])
        return [option, path] if option else [path]

    def _write(self, name: str, content: str) -> str:
        """Write a file that only its owner reads, whole at every moment: another program may read the one before it."""
        path = self.home / name
        with NamedTemporaryFile("w", dir=self.home, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
        return str(path)

    def _run(self, argv: Sequence[str], *, host: str = "") -> str:
        hosts = [host] if host else []
        done = run_as_client(self.cluster, argv, env=clean_environment(self.home), hosts=hosts, timeout=_SECONDS)
        if done.returncode:
            raise CommandFailedError(f"{Path(argv[0]).name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


def _host(secret: Secret) -> str:
    return urlsplit(secret["index-url"]).hostname or ""
