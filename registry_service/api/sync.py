"""The sync port: what only the operator calls (design section 4, "Syncing")."""

import hmac
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from registry_service.api.answers import error_response, install_error_answers
from registry_service.api.bodies import read_bounded
from registry_service.contract import sync, wire
from registry_service.contract.sync import RefusalReason
from registry_service.errors import SyncRefusedError
from registry_service.use_cases.service import Service


def sync_application(service: Service) -> ASGIApp:
    """Everything on the sync port."""
    app = FastAPI(openapi_url=None)
    install_error_answers(app)
    _add_sets(app, service)
    _add_rules(app, service)
    return _Keyed(service, app)


@dataclass(frozen=True, slots=True)
class _Keyed:
    """Asks for the sync key before anything else is looked at: which paths and methods there are, too."""

    service: Service
    inner: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event, as ASGI has it."""
        if scope["type"] == "http" and not self._has_key(Headers(scope=scope)):
            refusal = SyncRefusedError(
                RefusalReason.UNAUTHORIZED, "the Authorization header does not hold the sync key"
            )
            await error_response(refusal)(scope, receive, send)
            return
        await self.inner(scope, receive, send)

    def _has_key(self, headers: Headers) -> bool:
        key = self.service.authenticating.sync_key()
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return key is not None and scheme == "Bearer" and hmac.compare_digest(given.encode(), key)


def _add_sets(app: FastAPI, service: Service) -> None:
    @app.get(sync.SETS_PATH)
    async def list_sets(after: str = "") -> Response:
        return _answer(await service.token_sync.list_sets(after))

    @app.get(sync.SETS_PATH + "/{namespace_uid}")
    async def find_set(namespace_uid: str) -> Response:
        found = await service.token_sync.find_set(namespace_uid)
        return _answer(found, found.etag)

    @app.put(sync.SETS_PATH + "/{namespace_uid}")
    async def put_set(namespace_uid: str, request: Request) -> Response:
        body = await _body(request)
        reply, etag = await service.token_sync.put_set(namespace_uid, body, request.headers.get("if-match"))
        return _answer(reply, etag)


def _add_rules(app: FastAPI, service: Service) -> None:
    @app.get(sync.RULES_PATH)
    async def find_rules() -> Response:
        state = await service.token_sync.find_rules()
        return _answer(state, state.etag)

    @app.put(sync.RULES_PATH)
    async def put_rules(request: Request) -> Response:
        state = await service.token_sync.put_rules(await _body(request), request.headers.get("if-match"))
        return _answer(state, state.etag)


async def _body(request: Request) -> bytes:
    body = await read_bounded(request, sync.MAX_BODY_BYTES)
    if body is None:
        raise SyncRefusedError(RefusalReason.INVALID_BODY, f"the body is larger than {sync.MAX_BODY_BYTES} bytes")
    return body


def _answer(value: object, etag: str | None = None) -> Response:
    headers = {} if etag is None else {"etag": etag}
    return Response(wire.encode(value), headers=headers, media_type="application/json")
