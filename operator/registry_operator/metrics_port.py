"""The port at which Prometheus reads the operator's metrics."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

PATH: Final = "/metrics"
# The end of the process waits no longer than this for an answer that is under way, in seconds.
_STOP_DEADLINE: Final = 1.0


class MetricsPortError(OSError):
    """The port cannot be listened on; the message says why."""


@asynccontextmanager
async def serving(port: int, exposition: Callable[[], bytes], content_type: str) -> AsyncIterator[None]:
    """Answer `GET /metrics` for the length of the block; raises MetricsPortError."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=exposition(), headers={"Content-Type": content_type})

    application = web.Application()
    application.router.add_get(PATH, answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_DEADLINE)
    await runner.setup()
    try:
        await _listen(runner, port)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, port=port).start()
    except OSError as error:
        raise MetricsPortError(f"cannot listen on port {port}: {error.strerror}") from error
