"""The sync port of a registry whose image is of the first contract, before a registry that really serves."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn
from starlette.requests import Request
from starlette.responses import Response

from registry_service.contract import environment
from tests.support.network import own_address
from tests.support.old_image import OldImage

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from tests.support.stopping_proxy import Peer

_STARTED_SECONDS = 20


@contextmanager
def old_sync_port(peer: Peer, pair: Path) -> Iterator[str]:
    """An address where, for the length of the block, the registry `peer` answers as an old image of it would.

    `pair` is the folder of its certificate.
    """
    address = own_address()
    config = uvicorn.Config(
        OldImage(_Relay(peer)),
        host=address,
        port=environment.SYNC_PORT,
        ssl_certfile=pair / "tls.crt",
        ssl_keyfile=str(pair / "tls.key"),
        log_level="critical",
        lifespan="off",
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert server.listens.wait(_STARTED_SECONDS)
        yield address
    finally:
        server.should_exit = True
        thread.join()


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self.listens.set()


@dataclass(frozen=True, slots=True)
class _Relay:
    """Passes requests on to the registry, and answers back."""

    peer: Peer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        answer = await asyncio.to_thread(self._ask, request, body)
        await answer(scope, receive, send)

    def _ask(self, request: Request, body: bytes) -> Response:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        connection = self.peer.connect()
        try:
            connection.request(request.method, path, body, dict(request.headers))
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() in ("etag", "content-type")}
            return Response(answer.read(), answer.status, kept)
        finally:
            connection.close()
