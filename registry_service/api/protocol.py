"""uvicorn's HTTP protocol, with a reason phrase that says what is wrong.

twine shows people nothing of an error but its reason phrase, and ASGI has no field for one. So an answer names it in
the header `x-error-message`, and on its way out the status line is given the same words. A proxy replaces the
phrase and passes the header on.
"""

import asyncio
import re
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_REASON: Final = re.compile(rb"\r\nx-error-message: ([^\r\n]+)\r\n", re.IGNORECASE)
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 (4\d\d) [^\r\n]*")


class ExplainingProtocol(HttpToolsProtocol):
    """Serves as its base does, and explains refusals in their status line."""

    def on_headers_complete(self) -> None:
        """A request has come: what answers it writes through our eyes. Its task has not begun yet."""
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = _Explaining(self.transport)


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
