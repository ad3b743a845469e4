"""Errors as responses, the same on every port."""

import logging
from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from registry_service.errors import ReasonedError, RegistryError
from registry_service.rendering.errors import ErrorAnswer, render_error, render_unrouted

logger = logging.getLogger(__name__)

# Nobody gets it; metrics and proxies know it from nginx, "client closed request".
CLIENT_CLOSED_REQUEST: Final = 499


def explain(error: RegistryError) -> ErrorAnswer:
    """Render an error, and log what only the registry's owner can mend."""
    if isinstance(error, ReasonedError):
        logger.error("%s: %s", error.reason, error.message)
    return render_error(error)


def error_response(error: RegistryError, headers: Mapping[str, str] | None = None) -> Response:
    """The response for an error, with `headers` beside its own."""
    answer = explain(error)
    return Response(answer.body, answer.status, {**(headers or {}), **answer.headers}, "application/json")


def install_error_answers(app: FastAPI) -> None:
    """Let every route of an application raise the service's own errors."""

    @app.exception_handler(RegistryError)
    async def answer(_: Request, error: RegistryError) -> Response:
        return error_response(error)

    @app.exception_handler(HTTPException)
    async def unrouted(_: Request, error: HTTPException) -> Response:
        return Response(render_unrouted(error.status_code), error.status_code, error.headers, "application/json")

    @app.exception_handler(ClientDisconnect)
    async def leave(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
