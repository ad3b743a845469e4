"""What the kubelet and Prometheus ask, on a port of its own."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Response

from registry_service.errors import RegistryError
from registry_service.metrics import CONTENT_TYPE, exposition


def probe_application(is_ready: Callable[[], Awaitable[bool]]) -> FastAPI:
    """`/healthz`: the event loop turns; `/readyz`: this pod can serve; `/metrics`."""
    app = FastAPI(openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> Response:
        return Response("ok\n")

    @app.get("/readyz")
    async def readyz() -> Response:
        try:
            ready = await is_ready()
        except RegistryError as error:
            return Response(f"{error}\n", 503)
        return Response("ok\n") if ready else Response("no rules yet, or another schema than this version's\n", 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(exposition(), media_type=CONTENT_TYPE)

    return app
