"""Servers that an S3 endpoint may turn out to be: one that damages what passes, one that is no store, a silent one."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 30
_OF_THE_CONNECTION = {"connection", "transfer-encoding"}


@contextmanager
def damaging(endpoint: str, *, size: int) -> Iterator[str]:
    """A proxy to a store that changes one bit of every request body of at least `size` bytes."""

    class Damaging(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = bytearray(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            if len(body) >= size:
                body[len(body) // 2] ^= 1
            upstream = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=_SECONDS)
            upstream.request(self.command, self.path, bytes(body), dict(self.headers.items()))
            _pass_on(upstream.getresponse(), self)
            upstream.close()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with _serving(Damaging) as address:
        yield address


def _pass_on(response: http.client.HTTPResponse, client: BaseHTTPRequestHandler) -> None:
    content = response.read()
    client.send_response(response.status)
    for name, value in response.getheaders():
        if name.lower() not in _OF_THE_CONNECTION:
            client.send_header(name, value)
    client.end_headers()
    client.wfile.write(content)


@contextmanager
def answering(status: int, *, location: str | None = None) -> Iterator[str]:
    """A web server that gives every request the same page, or redirects it to `location`."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            content = b"<!DOCTYPE html><title>Welcome</title>"
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            if location is not None:
                self.send_header("Location", location)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with _serving(Answering) as address:
        yield address


@contextmanager
def silent() -> Iterator[str]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
