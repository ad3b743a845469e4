"""How a route of FastAPI's asks who may do what; `reads` does the same for its own."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import Request

from registry_service.domain.access import Permission, Principal
from registry_service.domain.credentials import read_credential
from registry_service.errors import HiddenError
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.service import Service


async def authorize(service: Service, request: Request, project: str, permission: Permission) -> Access:
    """Let a request into a project. Raises UnauthenticatedError, HiddenError or ForbiddenError."""
    access = await service.authenticating.authorize(read_credential(request.headers), permission, project)
    return replace(access, address=address_of(request))


def address_of(request: Request) -> str:
    """Where a request comes from, as far as trusted proxies tell."""
    return request.client.host if request.client else ""


async def authorize_group(service: Service, headers: Mapping[str, str], registry: str) -> Principal:
    """Let a request read the group of this name. Raises UnauthenticatedError, HiddenError or ForbiddenError."""
    reader = await service.authenticating.authorize_group(read_credential(headers))
    if registry != service.settings.registry_name:
        raise HiddenError("Group")
    return reader
