"""How a route of FastAPI's asks who may do what; `reads` does the same for its own."""

from dataclasses import replace

from fastapi import Request

from registry_service.domain.access import Permission
from registry_service.domain.credentials import read_credential
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.service import Service


async def authorize(service: Service, request: Request, project: str, permission: Permission) -> Access:
    """Let a request into a project. Raises UnauthenticatedError, HiddenError or ForbiddenError."""
    access = await service.authenticating.authorize(read_credential(request.headers), permission, project)
    return replace(access, address=address_of(request))


def address_of(request: Request) -> str:
    """Where a request comes from, as far as trusted proxies tell."""
    return request.client.host if request.client else ""
