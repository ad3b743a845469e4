"""What a route needs of who asks: declared beside its path, decided before its function runs.

A route that declares nothing, or two things, keeps the service from starting (`require_declarations`). `reads` asks
the same use cases for the paths that it answers itself.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Protocol, runtime_checkable

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from registry_service.domain.access import GroupReader, Permission
from registry_service.domain.credentials import Credential, read_credential
from registry_service.errors import HiddenError
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.service import Service


@runtime_checkable
class Requirement(Protocol):
    """What a route needs. Calling it decides, and raises UnauthenticatedError, HiddenError or ForbiddenError."""

    @property
    def needs(self) -> str:
        """In words, for the table of all routes."""
        ...


@dataclass(frozen=True, slots=True)
class InProject:
    """A permission in the project that the path names."""

    permission: Permission

    @property
    def needs(self) -> str:
        """The permission."""
        return f"{self.permission} in the project"

    async def __call__(self, request: Request, project: str) -> Access:
        """Let a request into a project."""
        service = service_of(request)
        access = await service.authenticating.authorize(credential_of(request), self.permission, project)
        return replace(access, address=address_of(request))


@dataclass(frozen=True, slots=True)
class InGroup:
    """A token that may read, for the group that the path names."""

    needs: str = "read in the group"

    async def __call__(self, request: Request, registry: str) -> GroupReader:
        """Let a request read the group."""
        return await authorize_group(service_of(request), credential_of(request), registry)


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing, and why that is right."""

    why: str

    @property
    def needs(self) -> str:
        """The reason."""
        return f"nothing: {self.why}"

    async def __call__(self) -> None:
        """Let every request in."""


Reading = Annotated[Access, Depends(InProject(Permission.READ))]
Curating = Annotated[Access, Depends(InProject(Permission.CURATE))]
GroupReading = Annotated[GroupReader, Depends(InGroup())]


class UndeclaredRouteError(Exception):
    """A route does not declare, once, what it needs; the message names it."""


def require_declarations(app: FastAPI) -> None:
    """Refuse to serve a route that does not say what it needs. Raises UndeclaredRouteError."""
    for route in routes_of(app):
        if len(list(_requirements(route))) != 1:
            raise UndeclaredRouteError(f"{route.endpoint.__module__}: {route.path} must declare one requirement")


def routes_of(app: FastAPI) -> Iterator[APIRoute]:
    """Every route of an application's routers."""
    for included in app.routes:
        router = getattr(included, "original_router", None)
        yield from (route for route in getattr(router, "routes", [included]) if isinstance(route, APIRoute))


def requirement_of(route: APIRoute) -> Requirement:
    """What a route needs."""
    return next(_requirements(route))


def _requirements(route: APIRoute) -> Iterator[Requirement]:
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Requirement):
            yield dependency.call


async def authorize_group(service: Service, credential: Credential | None, registry: str) -> GroupReader:
    """Let a request read the group of this name. Raises UnauthenticatedError, HiddenError or ForbiddenError."""
    reader = await service.authenticating.authorize_group(credential)
    if registry != service.settings.registry_name:
        raise HiddenError("Group")
    return reader


def service_of(request: Request) -> Service:
    """The service that an application serves."""
    service: Service = request.app.state.service
    return service


def credential_of(request: HTTPConnection) -> Credential | None:
    """What a request offers to prove who it is."""
    return read_credential(request.headers, address_of(request))


def address_of(request: HTTPConnection) -> str:
    """Where a request comes from, as far as trusted proxies tell; empty when what they tell is no address."""
    host = request.client.host if request.client else ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ""
    return host
