"""The tokens of a project, and revoking one by possession (design section 5)."""

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from registry_service.api.authorization import Curating, Nothing, address_of
from registry_service.api.bodies import read_object, text_of
from registry_service.api.docs import keeping
from registry_service.rendering.token_list import render_tokens
from registry_service.use_cases.service import Service

MAX_BODY_BYTES: Final = 4096
_TOKENS: Final = "/api/v1/projects/{project}/tokens"
_POSSESSION: Final = Depends(Nothing("who holds a token may end it"))


def tokens_router(service: Service) -> APIRouter:
    """Which tokens there are, for who may change the project; and the end of one that leaked."""
    router = APIRouter()

    @router.head(_TOKENS, include_in_schema=False)
    @router.get(_TOKENS, **keeping.LIST_TOKENS)
    async def list_tokens(access: Curating) -> Response:
        listed = await service.minting.list_tokens(access.project.path)
        return Response(render_tokens(listed), media_type="application/json")

    @router.post("/api/v1/tokens/revoke", status_code=204, dependencies=[_POSSESSION], **keeping.REVOKE_TOKEN)
    async def revoke_token(request: Request) -> Response:
        token = text_of(await read_object(request, MAX_BODY_BYTES), "token")
        holder = await service.authenticating.identify_found(token, address_of(request))
        await service.minting.revoke_by_possession(holder, address_of(request))
        return Response(status_code=204)

    return router
