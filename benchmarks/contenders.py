"""The registries that are measured: this one on both of its pairs of adapters, and two peers, each as its own process.

The peers run as their documentation starts them, with the caching and the server that it recommends. pypiserver asks
nobody for a password here, which is faster than asking; ours and devpi verify a token.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_service.contract import urls
from registry_service.contract.sync import Rules
from tests.support import service
from tests.support.environments import clean_environment, client
from tests.support.network import own_address
from tests.support.service import Program
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from registry_service.contract.clients import Access
    from registry_service.storage.s3_client import S3Settings

_PORT = 8080
_SECONDS = 60
_PROJECT = "bench"


@dataclass(frozen=True, slots=True)
class Running:
    """A registry that serves. `page` has a place for a package's name; `started_in`: seconds to the first answer."""

    host: str
    page: str
    upload: str
    credential: str | None
    pid: int
    started_in: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A registry that can be served again and again, with what was published before.

    Its packages get at most `most_files`: publishing a thousand to one package takes devpi minutes.
    """

    name: str
    serving: Callable[[], AbstractContextManager[Running]]
    has_json: bool = True
    most_files: int = 1000


def folder_registry(folder: Path) -> Contender:
    """Ours on SQLite and a folder."""
    with service.standalone(folder) as made:
        access = made.project(_PROJECT)
    return Contender("SQLite+folder", lambda: _ours(made.program, access, "--data", str(made.data)))


def pod_registry(folder: Path, database_url: str, bucket: S3Settings) -> Contender:
    """Ours on PostgreSQL and an S3 store."""
    with service.pod(folder, database_url, bucket) as made:
        made.rules(Rules())
        access = made.project(_PROJECT)
    program = Program(folder, service.pod_environment(database_url, bucket, folder / "sync"))
    return Contender("PostgreSQL+S3", lambda: _ours(program, access))


@contextmanager
def _ours(program: Program, access: Access, *arguments: str) -> Iterator[Running]:
    host, began = own_address(), time.monotonic()
    with program.serving(host, *arguments, probe="/readyz") as server:
        yield Running(
            host=host,
            page=urls.index_path(access.project) + "/{package}/",
            upload=urls.upload_path(access.project),
            credential=_basic(access.username, access.password),
            pid=server.process.pid,
            started_in=time.monotonic() - began,
        )


def pypiserver(folder: Path) -> Contender:
    """pypiserver with its folder watched, on the server that it finds by itself: waitress."""
    (folder / "packages").mkdir()

    @contextmanager
    def serving() -> Iterator[Running]:
        host, began = own_address(), time.monotonic()
        options = ["--backend", "cached-dir", "--disable-fallback", "-a", ".", "-P", "."]
        words = ["-m", "pypiserver", "run", "-i", host, "-p", str(_PORT), *options, "packages"]
        with _process([str(client("pypiserver")), *words], folder, f"http://{host}:{_PORT}/simple/") as pid:
            yield Running(host, "/simple/{package}/", "/", None, pid, time.monotonic() - began)

    return Contender("pypiserver", serving, has_json=False)


def devpi(folder: Path) -> Contender:
    """devpi-server with one index and no mirror."""
    options = ["--serverdir", "server", "--no-root-pypi", "--root-passwd", "secret"]
    words = [str(client("devpi")), "-W", "ignore", "-c"]
    make = [*words, "from devpi_server.init import init; init()", *options]
    subprocess.run(make, cwd=folder, env=clean_environment(folder), check=True, timeout=_SECONDS, capture_output=True)

    @contextmanager
    def serving() -> Iterator[Running]:
        host, began = own_address(), time.monotonic()
        serve = [*words, "from devpi_server.main import main; main()", "--serverdir", "server", "--host", host]
        with _process([*serve, "--port", str(_PORT)], folder, f"http://{host}:{_PORT}/+api") as pid:
            took = time.monotonic() - began
            credential = _devpi_credential(f"http://{host}:{_PORT}")
            yield Running(host, "/root/bench/+simple/{package}/", "/root/bench/", credential, pid, took)

    return Contender("devpi", serving, most_files=100)


def _devpi_credential(url: str) -> str:
    """Sign in, and make the index when it is not there."""
    login = _json("POST", f"{url}/+login", {"user": "root", "password": "secret"}, None)
    credential = _basic("root", login["result"]["password"])
    if "bench" not in _json("GET", f"{url}/root", None, credential)["result"]["indexes"]:
        _json("PUT", f"{url}/root/bench", {"type": "stage", "bases": [], "volatile": False}, credential)
    return credential


def _json(method: str, url: str, body: object, credential: str | None) -> dict[str, dict[str, str]]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    headers |= {"Authorization": credential} if credential else {}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=_SECONDS) as answer:
        read: dict[str, dict[str, str]] = json.load(answer)
        return read


@contextmanager
def _process(command: Sequence[str], folder: Path, probe: str) -> Iterator[int]:
    log = folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=clean_environment(folder), stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        wait_for(lambda: _answers(probe), process=process, log=log, seconds=_SECONDS)
        yield process.pid
    finally:
        stop(process)


def _answers(url: str) -> bool | None:
    try:
        urllib.request.urlopen(url, timeout=_SECONDS).close()
    except OSError:
        return None
    return True


def _basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def require_linux() -> None:
    """Memory is read from /proc."""
    if sys.platform != "linux":
        raise SystemExit("the benchmarks read memory from /proc: they need Linux")
