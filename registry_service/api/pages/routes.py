"""The "Packages & Registries" page, at GitLab's paths, for who may read the project."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from registry_service.api.authorization import Nothing, address_of, service_of
from registry_service.api.pages import sessions
from registry_service.api.pages.templates import page, stylesheet
from registry_service.contract import urls
from registry_service.domain.access import Decision, Permission, allows
from registry_service.domain.credentials import Credential
from registry_service.errors import (
    ForbiddenError,
    HiddenError,
    NotFoundError,
    TooManyFailuresError,
    UnauthenticatedError,
)
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.service import Service

SIGN_IN: Final = "/-/sign-in"
_DOING: Final = {Permission.READ: "read packages", Permission.CURATE: "see the project's tokens"}
_ENTRANCE: Final = Depends(Nothing("where people sign in"))
_OWN_SESSION: Final = Depends(Nothing("it is about the reader's own session alone"))


class NotAdmittedError(Exception):
    """A reader who may not see a page; `response` says so in a page of its own."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class _ByCookie:
    """To be signed in with a token that has a permission in the project of the path; what is public all may read."""

    permission: Permission

    @property
    def needs(self) -> str:
        """The permission."""
        return f"{self.permission} in the project, by cookie"

    async def __call__(self, request: Request, project: str) -> Access:
        """Let a reader in. Raises NotAdmittedError."""
        try:
            service = service_of(request)
            secret = sessions.read(request, service.settings.external_url)
            return await service.signing_in.authorize(secret, self.permission, project)
        except UnauthenticatedError as error:
            response: Response = RedirectResponse(f"{SIGN_IN}?next={sessions.quoted(request.url.path)}", 303)
            raise NotAdmittedError(response) from error
        except ForbiddenError as error:
            response = page("problem.html", 403, problem=f"This token may not {_DOING[self.permission]}.")
            raise NotAdmittedError(response) from error
        except HiddenError as error:
            response = page("problem.html", 404, problem="There is no such project, or it is not yours to see.")
            raise NotAdmittedError(response) from error


_Reader = Annotated[Access, Depends(_ByCookie(Permission.READ))]
_Owner = Annotated[Access, Depends(_ByCookie(Permission.CURATE))]


def pages_router(service: Service) -> APIRouter:
    """Every page. A reader who may not see one is asked to sign in, or told that there is no such page."""
    router = APIRouter(include_in_schema=False)
    _add_entrance(router, service)
    _add_signing_in(router, service)
    _add_signing_out(router, service)
    _add_packages(router, service)
    return router


def _add_entrance(router: APIRouter, service: Service) -> None:
    @router.get("/", dependencies=[_OWN_SESSION])
    async def home(request: Request) -> Response:
        try:
            project = await service.signing_in.home(sessions.read(request, service.settings.external_url))
        except UnauthenticatedError:
            return RedirectResponse(SIGN_IN, 303)
        return RedirectResponse(urls.packages_page_path(project.path), 303)

    @router.get("/-/style.css", dependencies=[_ENTRANCE])
    async def style() -> Response:
        return Response(stylesheet(), media_type="text/css", headers={"cache-control": "max-age=3600"})


def _add_signing_in(router: APIRouter, service: Service) -> None:
    @router.get(SIGN_IN, dependencies=[_ENTRANCE])
    async def sign_in_form(request: Request) -> Response:
        return page("sign_in.html", next=sessions.local_path(request.query_params.get("next", "/")))

    @router.post(SIGN_IN, dependencies=[_ENTRANCE])
    async def sign_in(request: Request) -> Response:
        form = await sessions.read_form(request)
        target = sessions.local_path(form.get("next", "/"))
        offered = Credential(form.get("username", ""), form.get("token", ""), address_of(request))
        try:
            secret = await service.signing_in.sign_in(offered)
        except TooManyFailuresError as error:
            refused = page("sign_in.html", 429, next=target, refused=True)
            refused.headers["retry-after"] = str(error.seconds)
            return refused
        except UnauthenticatedError:
            return page("sign_in.html", 401, next=target, refused=True)
        response = RedirectResponse(target, 303)
        sessions.write(response, request, secret, service.settings.external_url)
        return response


def _add_signing_out(router: APIRouter, service: Service) -> None:
    @router.post("/-/sign-out", dependencies=[_OWN_SESSION])
    async def sign_out(request: Request) -> Response:
        await sessions.read_form(request)
        secret = sessions.read(request, service.settings.external_url)
        if secret is not None:
            await service.signing_in.sign_out(secret)
        response = RedirectResponse(SIGN_IN, 303)
        sessions.clear(response, request, service.settings.external_url)
        return response


def _add_packages(router: APIRouter, service: Service) -> None:
    @router.get("/{project}/-/packages")
    async def packages(request: Request, access: _Reader) -> Response:
        releases = await service.browsing.releases(access.project)
        return page(
            "packages.html",
            project=access.project,
            releases=releases,
            shows_tokens=_owns(access),
            registry=_base_url(request, service),
            urls=urls,
        )

    @router.get("/{project}/-/tokens")
    async def tokens(access: _Owner) -> Response:
        listed = await service.minting.list_tokens(access.project.path)
        return page("tokens.html", project=access.project, tokens=listed, urls=urls)

    @router.get("/{project}/-/packages/{package_id:int}")
    async def package(request: Request, access: _Reader, package_id: int) -> Response:
        try:
            shown = await service.browsing.release(access.project, package_id)
        except NotFoundError:
            return page("problem.html", 404, problem="There is no such package in this project.")
        return page(
            "package.html", project=access.project, shown=shown, registry=_base_url(request, service), urls=urls
        )


def _owns(access: Access) -> bool:
    """Whether the reader may see the project's tokens; curating is never granted, so no grant is asked for."""
    return allows(access.principal, Permission.CURATE, access.project) is Decision.ALLOWED


def _base_url(request: Request, service: Service) -> str:
    return service.settings.external_url or str(request.base_url).rstrip("/")
