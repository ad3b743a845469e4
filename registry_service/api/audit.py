"""The audit trail of a project, and revoking a token by possession (design section 5)."""

import json
from typing import Final

from fastapi import APIRouter, Request, Response

from registry_service.api.authorization import address_of, authorize
from registry_service.api.bodies import read_bounded
from registry_service.api.docs import operations
from registry_service.database.catalog import LARGEST_ID
from registry_service.domain.access import Permission
from registry_service.errors import RefusedError
from registry_service.rendering.audit_lines import CONTENT_TYPE, render_lines
from registry_service.use_cases.auditing import MAX_LINES
from registry_service.use_cases.service import Service

_AUDIT: Final = "/api/v1/projects/{project}/audit"
MAX_BODY_BYTES: Final = 4096


def audit_router(service: Service) -> APIRouter:
    """What happened, for who may change it; and the end of a token that leaked."""
    router = APIRouter()

    @router.head(_AUDIT, include_in_schema=False)
    @router.get(_AUDIT, **operations.READ_AUDIT)
    async def read_audit(request: Request, project: str) -> Response:
        access = await authorize(service, request, project, Permission.CURATE)
        lines = await service.auditing.read(access.project, after=_after(request))
        headers = {}
        if len(lines) == MAX_LINES:
            headers["link"] = f'<{request.url.path}?after={lines[-1].number}>; rel="next"'
        return Response(render_lines(lines), headers=headers, media_type=CONTENT_TYPE)

    @router.post("/api/v1/tokens/revoke", status_code=204, **operations.REVOKE_TOKEN)
    async def revoke_token(request: Request) -> Response:
        await service.minting.revoke_by_possession(await _token(request), address_of(request))
        return Response(status_code=204)

    return router


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) > LARGEST_ID:
        raise RefusedError("after must be the number of a line")
    return int(text)


async def _token(request: Request) -> str:
    body = await read_bounded(request, MAX_BODY_BYTES)
    try:
        given = json.loads(body or b"")
    except (ValueError, RecursionError):
        given = None
    token = given.get("token") if isinstance(given, dict) else None
    if not isinstance(token, str):
        raise RefusedError('The body must be like {"token": "pyr_…"}')
    return token
