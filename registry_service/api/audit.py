"""The audit trail of a project, and revoking a token by possession (design section 5)."""

import re
from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from registry_service.api.authorization import Curating, Nothing, address_of
from registry_service.api.bodies import read_object, text_of
from registry_service.api.docs import operations
from registry_service.domain.catalog import LARGEST_ID
from registry_service.errors import RefusedError
from registry_service.rendering.audit_lines import CONTENT_TYPE, render_lines
from registry_service.use_cases.auditing import MAX_LINES
from registry_service.use_cases.service import Service

_AUDIT: Final = "/api/v1/projects/{project}/audit"
MAX_BODY_BYTES: Final = 4096
_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_POSSESSION: Final = Depends(Nothing("who holds a token may end it"))


def audit_router(service: Service) -> APIRouter:
    """What happened, for who may change it; and the end of a token that leaked."""
    router = APIRouter()

    @router.head(_AUDIT, include_in_schema=False)
    @router.get(_AUDIT, **operations.READ_AUDIT)
    async def read_audit(request: Request, access: Curating) -> Response:
        lines = await service.auditing.read(access.project, after=_after(request))
        headers = {}
        if len(lines) == MAX_LINES:
            headers["link"] = f'<{request.url.path}?after={lines[-1].number}>; rel="next"'
        return Response(render_lines(lines), headers=headers, media_type=CONTENT_TYPE)

    @router.post("/api/v1/tokens/revoke", status_code=204, dependencies=[_POSSESSION], **operations.REVOKE_TOKEN)
    async def revoke_token(request: Request) -> Response:
        token = text_of(await read_object(request, MAX_BODY_BYTES), "token")
        holder = await service.authenticating.identify_found(token, address_of(request))
        await service.minting.revoke_by_possession(holder, address_of(request))
        return Response(status_code=204)

    return router


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    # Its length first: what has thousands of digits is no number that Python would read.
    if _NUMBER.fullmatch(text) is None or int(text) > LARGEST_ID:
        raise RefusedError("after must be the number of a line")
    return int(text)
