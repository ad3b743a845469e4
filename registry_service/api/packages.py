"""GitLab's generic packages API: list, show and delete packages and their files."""

from typing import Final

from fastapi import APIRouter, Request, Response

from registry_service.api.authorization import Curating, GroupReading, Reading
from registry_service.api.docs import operations
from registry_service.api.list_query import GROUP_ORDERS, PROJECT_ORDERS, read_wanted, read_wanted_files
from registry_service.domain.access import Permission, Principal, permissions
from registry_service.domain.listing import Entry, Listed, Wanted
from registry_service.rendering import gitlab_json
from registry_service.rendering.gitlab_json import Reader
from registry_service.use_cases.service import Service

_GROUP_PACKAGES: Final = "/api/v4/groups/{registry}/packages"
_PACKAGES: Final = "/api/v4/projects/{project}/packages"
_PACKAGE: Final = _PACKAGES + "/{package_id:int}"
_FILES: Final = _PACKAGE + "/package_files"
# What a link to another page keeps of a query, beside the page.
_KEPT: Final = frozenset(("package_name", "package_version", "package_type", "status", "order_by", "sort"))


def packages_router(service: Service) -> APIRouter:
    """Every route of the API that is about packages."""
    router = APIRouter()
    _add_lists(router, service)
    _add_packages(router, service)
    _add_files(router, service)
    return router


def _add_lists(router: APIRouter, service: Service) -> None:
    @router.head(_PACKAGES, include_in_schema=False)
    @router.get(_PACKAGES, **operations.LIST_PACKAGES)
    async def list_packages(request: Request, access: Reading) -> Response:
        wanted = read_wanted(request.query_params, PROJECT_ORDERS)
        listed = await service.browsing.listed((access.project,), wanted)
        reader = _reader(service, request, access.principal)
        return _json(gitlab_json.render_packages(listed, reader), _headers(reader, request, wanted, listed))

    @router.head(_GROUP_PACKAGES, include_in_schema=False)
    @router.get(_GROUP_PACKAGES, **operations.LIST_GROUP_PACKAGES)
    async def list_group_packages(request: Request, reading: GroupReading) -> Response:
        wanted = read_wanted(request.query_params, GROUP_ORDERS)
        listed = await service.browsing.listed_in_group(reading, wanted)
        reader = _reader(service, request, reading.principal)
        content = gitlab_json.render_packages(listed, reader, of_group=True)
        return _json(content, _headers(reader, request, wanted, listed))


def _add_packages(router: APIRouter, service: Service) -> None:
    @router.head(_PACKAGE, include_in_schema=False)
    @router.get(_PACKAGE, **operations.SHOW_PACKAGE)
    async def show_package(request: Request, access: Reading, package_id: int) -> Response:
        entry, versions = await service.browsing.versions(access.project, package_id)
        return _json(gitlab_json.render_package(entry, versions, _reader(service, request, access.principal)))

    @router.delete(_PACKAGE, status_code=204, **operations.DELETE_PACKAGE)
    async def delete_package(access: Curating, package_id: int) -> Response:
        await service.curating.delete(access, package_id)
        return Response(status_code=204)


def _add_files(router: APIRouter, service: Service) -> None:
    @router.head(_FILES, include_in_schema=False)
    @router.get(_FILES, **operations.LIST_FILES)
    async def list_files(request: Request, access: Reading, package_id: int) -> Response:
        wanted = read_wanted_files(request.query_params)
        listed = await service.browsing.listed_files(access.project, package_id, wanted)
        url = _reader(service, request, access.principal).base_url + request.url.path
        return _json(gitlab_json.render_files(package_id, listed), gitlab_json.pagination(listed, url, _kept(request)))

    @router.delete(_FILES + "/{file_id:int}", status_code=204, **operations.DELETE_FILE)
    async def delete_file(access: Curating, package_id: int, file_id: int) -> Response:
        await service.curating.delete(access, package_id, file_id)
        return Response(status_code=204)


def _reader(service: Service, request: Request, principal: Principal | None) -> Reader:
    base_url = service.settings.external_url or str(request.base_url).rstrip("/")
    if principal is None or Permission.CURATE not in permissions(principal):
        return Reader(base_url)
    return Reader(base_url, may_delete_in=principal.project_id)


def _headers(reader: Reader, request: Request, wanted: Wanted, listed: Listed[Entry]) -> dict[str, str]:
    url, kept = reader.base_url + request.url.path, _kept(request)
    if wanted.keyset:
        return gitlab_json.keyset_pagination(listed, wanted, url, kept)
    return gitlab_json.pagination(listed, url, kept)


def _kept(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.query_params.items() if name in _KEPT}


def _json(content: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(content, headers=headers, media_type="application/json")
