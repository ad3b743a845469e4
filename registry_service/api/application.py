"""The public application: reads before everything else, then publishing and pages."""

import time
from operator import attrgetter

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry_service.api.answers import install_error_answers
from registry_service.api.audit import audit_router
from registry_service.api.curate import curate_router
from registry_service.api.docs import docs_router
from registry_service.api.packages import packages_router
from registry_service.api.pages.routes import pages_router
from registry_service.api.publish import publish_router
from registry_service.api.reads import Reads
from registry_service.metrics import observe
from registry_service.use_cases.service import Service


def public_application(service: Service) -> ASGIApp:
    """Everything on the public port."""
    # Swagger's own page loads code from elsewhere, so it stays off; `docs` has ours.
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=attrgetter("name"),
    )
    install_error_answers(app)
    app.include_router(publish_router(service))
    app.include_router(curate_router(service))
    app.include_router(packages_router(service))
    app.include_router(audit_router(service))
    app.include_router(docs_router(app))
    app.include_router(pages_router(service))
    return Measured(Reads(service, app))


class Measured:
    """Counts and times every answer."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event, as ASGI has it."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._inner(scope, receive, watched)
        finally:
            observe(scope["method"], status, time.perf_counter() - started)
