"""GitLab's generic packages API: list, show and delete packages and their files."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from registry_service.api.authorization import authorize
from registry_service.domain.access import Permission
from registry_service.domain.listing import DEFAULT_PER_PAGE, MAX_PER_PAGE, PYPI, Order, Wanted
from registry_service.errors import RefusedError
from registry_service.rendering import gitlab_json
from registry_service.use_cases.service import Service

_PACKAGES: Final = "/api/v4/projects/{project}/packages"
_PACKAGE: Final = _PACKAGES + "/{package_id:int}"
_FILTERS: Final = frozenset(("package_name", "package_version", "package_type", "order_by", "sort"))
_SORTS: Final = {"asc": False, "desc": True}
# Beyond it a page holds nothing, and numbers stay small.
_LAST_PAGE: Final = 1_000_000


def packages_router(service: Service) -> APIRouter:
    """Every route of the API that is about packages."""
    router = APIRouter()
    _add_lists(router, service)
    _add_deletions(router, service)
    return router


def _add_lists(router: APIRouter, service: Service) -> None:
    @router.get(_PACKAGES)
    async def list_packages(request: Request, project: str) -> Response:
        access = await authorize(service, request, project, Permission.READ)
        listed = await service.browsing.listed(access.project, _wanted(request.query_params))
        url = (service.settings.external_url or str(request.base_url).rstrip("/")) + request.url.path
        kept = {name: value for name, value in request.query_params.items() if name in _FILTERS}
        headers = gitlab_json.pagination(listed, url, kept)
        return _json(gitlab_json.render_packages(access.project, listed), headers)

    @router.get(_PACKAGE)
    async def show_package(request: Request, project: str, package_id: int) -> Response:
        access = await authorize(service, request, project, Permission.READ)
        shown = await service.browsing.release(access.project, package_id)
        return _json(gitlab_json.render_package(access.project, shown.release))

    @router.get(_PACKAGE + "/package_files")
    async def list_files(request: Request, project: str, package_id: int) -> Response:
        access = await authorize(service, request, project, Permission.READ)
        shown = await service.browsing.release(access.project, package_id)
        return _json(gitlab_json.render_files(shown.release, shown.files))


def _add_deletions(router: APIRouter, service: Service) -> None:
    @router.delete(_PACKAGE, status_code=204)
    async def delete_package(request: Request, project: str, package_id: int) -> Response:
        access = await authorize(service, request, project, Permission.CURATE)
        await service.curating.delete(access, package_id)
        return Response(status_code=204)

    @router.delete(_PACKAGE + "/package_files/{file_id:int}", status_code=204)
    async def delete_file(request: Request, project: str, package_id: int, file_id: int) -> Response:
        access = await authorize(service, request, project, Permission.CURATE)
        await service.curating.delete(access, package_id, file_id)
        return Response(status_code=204)


def _wanted(query: Mapping[str, str]) -> Wanted:
    """Read GitLab's parameters; one that it does not know is ignored. Raises RefusedError."""
    try:
        return Wanted(
            name=query.get("package_name", ""),
            version=query.get("package_version", ""),
            type=query.get("package_type", PYPI),
            order=Order(query.get("order_by", Order.CREATED_AT)),
            descending=_SORTS[query.get("sort", "asc")],
            page=_number(query, "page", 1, _LAST_PAGE),
            per_page=min(_number(query, "per_page", DEFAULT_PER_PAGE, _LAST_PAGE), MAX_PER_PAGE),
        )
    except (ValueError, KeyError) as error:
        raise RefusedError("order_by, sort, page or per_page does not have a valid value") from error


def _number(query: Mapping[str, str], name: str, default: int, largest: int) -> int:
    number = int(query.get(name, default))
    if not 1 <= number <= largest:
        raise ValueError(name)
    return number


def _json(content: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(content, headers=headers, media_type="application/json")
