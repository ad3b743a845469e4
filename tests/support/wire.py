"""An application behind a real HTTP server on loopback, in the event loop of the test."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import uvicorn

from registry_service.api.protocol import ExplainingProtocol
from tests.support.network import own_address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    """A server that leaves signals to the test run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve for the length of the block, as the product does; a client that sends no header of its own choice."""
    with socket.socket() as bound:
        bound.bind((own_address(), 0))
        host, port = bound.getsockname()
        config = uvicorn.Config(
            app, http=ExplainingProtocol, log_config=None, access_log=False, lifespan="off", server_header=False
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[bound]))
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", timeout=60) as client:
            for name in ("accept", "accept-encoding"):
                del client.headers[name]
            yield client
        server.should_exit = True
        await running
