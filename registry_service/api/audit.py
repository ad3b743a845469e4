"""The audit trail of a project (design section 5)."""

import re
from typing import Final

from fastapi import APIRouter, Request, Response

from registry_service.api.authorization import Curating
from registry_service.api.docs import keeping
from registry_service.domain.catalog import LARGEST_ID
from registry_service.errors import RefusedError
from registry_service.rendering.audit_lines import CONTENT_TYPE, render_lines
from registry_service.use_cases.auditing import MAX_LINES
from registry_service.use_cases.service import Service

_AUDIT: Final = "/api/v1/projects/{project}/audit"
_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)


def audit_router(service: Service) -> APIRouter:
    """What happened, for who may change it."""
    router = APIRouter()

    @router.head(_AUDIT, include_in_schema=False)
    @router.get(_AUDIT, **keeping.READ_AUDIT)
    async def read_audit(request: Request, access: Curating) -> Response:
        lines = await service.auditing.read(access.project, after=_after(request))
        headers = {}
        if len(lines) == MAX_LINES:
            headers["link"] = f'<{request.url.path}?after={lines[-1].number}>; rel="next"'
        return Response(render_lines(lines), headers=headers, media_type=CONTENT_TYPE)

    return router


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    # Its length first: what has thousands of digits is no number that Python would read.
    if _NUMBER.fullmatch(text) is None or int(text) > LARGEST_ID:
        raise RefusedError("after must be the number of a line")
    return int(text)
