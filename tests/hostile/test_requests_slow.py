"""Clients that take their time, many of them at once, and what ends them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, ClassVar

import pytest
import uvicorn

from registry_service.api.protocol import ExplainingProtocol, Limits
from registry_service.contract import environment, urls
from tests.hostile.target import statuses
from tests.support.network import own_address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from tests.hostile.target import Target

pytestmark = pytest.mark.hostile

_CROWD = 500
_SECONDS = 5
_HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
_UPLOAD = _HEAD + b"Content-Length: 1000000\r\n\r\n"
_HONEST = _HEAD + b"Connection: close\r\nContent-Length: 1000000\r\n\r\n"
_LARGE = 64 * 1024 * 1024


class _Impatient(ExplainingProtocol):
    """What the product does, sooner: a test must not take the minutes that a slow client is given."""

    limits: ClassVar[Limits] = Limits(
        connections=20, head_seconds=0.3, body_grace_seconds=0.3, body_rate=100_000, write_seconds=0.3
    )


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the whole body, then answers with more than fits any buffer when asked for `/large`."""
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass
    body = b"x" * (_LARGE if scope["path"] == "/large" else 1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    for begin in range(0, len(body), 65536):
        more = begin + 65536 < len(body)
        await send({"type": "http.response.body", "body": body[begin : begin + 65536], "more_body": more})


@asynccontextmanager
async def _served() -> AsyncIterator[tuple[str, int]]:
    with socket.socket() as bound:
        bound.bind((own_address(), 0))
        bound.listen(100)
        config = uvicorn.Config(_application, http=_Impatient, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server._serve([bound]))  # noqa: SLF001 - `serve` would take the test run's signals
        yield bound.getsockname()
        server.should_exit = True
        await running


async def _answer(address: tuple[str, int], *pieces: bytes, pause: float = 0.02) -> bytes:
    """What is answered until the other side closes, to pieces that are sent one after the other."""
    reader, writer = await asyncio.open_connection(*address)
    received = bytearray()

    async def collect() -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                received.extend(piece)

    async with asyncio.timeout(_SECONDS):
        collecting = asyncio.create_task(collect())
        for piece in pieces:
            if collecting.done():
                break
            writer.write(piece)
            await asyncio.sleep(pause)  # the attack: to send slowly
        await collecting
    writer.close()
    return bytes(received)


async def _go_on_sending(writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(0.05)  # the attack: to read nothing
        writer.write(b"\r\n")
        await writer.drain()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b""], []),
        ([b"G"], [408]),
        ([bytes([one]) for one in _HEAD], [408]),
        ([_UPLOAD], [408]),
        ([_UPLOAD, *[b"x"] * 40], [408]),
        ([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /again"], [200, 408]),
        ([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n"], [200]),
    ],
    ids=["nothing", "one byte", "head by bytes", "no body", "body by bytes", "second head", "line ends"],
)
async def test_a_client_that_crawls(pieces: list[bytes], expected: list[int]) -> None:
    """3.2/44: a head within its seconds, a body at its rate; else 408, and the connection is closed."""
    async with _served() as address:
        assert statuses(await _answer(address, *pieces)) == expected


@pytest.mark.anyio
async def test_a_client_that_sends_at_an_honest_rate() -> None:
    """3.2/44: a body that takes many times the grace, at more than the least rate, is received."""
    async with _served() as address:
        assert statuses(await _answer(address, _HONEST, *[bytes(20_000)] * 50)) == [200]


@pytest.mark.anyio
async def test_a_client_that_reads_nothing_of_its_answer() -> None:
    """3.2/44: it is hung up on, and what waited for it is let go."""
    async with _served() as address:
        _, writer = await asyncio.open_connection(*address, limit=1)
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(_go_on_sending(writer), _SECONDS)
        writer.close()


@pytest.mark.anyio
async def test_a_client_that_comes_when_there_is_no_more_room() -> None:
    """3.2/44: the connection that waits longest has to go, not the one that comes."""
    async with _served() as address:
        crowd = [await asyncio.open_connection(*address) for _ in range(_Impatient.limits.connections)]
        assert statuses(await _answer(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) == [200]
        with contextlib.suppress(ConnectionError):
            assert await crowd[0][0].read() == b""
        for _, writer in crowd:
            writer.close()


@pytest.mark.anyio
async def test_a_client_that_comes_when_everybody_is_served() -> None:
    """3.2/44: then it is told that there is no room, and those before it are not disturbed."""
    async with _served() as address:
        crowd = [await asyncio.open_connection(*address) for _ in range(_Impatient.limits.connections)]
        for _, writer in crowd:
            writer.write(_UPLOAD)
        await asyncio.sleep(0.1)  # until all of them have begun
        assert statuses(await _answer(address)) == [503]
        for _, writer in crowd:
            writer.close()


def test_five_hundred_slow_clients(target: Target) -> None:
    """3.2/44: others are served as if the slow ones were not there, whether these crawl in head, body or silence."""
    host = target.registry.server.host
    body = target.head("POST", urls.upload_path("attacker"), "Content-Length: 1000000", "Content-Type: text/plain")
    head = target.head("GET", urls.index_path("attacker"))[:-2]
    crowd = [socket.create_connection((host, environment.PUBLIC_PORT)) for _ in range(_CROWD)]
    for number, one in enumerate(crowd):
        one.sendall((b"", body, head)[number % 3])
    for _ in range(3):
        for number, one in enumerate(crowd):
            if number % 3:
                one.sendall(b"X")
        assert target.ask("GET", urls.index_path("attacker")).status == 200
    for one in crowd:
        one.close()
