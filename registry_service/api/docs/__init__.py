"""What the API is, for programs (OpenAPI 3.1) and for people; anybody may read it, and nothing in it is secret."""

from functools import cache
from typing import Final

from fastapi import APIRouter, FastAPI, Response

from registry_service.api.docs.components import Described
from registry_service.api.docs.document import document
from registry_service.api.docs.reading import Section, sections
from registry_service.api.pages.templates import page
from registry_service.rendering.json import render

PAGE: Final = "/api/docs"
DOCUMENT: Final = "/api/docs/openapi.json"


def docs_router(app: FastAPI) -> APIRouter:
    """Routes that describe all others of `app`, which must be there before the first request."""
    router = APIRouter(include_in_schema=False)

    @cache
    def described() -> Described:
        return document(app)

    @cache
    def rendered() -> bytes:
        return render(described())

    @cache
    def read() -> tuple[Section, ...]:
        return sections(described())

    @router.head(DOCUMENT)
    @router.get(DOCUMENT)
    async def openapi() -> Response:
        # Tools that run in a browser come from elsewhere.
        return Response(rendered(), headers={"access-control-allow-origin": "*"}, media_type="application/json")

    @router.head(PAGE)
    @router.get(PAGE)
    async def docs() -> Response:
        return page("docs.html", document=described(), sections=read(), path=DOCUMENT)

    return router
