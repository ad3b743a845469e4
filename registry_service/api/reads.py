"""The read path, which exists once: Simple index, files, `.metadata` and provenance, hit or miss.

headers → credential → principal → `allows` → negotiate → page → conditional answer. Plain ASGI, called before
FastAPI's routing, because it carries nearly all requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from registry_service.api.answers import error_response
from registry_service.api.authorization import authorize_group, credential_of
from registry_service.api.read_answers import ANYWHERE, PAGE, file_answer, listed, page_answer
from registry_service.api.read_paths import FileRead, IndexRead, ProvenanceRead, ReadPath, match
from registry_service.api.upload_form import drain
from registry_service.domain.access import Permission
from registry_service.domain.credentials import Credential
from registry_service.errors import RegistryError
from registry_service.rendering import json, provenance
from registry_service.rendering.negotiation import Representation, accepts, negotiate, negotiate_encoding
from registry_service.use_cases.indexing import Form, UpstreamPage
from registry_service.use_cases.places import GroupPlace, Place, ProjectPlace
from registry_service.use_cases.service import Service

READ_METHODS: Final = ("GET", "HEAD")
# What a script in a browser may send (the Fetch standard's preflight); credentials of its own it has none.
_PREFLIGHT: Final = {
    **ANYWHERE,
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "accept, if-none-match, if-range, range",
    "access-control-max-age": "86400",
}


@dataclass(frozen=True, slots=True)
class Reads:
    """Answers reads itself and leaves every other request to `otherwise`."""

    service: Service
    otherwise: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event, as ASGI has it."""
        path = match(scope["raw_path"]) if scope["type"] == "http" else None
        if path is None:
            await self.otherwise(scope, receive, send)
            return
        try:
            response = await self._answer(scope, path)
        except RegistryError as error:
            response = error_response(error, ANYWHERE)
        if scope["method"] == "POST":
            # Who publishes to the index's URL reads the answer once the body is sent.
            await drain(Request(scope, receive).stream(), limit=0)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, path: ReadPath) -> Response:
        """Answer one read. Raises RegistryError."""
        method, headers = scope["method"], Headers(scope=scope)
        if method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        if method not in READ_METHODS:
            # uv asks a person who sees this whether they took the index for the upload URL.
            return _refusal(405, {"error": "405 Not Allowed"}, {"allow": "GET, HEAD, OPTIONS"})
        place = await self._place(path, credential_of(HTTPConnection(scope)))
        match path.wanted:
            case FileRead(sha256, filename):
                blob = await self.service.downloading.find(place, sha256, filename)
                return await file_answer(self.service.downloading, blob, headers, with_body=method == "GET")
            case ProvenanceRead() as wanted:
                return await self._provenance(place, wanted, headers)
            case IndexRead(package):
                form = QueryParams(scope["query_string"]).get("format")
                return await self._page(place, package, headers, form)

    async def _place(self, path: ReadPath, credential: Credential | None) -> Place:
        """Let a request in. Raises UnauthenticatedError, HiddenError, ForbiddenError."""
        if path.group:
            return GroupPlace(path.group, await authorize_group(self.service, credential, path.group))
        access = await self.service.authenticating.authorize(credential, Permission.READ, path.project)
        return ProjectPlace(access.project)

    async def _page(self, place: Place, package: str | None, headers: Headers, wanted: str | None) -> Response:
        representation = negotiate(listed(headers, "accept"), wanted)
        if representation is None:
            body = {"message": "406 Not Acceptable", "supported": list(Representation)}
            return _refusal(406, body, {"vary": PAGE["vary"]})
        form = Form(representation, negotiate_encoding(listed(headers, "accept-encoding")))
        if package is None:
            return page_answer(await self.service.indexing.root(place, form), representation, headers)
        page = await self.service.indexing.package(place, package, form)
        if isinstance(page, UpstreamPage):
            return Response(status_code=302, headers={**ANYWHERE, "location": page.url, "cache-control": "no-store"})
        return page_answer(page, representation, headers)

    async def _provenance(self, place: Place, wanted: ProvenanceRead, headers: Headers) -> Response:
        if not accepts(listed(headers, "accept"), provenance.CONTENT_TYPE):
            return _refusal(406, {"message": "406 Not Acceptable", "supported": [provenance.CONTENT_TYPE]}, {})
        content = await self.service.downloading.provenance(place, wanted.package, wanted.version, wanted.filename)
        return Response(content, 200, PAGE, provenance.CONTENT_TYPE)


def _refusal(status: int, body: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    return Response(json.render(body), status, {**ANYWHERE, **headers}, "application/json")
