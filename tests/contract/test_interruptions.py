"""A service that is told to end in the middle of an upload, and one whose database dies under it."""

from __future__ import annotations

import base64
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.contract import environment, urls
from registry_service.contract.sync import Rules
from tests.support import packages, postgresql, service
from tests.support.network import own_address
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registry_service.contract.clients import Access
    from registry_service.storage.s3_client import S3Settings
    from tests.support.packages import Distribution
    from tests.support.service import Server

SECONDS = 30
BOUNDARY = "a-boundary-that-no-file-holds"


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload by hand, so that it can be half done. `Expect` makes the service say that it has begun to read."""

    access: Access
    file: Distribution

    def head(self) -> bytes:
        credential = base64.b64encode(f"{self.access.username}:{self.access.password}".encode()).decode()
        lines = (
            f"POST {urls.upload_path(self.access.project)} HTTP/1.1",
            f"Host: {self.access.host}",
            f"Authorization: Basic {credential}",
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
            f"Content-Length: {len(self.body())}",
            "Expect: 100-continue",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def body(self) -> bytes:
        fields = {":action": "file_upload", "name": packages.EXAMPLE, "version": "0.0.1"}
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
        ]
        disposition = f'Content-Disposition: form-data; name="content"; filename="{self.file.filename}"'
        start = "".join(parts) + f"--{BOUNDARY}\r\n{disposition}\r\n\r\n"
        return start.encode() + self.file.content + f"\r\n--{BOUNDARY}--\r\n".encode()


def read(access: Access, path: str) -> httpx2.Response:
    return httpx2.get(access.base_url + path, auth=(access.username, access.password), timeout=SECONDS)


def is_deaf(server: Server) -> bool | None:
    """True when its public port takes no more connections."""
    try:
        socket.create_connection((server.host, environment.PUBLIC_PORT), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return True
    return None


def test_an_upload_under_way_is_finished_before_the_end(tmp_path: Path) -> None:
    upload_file = packages.wheel(padding=2 * packages.MIB)
    with service.standalone(tmp_path) as registry:
        access = registry.project("interrupted")
        upload = Upload(access, upload_file)
        with socket.create_connection((registry.server.host, environment.PUBLIC_PORT), timeout=SECONDS) as connection:
            connection.sendall(upload.head())
            assert connection.recv(1024).startswith(b"HTTP/1.1 100")
            connection.sendall(upload.body()[: packages.MIB])
            process = registry.server.process
            process.send_signal(signal.SIGTERM)
            wait_for(lambda: is_deaf(registry.server), process=process, log=registry.server.output, seconds=SECONDS)
            connection.sendall(upload.body()[packages.MIB :])
            assert connection.recv(1024).startswith(b"HTTP/1.1 201")
        assert process.wait(SECONDS) == 0
    with service.standalone(tmp_path) as again:
        access = service.access(again.url, "interrupted", access.password)
        path = urls.file_path(urls.upload_path("interrupted"), upload_file.sha256, upload_file.filename)
        assert read(access, path).content == upload_file.content


def test_half_an_upload_leaves_nothing_behind(tmp_path: Path) -> None:
    with service.standalone(tmp_path) as registry:
        access = registry.project("broken-off")
        upload = Upload(access, packages.wheel(padding=2 * packages.MIB))
        with socket.create_connection((registry.server.host, environment.PUBLIC_PORT), timeout=SECONDS) as connection:
            connection.sendall(upload.head())
            assert connection.recv(1024).startswith(b"HTTP/1.1 100")
            connection.sendall(upload.body()[: packages.MIB])
        assert read(access, urls.package_path(urls.upload_path("broken-off"), packages.EXAMPLE)).status_code == 404
    blobs = [path for path in (tmp_path / "data" / "blobs").rglob("*") if path.is_file() and ".claim" not in path.parts]
    assert blobs == []
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


@pytest.fixture
def database_folder() -> Iterator[Path]:
    """A folder in which a PostgreSQL server of this test's own can be started more than once."""
    postgresql.programs()
    with postgresql.initialised() as folder:
        yield folder


def test_a_database_that_is_killed_means_503_until_it_is_back(
    tmp_path: Path, database_folder: Path, bucket: S3Settings
) -> None:
    host = own_address()
    with postgresql.started(database_folder, host) as first:
        url = first.create("registry")
        with service.pod(tmp_path, url, bucket) as pod:
            pod.rules(Rules())
            access = pod.project("demo")
            index = urls.index_path("demo")
            assert read(access, index).status_code == 200
            first.kill()
            for path in (index, urls.package_path(urls.upload_path("demo"), packages.EXAMPLE)):
                refused = read(access, path)
                assert refused.status_code == 503
                assert refused.headers["retry-after"].isdecimal()
                assert host not in refused.text
            with postgresql.started(database_folder, host):
                for _ in range(12):  # more than the pool holds: no dead connection is left to be met
                    assert read(access, index).status_code == 200
                assert pod.server.process.poll() is None
            assert read(access, index).status_code == 503
