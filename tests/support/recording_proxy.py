"""A proxy between a client and a registry: it remembers what was asked for, and can cut an answer in the middle.

What a client downloads shows only on the wire, and no registry breaks off by itself when a test wants it to.
"""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote, urlsplit

from tests.support.network import own_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PORT = 8080
_SECONDS = 60
_CHUNK = 64 * 1024
# RFC 9110 section 7.6.1: they belong to one connection.
_OF_A_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and how it was answered; `asked` holds the request's headers, names in lower case."""

    method: str
    filename: str
    status: int
    asked: Mapping[str, str]


@dataclass(slots=True)
class Recorder:
    """What went through the proxy, and what it is to cut: each name once, after so many bytes of the body."""

    url: str
    exchanges: list[Exchange] = field(default_factory=list)
    cuts: dict[str, int] = field(default_factory=dict)

    def of(self, filename: str) -> list[Exchange]:
        """The exchanges about one file, in the order of their answers."""
        return [exchange for exchange in self.exchanges if exchange.filename == filename]

    def filenames(self) -> set[str]:
        """The last path segments of all that was asked for."""
        return {exchange.filename for exchange in self.exchanges}


class _Handler(BaseHTTPRequestHandler):
    """Passes a request on and its answer back."""

    protocol_version = "HTTP/1.1"
    upstream: ClassVar[str]
    recorder: ClassVar[Recorder]

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=_SECONDS)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers.items()))
            self._answer(connection.getresponse())
        finally:
            connection.close()

    # Names that http.server looks up.
    do_GET = do_HEAD = do_POST = pass_on  # noqa: N815 - they are the methods' own

    def _answer(self, answer: http.client.HTTPResponse) -> None:
        filename = unquote(self.path.split("?")[0].rstrip("/").rpartition("/")[2])
        asked = {name.lower(): value for name, value in self.headers.items()}
        self.recorder.exchanges.append(Exchange(self.command, filename, answer.status, asked))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_A_CONNECTION:
                self.send_header(name, value)
        if answer.length is None or answer.chunked:
            # The end of the connection ends the body.
            self.send_header("Connection", "close")
        self.end_headers()
        self._send_body(answer, self.recorder.cuts.pop(filename, None))

    def _send_body(self, answer: http.client.HTTPResponse, limit: int | None) -> None:
        """Send the body, or its first `limit` bytes and hang up."""
        left = limit
        while chunk := answer.read(_CHUNK if left is None else min(_CHUNK, left)):
            self.wfile.write(chunk)
            left = None if left is None else left - len(chunk)
        if limit is not None:
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: what was asked for is remembered."""


@contextmanager
def recording(upstream: str) -> Iterator[Recorder]:
    """A proxy for the registry at the URL `upstream`, on a loopback address of its own."""
    address = own_address()
    recorder = Recorder(f"http://{address}:{_PORT}")
    handler = type("Handler", (_Handler,), {"upstream": upstream, "recorder": recorder})
    with ThreadingHTTPServer((address, _PORT), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
