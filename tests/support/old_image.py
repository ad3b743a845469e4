"""A registry service of the first contract: the present one behind a decoder that lacks what came later."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from registry_service.contract import sync, wire
from registry_service.contract.tokens import Scope as TokenScope
from registry_service.contract.tokens import TokenType


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    digest: str
    name: str
    type: TokenType
    scopes: tuple[TokenScope, ...] = ()
    username: str | None = None
    not_after: int | None = None
    imported: bool = False


@dataclass(frozen=True, slots=True)
class _Set:
    namespace: str
    tokens: tuple[_Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class OldImage:
    """Refuses a set with fields that the first contract lacks, as its image does: by decoding it."""

    inner: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method != "PUT" or not request.url.path.startswith(sync.SETS_PATH):
            await self.inner(scope, receive, send)
            return
        body = await request.body()
        try:
            wire.decode(_Set, body)
        except wire.UnknownFieldError as error:
            refusal = sync.Refusal(sync.RefusalReason.UNKNOWN_FIELD, str(error))
            await Response(wire.encode(refusal), 422)(scope, receive, send)
            return

        async def replay() -> dict[str, Any]:  # Any: an ASGI message
            return {"type": "http.request", "body": body, "more_body": False}

        await self.inner(scope, replay, send)
