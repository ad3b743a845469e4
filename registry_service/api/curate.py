"""What GitLab lacks: yank and unyank, per release and per file (design section 5)."""

import json
from typing import Final

from fastapi import APIRouter, Request, Response

from registry_service.api.authorization import authorize
from registry_service.api.bodies import read_bounded
from registry_service.domain.access import Permission
from registry_service.errors import RefusedError
from registry_service.use_cases.curating import Release
from registry_service.use_cases.service import Service

_RELEASE: Final = "/api/v1/projects/{project}/packages/{package}/{version}"
_FILE: Final = _RELEASE + "/files/{filename}"
MAX_BODY_BYTES: Final = 16 * 1024


def curate_router(service: Service) -> APIRouter:
    """PUT yanks, DELETE takes it back; both answer 204 and may be sent again."""
    router = APIRouter()

    @router.put(_RELEASE + "/yank", status_code=204)
    @router.put(_FILE + "/yank", status_code=204)
    async def yank(request: Request, project: str, package: str, version: str, filename: str | None = None) -> Response:
        access = await authorize(service, request, project, Permission.CURATE)
        await service.curating.yank(access, Release(package, version, filename), await _reason(request))
        return Response(status_code=204)

    @router.delete(_RELEASE + "/yank", status_code=204)
    @router.delete(_FILE + "/yank", status_code=204)
    async def unyank(
        request: Request, project: str, package: str, version: str, filename: str | None = None
    ) -> Response:
        access = await authorize(service, request, project, Permission.CURATE)
        await service.curating.unyank(access, Release(package, version, filename))
        return Response(status_code=204)

    return router


async def _reason(request: Request) -> str:
    """The body `{"reason": "…"}`; no body is no reason."""
    body = await read_bounded(request, MAX_BODY_BYTES)
    if body is None:
        raise RefusedError(f"The body is larger than {MAX_BODY_BYTES} bytes")
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise RefusedError("The body is not JSON") from error
    reason = given.get("reason", "") if isinstance(given, dict) else None
    if not isinstance(reason, str):
        raise RefusedError('The body must be like {"reason": "text"}')
    return reason
