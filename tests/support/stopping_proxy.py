"""What stands between the operator and those whom it changes, and can end it at any one of its changes.

The operator's process is killed before a change is passed on, or after it was made and before the operator hears of
it. Nothing that a dead process has sent is passed on any more.
"""

from __future__ import annotations

import http.client
import os
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

_SECONDS = 400
_CHUNK = 64 * 1024
# RFC 9110 section 7.6.1: they belong to one connection.
_OF_A_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class Stop:
    """The `at`-th change whose path holds one of `about`; `made`: only after it was made."""

    at: int
    made: bool
    about: tuple[str, ...]


@dataclass(slots=True)
class Gate:
    """What all proxies of one operator share; `witness` sees each change before it is made."""

    witness: Callable[[str, bytes], None]
    pid: int = 0
    stop: Stop | None = None
    changes: list[str] = field(default_factory=list)
    fired: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, stop: Stop) -> None:
        """Count changes from here on, and stop at the one that `stop` means."""
        with self.lock:
            self.stop, self.fired, self.changes = stop, False, []

    def disarm(self) -> bool:
        """Count no more; whether the operator was ended. A change on its way is over then."""
        with self.lock:
            self.stop = None
            return self.fired

    def started(self, pid: int) -> None:
        """Pass on what this process sends, and nothing of an earlier one."""
        with self.lock:
            self.pid = pid

    def counts(self, change: str) -> bool:
        """Whether the operator is to end at this change."""
        if self.stop is None or not any(part in change for part in self.stop.about):
            return False
        self.changes.append(change)
        return len(self.changes) == self.stop.at

    def end(self) -> None:
        """Kill the operator."""
        self.fired = True
        os.kill(self.pid, signal.SIGKILL)
        self.pid = 0


class _Handler(BaseHTTPRequestHandler):
    """Passes requests on and answers back."""

    protocol_version = "HTTP/1.1"
    gate: ClassVar[Gate]
    connect: ClassVar[Callable[[], http.client.HTTPSConnection]]
    pid = 0

    def setup(self) -> None:
        super().setup()
        self.pid = self.gate.pid
        self.upstream = type(self).connect()

    def finish(self) -> None:
        self.upstream.close()
        super().finish()

    def look(self) -> None:
        self._ask(b"")
        answer = self.upstream.getresponse()
        if "watch=" not in self.path:
            self._reply(answer, answer.read())
            return
        self._head(answer, None)
        while chunk := answer.read1(_CHUNK):
            self.wfile.write(chunk)

    def change(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with self.gate.lock:
            made = self._make(f"{self.command} {self.path}", body)
        if made is None:
            self.close_connection = True
        else:
            self._reply(*made)

    def _make(self, change: str, body: bytes) -> tuple[http.client.HTTPResponse, bytes] | None:
        """Pass a change on, as far as it is to come; None when the operator does not hear of it."""
        gate = self.gate
        if self.pid != gate.pid:
            return None
        last = gate.counts(change)
        if last and gate.stop is not None and not gate.stop.made:
            gate.end()
            return None
        gate.witness(change, body)
        self._ask(body)
        answer = self.upstream.getresponse()
        content = answer.read()
        if last:
            gate.end()
            return None
        return answer, content

    def _ask(self, body: bytes) -> None:
        self.upstream.request(self.command, self.path, body, dict(self.headers.items()))

    # Names that http.server looks up.
    do_GET = do_HEAD = look  # noqa: N815 - they are the methods' own
    do_POST = do_PUT = do_PATCH = do_DELETE = change  # noqa: N815 - they are the methods' own

    def _reply(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self._head(answer, len(content))
        self.wfile.write(content)

    def _head(self, answer: http.client.HTTPResponse, length: int | None) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_A_CONNECTION:
                self.send_header(name, value)
        # Where nobody knows the length of the body, the end of the connection ends it.
        self.send_header(*(("Connection", "close") if length is None else ("Content-Length", str(length))))
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: what was changed is remembered."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A peer that hangs up is what these proxies are for."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The real one behind a proxy: where it is, and what is trusted there and shown to it."""

    host: str
    port: int
    context: ssl.SSLContext

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.host, self.port, timeout=_SECONDS, context=self.context)


@contextmanager
def proxy(address: tuple[str, int], own: ssl.SSLContext, peer: Peer, gate: Gate) -> Iterator[None]:
    """A proxy at `address` that shows the certificate of `own`."""
    handler = type("Handler", (_Handler,), {"gate": gate, "connect": staticmethod(peer.connect)})
    with _Server(address, handler) as server:
        # Each connection's thread makes its own handshake: a peer that stalls holds nobody up.
        server.socket = own.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
