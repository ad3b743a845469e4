"""A sync port that says whatever a test wants it to say: a real TLS server on loopback that answers with raw bytes."""

import asyncio
import datetime as dt
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from registry_operator import certificates

HOST = "localhost"
NOW = dt.datetime.now(dt.UTC)
Answer = Callable[[bytes], Awaitable[bytes]]


@dataclass
class Peer:
    """Where the server is, whom it claims to be, and what it was sent."""

    url: str
    ca: str
    requests: list[bytes] = field(default_factory=list)


def json_reply(status: int, body: bytes, *headers: str) -> bytes:
    """One whole HTTP reply."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def always(reply: bytes) -> Answer:
    """Answer everything alike."""

    async def answer(_: bytes) -> bytes:
        return reply

    return answer


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[Peer]:
    """Listen on a free port until the block ends."""
    certificate = certificates.issue(HOST, NOW)
    connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        request = head + await reader.readexactly(length)
        peer.requests.append(request)
        writer.write(await answer(request))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=_server_context(certificate))
    peer = Peer(f"https://{HOST}:{server.sockets[0].getsockname()[1]}", certificate.ca)
    async with server:
        yield peer
        for writer in connections:
            writer.transport.abort()


def _server_context(certificate: certificates.ServerCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        chain = Path(folder, "tls.pem")
        chain.write_text(certificate.private_key + certificate.certificate)
        context.load_cert_chain(chain)
    return context
