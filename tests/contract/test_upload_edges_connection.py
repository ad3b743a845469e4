"""Uploads over connections that wait, crawl, break off or bring too much: edge case 10 of uploading."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.api import upload_form
from registry_service.api.upload_form import drain, received_form
from registry_service.contract import environment, urls
from registry_service.errors import RefusedError
from registry_service.memory import uploads
from tests.outcomes.issue_4 import EDGE_CASES
from tests.support import packages
from tests.support.forms import CONTENT_TYPE, file, form, part
from tests.support.network import own_address
from tests.support.service import Program, Standalone
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from registry_service.contract.clients import Access

pytestmark = pytest.mark.outcome(EDGE_CASES)

_LIMIT = 4 * packages.MIB
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Place:
    """A running registry with a project, and the folder of its spools."""

    registry: Standalone
    access: Access
    spools: Path

    def connect(self) -> socket.socket:
        address = (self.registry.server.host, environment.PUBLIC_PORT)
        connection = socket.create_connection(address, timeout=_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def head(self, length: int, *more: str, password: str | None = None, path: str | None = None) -> bytes:
        credential = f"{self.access.username}:{self.access.password if password is None else password}"
        lines = (
            f"POST {path or urls.upload_path(self.access.project)} HTTP/1.1",
            f"Host: {self.access.host}",
            f"Authorization: Basic {base64.b64encode(credential.encode()).decode()}",
            f"Content-Type: {CONTENT_TYPE}",
            f"Content-Length: {length}",
            *more,
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def wait_for_spools(self, count: int) -> None:
        """Wait until so many uploads are under way."""
        server = self.registry.server
        wait_for(
            lambda: True if len(list(self.spools.iterdir())) == count else None,
            process=server.process,
            log=server.output,
            seconds=_SECONDS,
        )

    def page_status(self, package: str) -> int:
        url = self.access.base_url + urls.package_path(urls.upload_path(self.access.project), package)
        return httpx2.get(url, headers={"Private-Token": self.access.password}, timeout=_SECONDS).status_code


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One registry for all of these tests; each has a package of its own."""
    folder = tmp_path_factory.mktemp("registry")
    (spools := folder / "spools").mkdir()
    data = folder / "data"
    variables = {"TMPDIR": str(spools), environment.MAX_UPLOAD_SIZE: str(_LIMIT)}
    program = Program(folder, variables)
    with program.serving(own_address(), "--data", str(data), probe="/readyz") as server:
        registry = Standalone(program, server, data)
        yield Place(registry, registry.project("connected"), spools)


def body(name: str, *, padding: int = 0) -> bytes:
    wheel = packages.wheel(name=name, padding=padding)
    return form(part("name", name), part("version", "0.0.1"), file(wheel))


def answer(connection: socket.socket) -> tuple[int, str, bytes]:
    """The final answer: status, reason phrase, body."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.reason, response.read()


def test_a_client_that_waits_for_leave_to_send(place: Place) -> None:
    """6.10: Expect: 100-continue gets its 100 once the credential is known to be good."""
    whole = body("expecting")
    with place.connect() as connection:
        connection.sendall(place.head(len(whole), "Expect: 100-continue"))
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        connection.sendall(whole)
        assert answer(connection)[0] == 201


def test_a_client_that_is_refused_before_it_sends(place: Place) -> None:
    """6.10: with Expect: 100-continue, a wrong credential is refused before a byte of the file is sent."""
    with place.connect() as connection:
        connection.sendall(place.head(packages.MIB, "Expect: 100-continue", password="pyr_p_wrong"))
        assert answer(connection)[0] == 401


def test_an_upload_that_arrives_byte_by_byte(place: Place) -> None:
    """6.10: a slow upload, cut at every place that a form has."""
    whole = body("crawling")
    with place.connect() as connection:
        for byte in place.head(len(whole)) + whole:
            connection.send(bytes([byte]))
        assert answer(connection)[0] == 201
    assert place.page_status("crawling") == 200


def test_a_token_whose_uploads_crawl_opens_no_more_and_stops_nobody_else(place: Place) -> None:
    """6.10: one too many is told to come again before its body is read; another token, and the next one, get in."""
    whole, other = body("many"), place.registry.project("beside-crawlers")
    with contextlib.ExitStack() as stack:
        crawling = [stack.enter_context(place.connect()) for _ in range(uploads.PER_TOKEN)]
        for connection in crawling:
            connection.sendall(place.head(len(whole)) + whole[:200])
        place.wait_for_spools(uploads.PER_TOKEN)
        with place.connect() as connection:
            connection.sendall(place.head(len(whole)))
            response = http.client.HTTPResponse(connection)
            response.begin()
            assert (response.status, response.getheader("retry-after")) == (503, "5")
            assert b"32 uploads of this token are in progress" in response.read()
        with place.connect() as connection:
            path = urls.upload_path(other.project)
            connection.sendall(place.head(len(whole), password=other.password, path=path) + whole)
            assert answer(connection)[0] == 201
        crawling[0].sendall(whole[200:])
        assert answer(crawling[0])[0] == 201
        with place.connect() as connection:
            again = body("many-again")
            connection.sendall(place.head(len(again)) + again)
            assert answer(connection)[0] == 201
    place.wait_for_spools(0)


def test_a_client_that_hangs_up(place: Place) -> None:
    """6.10: a client that is gone in mid-body leaves no spool, no blob and no row behind."""
    whole = body("broken-off", padding=3 * packages.MIB)
    blobs = _blobs(place)
    with place.connect() as connection:
        connection.sendall(place.head(len(whole)) + whole[: 2 * packages.MIB])
        place.wait_for_spools(1)
    place.wait_for_spools(0)
    assert _blobs(place) == blobs
    assert place.page_status("broken-off") == 404


@pytest.mark.parametrize(
    ("password", "padding", "status", "reason"),
    [
        ("pyr_p_wrong", 3 * packages.MIB, 401, "Unauthorized"),
        (None, 8 * packages.MIB, 400, "File is too large"),
    ],
    ids=["wrong credential", "too large"],
)
def test_a_refusal_is_read_after_the_whole_body_was_sent(
    place: Place, password: str | None, padding: int, status: int, reason: str
) -> None:
    """6.10: an early 401 or "too large" lets the client send to its end, and the connection goes on being good."""
    whole = body("refused", padding=padding)
    with place.connect() as connection:
        connection.sendall(place.head(len(whole), password=password) + whole)
        assert answer(connection)[:2] == (status, reason)
        again = body(f"after-{status}")
        connection.sendall(place.head(len(again)) + again)
        assert answer(connection)[0] == 201
    assert place.page_status("refused") == 404


def test_an_upload_to_the_index_url_is_read_to_its_end(place: Place) -> None:
    """6.9, 6.10: 405 is read by a client that sends its whole file first."""
    whole = body("misled", padding=3 * packages.MIB)
    with place.connect() as connection:
        connection.sendall(place.head(len(whole), path=urls.index_path("connected")) + whole)
        assert answer(connection)[0] == 405


@pytest.mark.anyio
async def test_a_client_that_falls_silent() -> None:
    """6.10: who has sent nothing more for a while is refused, and the spool is gone."""
    with pytest.raises(RefusedError, match=r"No more of the form came for 0\.05 seconds"):
        async with received_form(_silent_after(body("silent")[:100]), CONTENT_TYPE, limit=_LIMIT, idle_seconds=0.05):
            pass


@pytest.mark.anyio
async def test_draining_ends() -> None:
    """6.10: what a refused client still sends is read up to a bound."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += packages.MIB
            yield bytes(packages.MIB)

    await drain(endless(), limit=_LIMIT)
    assert sent == _LIMIT + upload_form.MAX_OTHER_BYTES + packages.MIB


async def _silent_after(content: bytes) -> AsyncIterator[bytes]:
    yield content
    await asyncio.Event().wait()


def _blobs(place: Place) -> set[Path]:
    return {path for path in (place.registry.data / "blobs").rglob("*") if path.is_file()}
