"""What every request meets first: rules of HTTP on which a proxy and we must agree, and headers that protect browsers.

The parser has refused what is no HTTP (`protocol`). Refused here is what two readers may understand differently: a
second Host or Authorization, a Host that is no host, a coding that we would not decode.
"""

import re
import time
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry_service.api.upload_form import drain
from registry_service.metrics import observe
from registry_service.rendering.errors import ErrorAnswer, render_problem

MAX_HEADERS: Final = 100
_LABEL: Final = rb"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME: Final = rb"%b(?:\.%b)*\.?" % (_LABEL, _LABEL)
_HOST: Final = re.compile(rb"(?=.{1,260}\Z)(?:%b|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?" % _NAME)
# Of which one reader might take the first and another the last.
_ONCE: Final = frozenset(
    (
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"deploy-token",
        b"host",
        b"origin",
        b"private-token",
        b"range",
        b"transfer-encoding",
    )
)
_NOT_FOR_FRAMES: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# For every answer that says nothing else of itself.
_PROTECTION: Final = {
    "content-security-policy": _NOT_FOR_FRAMES,
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
# Two years, as the browsers' preload lists ask; no word of subdomains, which belong to others.
_HTTPS_ONLY: Final = {"strict-transport-security": "max-age=63072000"}


def misread(scope: Scope) -> ErrorAnswer | None:
    """What is wrong with how a request is sent, as an answer."""
    if scope["http_version"] not in ("1.0", "1.1"):
        return render_problem(505, f"HTTP/{scope['http_version']} is not spoken here")
    if len(scope["headers"]) > MAX_HEADERS:
        return render_problem(431, f"The request has more than {MAX_HEADERS} headers")
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _ONCE:
            if name in headers:
                return render_problem(400, f"The request has two headers {name.decode()}")
            headers[name] = value
    return _misread_host(headers, is_required=scope["http_version"] == "1.1") or _undecodable(headers)


def _misread_host(headers: Mapping[bytes, bytes], *, is_required: bool) -> ErrorAnswer | None:
    host = headers.get(b"host")
    if host is None and not is_required:
        return None
    if host is None or _HOST.fullmatch(host) is None:
        return render_problem(400, "The header Host is missing, or names no host")
    return None


def _undecodable(headers: Mapping[bytes, bytes]) -> ErrorAnswer | None:
    if headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        return render_problem(501, "The only transfer coding is chunked")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        # The archive's digests are of the bytes as they are sent, and what we do not unpack cannot be a bomb.
        return render_problem(415, "A body must be sent without a content coding")
    return None


class Front:
    """Refuses what is misread, protects, counts and times every answer."""

    def __init__(self, inner: ASGIApp, *, https: bool) -> None:
        self._inner = inner
        protection = _PROTECTION | (_HTTPS_ONLY if https else {})
        self._protection = [(name.encode(), value.encode()) for name, value in protection.items()]

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
                message = {**message, "headers": self._protected(message["headers"])}
            await send(message)

        try:
            problem = misread(scope)
            await (self._inner if problem is None else _refusing(problem))(scope, receive, watched)
        finally:
            observe(scope["method"], status, time.perf_counter() - started)

    def _protected(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        said = {name for name, _ in headers}
        return [*headers, *(one for one in self._protection if one[0] not in said)]


def _refusing(answer: ErrorAnswer) -> ASGIApp:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        # Through a proxy an answer that comes while the client still sends turns into a 502.
        await drain(Request(scope, receive).stream(), limit=0)
        # What came behind such a request on the same connection is not to be believed either.
        headers = {**answer.headers, "connection": "close"}
        await Response(answer.body, answer.status, headers, "application/json")(scope, receive, send)

    return refuse
