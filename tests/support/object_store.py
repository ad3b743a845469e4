"""One MinIO server for a test session, built from its Go module; a bucket for each test.

The version is the one that the Dockerfile's `object-store` target builds: it stands there, and nowhere else.
"""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.commands import run
from tests.cluster.console import step
from tests.cluster.content import cached
from tests.cluster.places import REPOSITORY
from tests.support.environments import MissingProgramsError, cache
from tests.support.network import own_address
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.certificates import Pair

_BUILD_SECONDS = 3600.0
_READY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A running server and the credentials of its owner."""

    endpoint: str
    access_key: str
    secret_key: str


def program() -> Path:
    """The server's program, built when this version never was."""
    version = _pinned_version()
    return cached(cache(), "minio", {"version": version}, lambda made: _build(version, made)) / "minio"


@contextmanager
def running() -> Iterator[ObjectStore]:
    """A server for the length of the block, with its data in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="minio-") as name, started(Path(name), own_address()) as store:
        yield store


@contextmanager
def started(folder: Path, host: str, certificate: Pair | None = None) -> Iterator[ObjectStore]:
    """A server for the length of the block, with TLS if it has a certificate.

    One that is started later in the same folder has the same data.
    """
    store = ObjectStore(f"{'https' if certificate else 'http'}://{host}:9000", "test-owner", "test-owner-secret")
    certificates = folder / "certificates"
    if certificate is not None:
        certificates.mkdir()
        shutil.copy(certificate.certificate, certificates / "public.crt")
        shutil.copy(certificate.key, certificates / "private.key")
    command = [str(program()), "server", "--address", f"{host}:9000", "--certs-dir", str(certificates)]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, str(folder / "data")], env=_environment(store, folder), stdout=output, stderr=output
        )
    try:
        wait_for(lambda: _answers(store), process=process, log=log, seconds=_READY_SECONDS)
        yield store
    finally:
        stop(process)


def _environment(store: ObjectStore, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "MINIO_ROOT_USER": store.access_key,
        "MINIO_ROOT_PASSWORD": store.secret_key,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
    }


def _pinned_version() -> str:
    found = re.search(r"^ARG MINIO_VERSION=(\S+)$", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)
    if found is None:
        raise MissingProgramsError("the Dockerfile has no line ARG MINIO_VERSION=…")
    return found[1]


def _build(version: str, folder: Path) -> None:
    if shutil.which("go") is None:
        raise MissingProgramsError("Go is missing: MinIO is built with it. https://go.dev/doc/install")
    environment = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(folder)}
    command = ["nice", "-n", "15", "go", "install", "-trimpath", "-ldflags=-s -w", f"github.com/minio/minio@{version}"]
    with step("building MinIO from its Go module", usually="5 min cold"):
        run(command, timeout=_BUILD_SECONDS, env=environment)


def _answers(store: ObjectStore) -> bool | None:
    unverified = ssl._create_unverified_context()  # noqa: SLF001 - readiness only, before any trust is tested
    try:
        with urllib.request.urlopen(f"{store.endpoint}/minio/health/ready", timeout=5, context=unverified):
            return True
    except OSError:
        return None
