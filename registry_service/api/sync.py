"""The sync port: what only the operator calls (design section 4, "Syncing")."""

import hmac

from fastapi import Depends, FastAPI, Request, Response

from registry_service.api.answers import install_error_answers
from registry_service.api.bodies import read_bounded
from registry_service.contract import sync, wire
from registry_service.contract.sync import RefusalReason
from registry_service.errors import SyncRefusedError
from registry_service.use_cases.service import Service


def sync_application(service: Service) -> FastAPI:
    """Every route needs the sync key, whatever else is right or wrong with the request."""

    async def require_key(request: Request) -> None:
        key = service.authenticating.sync_key()
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if key is None or scheme != "Bearer" or not hmac.compare_digest(given.encode(), key):
            raise SyncRefusedError(RefusalReason.UNAUTHORIZED, "the Authorization header does not hold the sync key")

    app = FastAPI(openapi_url=None, dependencies=[Depends(require_key)])
    install_error_answers(app)
    _add_sets(app, service)
    _add_rules(app, service)
    return app


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
