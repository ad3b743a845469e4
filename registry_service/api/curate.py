"""What GitLab lacks: yanks per release and file, status per package and project (design section 5)."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from registry_service.api.authorization import Curating
from registry_service.api.bodies import read_object, text_of
from registry_service.api.docs import operations
from registry_service.domain.status import Status, StatusMarker
from registry_service.errors import RefusedError
from registry_service.use_cases.authenticating import Access
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
    async def yank_release(request: Request, access: Curating, package: str, version: str) -> Response:
        return await _yank(service, request, access, Release(package, version))

    @router.put(_FILE + "/yank", status_code=204, **operations.YANK_FILE)
    async def yank_file(request: Request, access: Curating, package: str, version: str, filename: str) -> Response:
        return await _yank(service, request, access, Release(package, version, filename))

    @router.delete(_RELEASE + "/yank", status_code=204, **operations.UNYANK_RELEASE)
    async def unyank_release(access: Curating, package: str, version: str) -> Response:
        return await _unyank(service, access, Release(package, version))

    @router.delete(_FILE + "/yank", status_code=204, **operations.UNYANK_FILE)
    async def unyank_file(access: Curating, package: str, version: str, filename: str) -> Response:
        return await _unyank(service, access, Release(package, version, filename))


async def _yank(service: Service, request: Request, access: Access, files: Release) -> Response:
    await service.curating.yank(access, files, text_of(await read_object(request, MAX_BODY_BYTES), "reason", ""))
    return Response(status_code=204)


async def _unyank(service: Service, access: Access, files: Release) -> Response:
    await service.curating.unyank(access, files)
    return Response(status_code=204)


def _add_statuses(router: APIRouter, service: Service) -> None:
    @router.put(_PROJECT + "/status", status_code=204, **operations.MARK_PROJECT)
    async def mark_project(request: Request, access: Curating) -> Response:
        await service.curating.mark_project(access, _marker(await read_object(request, MAX_BODY_BYTES)))
        return Response(status_code=204)

    @router.put(_PACKAGE + "/status", status_code=204, **operations.MARK_PACKAGE)
    async def mark_package(request: Request, access: Curating, package: str) -> Response:
        await service.curating.mark_package(access, package, _marker(await read_object(request, MAX_BODY_BYTES)))
        return Response(status_code=204)


def _marker(body: Mapping[str, Any]) -> StatusMarker:  # Any: JSON as a client sent it
    try:
        status = Status(text_of(body, "status", ""))
    except ValueError as error:
        raise RefusedError(f'The body\'s "status" must be one of {", ".join(Status)}') from error
    return StatusMarker(status, text_of(body, "reason", ""))
