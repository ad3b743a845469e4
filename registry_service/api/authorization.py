"""How a route of FastAPI's asks who may do what; `reads` does the same for its own."""

from fastapi import Request

from registry_service.domain.access import Permission
from registry_service.domain.credentials import read_credential
from registry_service.use_cases.authenticating import Access
from registry_service.use_cases.service import Service


async def authorize(service: Service, request: Request, project: str, permission: Permission) -> Access:
    """Let a request into a project. Raises UnauthenticatedError, HiddenError or ForbiddenError."""
    return await service.authenticating.authorize(read_credential(request.headers), permission, project)
