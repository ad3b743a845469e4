"""What GitLab lacks: yanks per release and file, status per package and project (design section 5)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from registry_service.api.authorization import authorize
from registry_service.api.bodies import read_bounded
from registry_service.api.docs import operations
from registry_service.domain.access import Permission
from registry_service.domain.status import Status, StatusMarker
from registry_service.errors import RefusedError
from registry_service.use_cases.curating import Release
from registry_service.use_cases.service import Service

_PROJECT: Final = "/api/v1/projects/{project}"
_PACKAGE: Final = _PROJECT + "/packages/{package}"
_RELEASE: Final = _PACKAGE + "/{version}"
_FILE: Final = _RELEASE + "/files/{filename}"
MAX_BODY_BYTES: Final = 16 * 1024


def curate_router(service: Service) -> APIRouter:
    """Every route answers 204 and may be sent again."""
    router = APIRouter()
    _add_yanks(router, service)
    _add_statuses(router, service)
    return router


def _add_yanks(router: APIRouter, service: Service) -> None:
    @router.put(_RELEASE + "/yank", status_code=204, **operations.YANK_RELEASE)
    async def yank_release(request: Request, project: str, package: str, version: str) -> Response:
        return await _yank(service, request, project, Release(package, version))

    @router.put(_FILE + "/yank", status_code=204, **operations.YANK_FILE)
    async def yank_file(request: Request, project: str, package: str, version: str, filename: str) -> Response:
        return await _yank(service, request, project, Release(package, version, filename))

    @router.delete(_RELEASE + "/yank", status_code=204, **operations.UNYANK_RELEASE)
    async def unyank_release(request: Request, project: str, package: str, version: str) -> Response:
        return await _unyank(service, request, project, Release(package, version))

    @router.delete(_FILE + "/yank", status_code=204, **operations.UNYANK_FILE)
    async def unyank_file(request: Request, project: str, package: str, version: str, filename: str) -> Response:
        return await _unyank(service, request, project, Release(package, version, filename))


async def _yank(service: Service, request: Request, project: str, files: Release) -> Response:
    access = await authorize(service, request, project, Permission.CURATE)
    await service.curating.yank(access, files, _text(await _body(request), "reason"))
    return Response(status_code=204)


async def _unyank(service: Service, request: Request, project: str, files: Release) -> Response:
    access = await authorize(service, request, project, Permission.CURATE)
    await service.curating.unyank(access, files)
    return Response(status_code=204)


def _add_statuses(router: APIRouter, service: Service) -> None:
    @router.put(_PROJECT + "/status", status_code=204, **operations.MARK_PROJECT)
    async def mark_project(request: Request, project: str) -> Response:
        access = await authorize(service, request, project, Permission.CURATE)
        await service.curating.mark_project(access, _marker(await _body(request)))
        return Response(status_code=204)

    @router.put(_PACKAGE + "/status", status_code=204, **operations.MARK_PACKAGE)
    async def mark_package(request: Request, project: str, package: str) -> Response:
        access = await authorize(service, request, project, Permission.CURATE)
        await service.curating.mark_package(access, package, _marker(await _body(request)))
        return Response(status_code=204)


async def _body(request: Request) -> Mapping[str, Any]:  # Any: JSON as a client sent it
    """A JSON object; no body is an empty one."""
    body = await read_bounded(request, MAX_BODY_BYTES)
    if body is None:
        raise RefusedError(f"The body is larger than {MAX_BODY_BYTES} bytes")
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise RefusedError("The body is not JSON") from error
    if not isinstance(given, dict):
        raise RefusedError("The body must be a JSON object")
    return given


def _text(body: Mapping[str, Any], name: str) -> str:  # Any: as above
    value = body.get(name, "")
    if not isinstance(value, str):
        raise RefusedError(f'The body\'s "{name}" must be a text')
    return value


def _marker(body: Mapping[str, Any]) -> StatusMarker:  # Any: as above
    try:
        status = Status(_text(body, "status"))
    except ValueError as error:
        raise RefusedError(f'The body\'s "status" must be one of {", ".join(Status)}') from error
    return StatusMarker(status, _text(body, "reason"))
