"""uvicorn's HTTP protocol, with bounds that it lacks and a reason phrase that says what is wrong.

What llhttp refuses is refused before we see it: doubled and odd lengths, a length beside chunks, bad chunks, bare line
ends. Bounded here is what it takes without end: the head, trailers, and time. 500 connections that crawl cost no more
than their buffers, and nobody else waits for them.

twine shows people nothing of an error but its reason phrase, and ASGI has no field for one. So an answer names it in
the header `x-error-message`, and on its way out the status line is given the same words. A proxy replaces the
phrase and passes the header on.
"""

import asyncio
import re
from asyncio.events import TimerHandle
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from registry_service.rendering.errors import render_problem

_REASON: Final = re.compile(rb"\r\nx-error-message: ([^\r\n]+)\r\n", re.IGNORECASE)
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 (4\d\d) [^\r\n]*")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may cost, in bytes and seconds, and how many there may be.

    A body may take its time at first and must then have come at `body_rate`, in bytes a second, on average; time in
    which we do not read is not the client's. `write_seconds` is how long a client may read nothing of its answer.
    `pipelined` requests may wait for the answer to the one before; no client of a registry sends any.
    """

    connections: int = 2000
    pipelined: int = 16
    head_bytes: int = 64 * 1024
    head_seconds: float = 10
    body_grace_seconds: float = 30
    body_rate: int = 10 * 1024
    write_seconds: float = 120


class _TooManyRequestsError(Exception):
    """Stops the parser; the client is told that what it sent cannot be read."""


class ExplainingProtocol(HttpToolsProtocol):
    """Serves as its base does within `limits`, and explains refusals in their status line."""

    limits: ClassVar[Limits] = Limits()

    _timer: TimerHandle | None = None
    _write_timer: TimerHandle | None = None
    # Since when no request is under way; None while one is.
    _waiting_since: float | None = None
    # Bytes of the head or the trailer so far, and those that the parser has not told us of yet.
    _told = 0
    _untold = 0
    _in_head = False
    _body_began = 0.0
    _body_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base does
        """A client has come; when there are too many, one that keeps us waiting has to go for it."""
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._arm(self.limits.head_seconds, self._head_is_late)
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._disarm()
        self._resume()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and refuse a head, a trailer or a chunk's extension without end."""
        self._untold += len(data)
        super().data_received(data)
        if self._timer is None and self._is_waiting:
            # Line ends before a request begin none, but end the base's patience.
            self._arm(self.limits.head_seconds, self._head_is_late)
        if self._untold + self._told > self.limits.head_bytes and not self.transport.is_closing():
            self._refuse(431, f"The header is longer than {self.limits.head_bytes} bytes")

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        super().on_message_begin()
        self._told, self._in_head = 0, True
        self._arm(self.limits.head_seconds, self._head_is_late)

    def on_url(self, url: bytes) -> None:
        """Some of the target has come."""
        super().on_url(url)
        self._tell(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come. One that comes behind the body is counted and let go: it says nothing of the request."""
        self._tell(len(name) + len(value))
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A request has come: what answers it writes through our eyes. Its task has not begun yet."""
        self._in_head, self._waiting_since = False, None
        self._body_began, self._body_bytes = self.loop.time(), 0
        self._arm(self.limits.body_grace_seconds, self._judge_body)
        super().on_headers_complete()
        self._told, self._untold = 0, 0
        if len(self.pipeline) > self.limits.pipelined:
            raise _TooManyRequestsError
        if self._latest is not None:
            self._latest.transport = _Explaining(self.transport)

    def on_chunk_header(self) -> None:
        """The head of a chunk is whole."""
        self._untold = 0

    def on_body(self, body: bytes) -> None:
        """Some of the body has come."""
        self._body_bytes += len(body)
        self._untold = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._told, self._untold = 0, 0
        self._disarm()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is whole."""
        self._waiting_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read its answer as fast as we send it."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client goes on reading."""
        self._resume()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What was sent is no HTTP; uv and others read no answer but JSON."""
        self._refuse(400, msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: curl offers HTTP/2 to everybody, and HTTP/1.1 is a good answer."""

    def _tell(self, count: int) -> None:
        self._told, self._untold = self._told + count, 0

    def _arm(self, seconds: float, then: Callable[[], None]) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _resume(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _head_is_late(self) -> None:
        if self._latest is not None and not self._latest.response_complete:
            # It asks again before it has its answer: that comes first.
            self._arm(self.limits.head_seconds, self._head_is_late)
        elif self._in_head:
            self._refuse(408, f"The header did not come within {self.limits.head_seconds:g} seconds")
        else:
            self.transport.close()

    def _judge_body(self) -> None:
        limits, elapsed = self.limits, self.loop.time() - self._body_began
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._body_began += limits.body_grace_seconds
        elif self._body_bytes < limits.body_rate * elapsed:
            self._refuse(408, f"The body comes more slowly than {limits.body_rate} bytes a second")
            return
        self._arm(limits.body_grace_seconds, self._judge_body)

    def _make_room(self) -> None:
        others = (one for one in self.connections if isinstance(one, ExplainingProtocol) and one is not self)
        waiting = [(one._waiting_since, id(one), one) for one in others if one._is_waiting]  # noqa: SLF001 - our like
        if waiting:
            min(waiting)[2].transport.abort()
        else:
            self._refuse(503, "There are too many connections")

    @property
    def _latest(self) -> RequestResponseCycle | None:
        """The latest request, which the base has as one even before the first."""
        return self.cycle

    @property
    def _is_waiting(self) -> bool:
        return self._waiting_since is not None and not self.transport.is_closing()

    def _refuse(self, status: int, problem: str) -> None:
        """Answer, unless another answer has begun, and hang up."""
        if self._latest is None or self._latest.response_complete or not self._latest.response_started:
            answer = render_problem(status, problem)
            lines = (
                STATUS_LINE[status],
                b"content-type: application/json\r\n",
                b"content-length: %d\r\n" % len(answer.body),
                b"connection: close\r\n\r\n",
                answer.body,
            )
            self.transport.write(b"".join(lines))
        self.transport.close()


class _Explaining(asyncio.Transport):
    """The part of a transport that an answer needs."""

    def __init__(self, inner: asyncio.Transport) -> None:
        super().__init__()
        self._inner = inner

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._inner.write(explain(data) if isinstance(data, bytes) else data)

    def is_closing(self) -> bool:
        return self._inner.is_closing()

    def close(self) -> None:
        self._inner.close()


def explain(head: bytes) -> bytes:
    """Put the words of the header into the status line; anything but the head of a refusal passes unchanged."""
    status = _STATUS_LINE.match(head)
    reason = _REASON.search(head) if status else None
    if status is None or reason is None:
        return head
    return b"HTTP/1.1 " + status[1] + b" " + reason[1] + head[status.end() :]
