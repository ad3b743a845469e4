"""The "Packages & Registries" page, at GitLab's paths, for who may read the project."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from registry_service.api.pages import sessions
from registry_service.api.pages.templates import page, stylesheet
from registry_service.contract import urls
from registry_service.domain.catalog import Project
from registry_service.domain.credentials import Credential
from registry_service.errors import ForbiddenError, HiddenError, NotFoundError, UnauthenticatedError
from registry_service.use_cases.service import Service

SIGN_IN = "/-/sign-in"


def pages_router(service: Service) -> APIRouter:
    """Every page. A reader who may not see one is asked to sign in, or told that there is no such page."""
    router = APIRouter(include_in_schema=False)
    _add_entrance(router, service)
    _add_sessions(router, service)
    _add_packages(router, service)
    return router


def _add_entrance(router: APIRouter, service: Service) -> None:
    @router.get("/")
    async def home(request: Request) -> Response:
        try:
            project = await service.signing_in.home(sessions.read(request))
        except UnauthenticatedError:
            return RedirectResponse(SIGN_IN, 303)
        return RedirectResponse(urls.packages_page_path(project.path), 303)

    @router.get("/-/style.css")
    async def style() -> Response:
        return Response(stylesheet(), media_type="text/css", headers={"cache-control": "max-age=3600"})


def _add_sessions(router: APIRouter, service: Service) -> None:
    @router.get(SIGN_IN)
    async def sign_in_form(request: Request) -> Response:
        return page("sign_in.html", next=sessions.local_path(request.query_params.get("next", "/")))

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        form = await sessions.read_form(request)
        target = sessions.local_path(form.get("next", "/"))
        try:
            secret = await service.signing_in.sign_in(Credential(form.get("username", ""), form.get("token", "")))
        except UnauthenticatedError:
            return page("sign_in.html", 401, next=target, refused=True)
        response = RedirectResponse(target, 303)
        sessions.write(response, request, secret, service.settings.external_url)
        return response

    @router.post("/-/sign-out")
    async def sign_out(request: Request) -> Response:
        await sessions.read_form(request)
        secret = sessions.read(request)
        if secret is not None:
            await service.signing_in.sign_out(secret)
        return RedirectResponse(SIGN_IN, 303)


def _add_packages(router: APIRouter, service: Service) -> None:
    async def admit(request: Request, project: str) -> Project | Response:
        try:
            return (await service.signing_in.authorize(sessions.read(request), project)).project
        except UnauthenticatedError:
            return RedirectResponse(f"{SIGN_IN}?next={sessions.quoted(request.url.path)}", 303)
        except ForbiddenError:
            return page("problem.html", 403, problem="This token may not read packages.")
        except HiddenError:
            return page("problem.html", 404, problem="There is no such project, or it is not yours to see.")

    @router.get("/{project}/-/packages")
    async def packages(request: Request, project: str) -> Response:
        found = await admit(request, project)
        if isinstance(found, Response):
            return found
        releases = await service.browsing.releases(found)
        return page("packages.html", project=found, releases=releases, registry=_base_url(request, service), urls=urls)

    @router.get("/{project}/-/packages/{package_id:int}")
    async def package(request: Request, project: str, package_id: int) -> Response:
        found = await admit(request, project)
        if isinstance(found, Response):
            return found
        try:
            shown = await service.browsing.release(found, package_id)
        except NotFoundError:
            return page("problem.html", 404, problem="There is no such package in this project.")
        return page("package.html", project=found, shown=shown, registry=_base_url(request, service), urls=urls)


def _base_url(request: Request, service: Service) -> str:
    return service.settings.external_url or str(request.base_url).rstrip("/")
