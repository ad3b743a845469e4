"""The read path, which exists once: Simple index, files and `.metadata`, hit or miss.

headers → credential → principal → `allows` → negotiate → page → conditional answer. Plain ASGI, called before
FastAPI's routing, because it carries nearly all requests.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from registry_service.api.answers import error_response
from registry_service.api.upload_form import drain
from registry_service.domain.access import Permission
from registry_service.domain.catalog import Project
from registry_service.domain.credentials import read_credential
from registry_service.errors import RegistryError
from registry_service.rendering import html, json
from registry_service.rendering.conditional import UnsatisfiableRangeError, is_unchanged, select_range
from registry_service.rendering.negotiation import Representation, negotiate
from registry_service.use_cases.browsing import UpstreamPage
from registry_service.use_cases.downloading import StoredBlob
from registry_service.use_cases.service import Service

_PATH: Final = re.compile(
    # hatch asks for `+simple` below the upload URL before it publishes, and skips what stands there.
    rb"/api/v4/projects/([^/]+)/packages/pypi/(?:((?:\+|%2[Bb])?simple)(?:/([^/]*))?/?|files/([0-9a-f]{64})/([^/]+))"
)
_SANDBOX: Final = {"content-security-policy": "sandbox; default-src 'none'", "x-content-type-options": "nosniff"}
# Any page may read what needs no credential: tools that run in a browser do.
_SHARED: Final = {**_SANDBOX, "access-control-allow-origin": "*"}
_PAGE: Final = {**_SHARED, "cache-control": "private, no-cache", "vary": "Accept, Authorization"}
_FILE: Final = {
    **_SHARED,
    "cache-control": "private, max-age=31536000, immutable",
    "accept-ranges": "bytes",
    "vary": "Authorization",
}


@dataclass(frozen=True, slots=True)
class Read:
    """What a URL asks for: an index page (of a package, or the root) or a file. `format` overrides Accept."""

    project: str
    package: str | None = None
    sha256: str | None = None
    filename: str = ""
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Reads:
    """Answers reads itself and leaves every other request to `otherwise`."""

    service: Service
    otherwise: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event, as ASGI has it."""
        wanted = match(scope["raw_path"]) if scope["type"] == "http" else None
        if wanted is None:
            await self.otherwise(scope, receive, send)
            return
        try:
            wanted = replace(wanted, format=QueryParams(scope["query_string"]).get("format"))
            response = await self.answer(scope["method"], wanted, Headers(scope=scope))
        except RegistryError as error:
            response = error_response(error)
        if scope["method"] == "POST":
            # Who publishes to the index's URL reads the answer once the body is sent.
            await drain(Request(scope, receive).stream(), limit=0)
        await response(scope, receive, send)

    async def answer(self, method: str, wanted: Read, headers: Headers) -> Response:
        """Answer one read. Raises RegistryError."""
        if method not in ("GET", "HEAD"):
            # uv asks a person who sees this whether they took the index for the upload URL.
            return Response(json.render({"error": "405 Not Allowed"}), 405, {"allow": "GET, HEAD"}, "application/json")
        credential = read_credential(headers)
        access = await self.service.authenticating.authorize(credential, Permission.READ, wanted.project)
        if wanted.sha256 is not None:
            blob = await self.service.downloading.find(access.project, wanted.sha256, wanted.filename)
            return await self._file(blob, headers, with_body=method == "GET")
        return await self._page(access.project, wanted, headers)

    async def _page(self, project: Project, wanted: Read, headers: Headers) -> Response:
        representation = negotiate(headers.get("accept"), wanted.format)
        if representation is None:
            body = json.render({"message": "406 Not Acceptable", "supported": list(Representation)})
            return Response(body, 406, {"vary": "Accept"}, "application/json")
        as_json = representation is Representation.JSON
        if wanted.package is None:
            root = await self.service.browsing.root(project)
            content = json.render_root(root) if as_json else html.render_root(root)
        else:
            page = await self.service.browsing.package(project, wanted.package)
            if isinstance(page, UpstreamPage):
                return Response(status_code=302, headers={"location": page.url, "cache-control": "no-store"})
            content = json.render_package(page) if as_json else html.render_package(page)
        etag = f'"{hashlib.sha256(representation.encode() + content).hexdigest()[:32]}"'
        if is_unchanged(headers.get("if-none-match"), etag):
            return Response(status_code=304, headers={**_PAGE, "etag": etag})
        return Response(content, 200, {**_PAGE, "etag": etag, "content-type": representation})

    async def _file(self, blob: StoredBlob, headers: Headers, *, with_body: bool) -> Response:
        etag = f'"{blob.sha256}"'
        if is_unchanged(headers.get("if-none-match"), etag):
            return Response(status_code=304, headers={**_FILE, "etag": etag})
        try:
            part = select_range(headers.get("range"), headers.get("if-range"), etag=etag, size=blob.size)
        except UnsatisfiableRangeError:
            return Response(status_code=416, headers={**_FILE, "content-range": f"bytes */{blob.size}"})
        start, stop = (part.start, part.stop) if part else (0, blob.size)
        answer = {**_FILE, "etag": etag, "content-length": str(stop - start)}
        answer |= {"content-type": "application/octet-stream"}
        answer |= {"content-disposition": f'attachment; filename="{blob.filename}"'}
        if part:
            answer["content-range"] = f"bytes {start}-{stop - 1}/{blob.size}"
        if not with_body:
            return Response(status_code=206 if part else 200, headers=answer)
        stream = await _begun(self.service.downloading.read(blob, start, stop))
        return StreamingResponse(stream, 206 if part else 200, answer)


def match(raw_path: bytes) -> Read | None:
    """Read a path as it was sent, so that an escaped slash stays part of its segment."""
    found = _PATH.fullmatch(raw_path)
    if found is None:
        return None
    project, simple, package, sha256, filename = (unquote(part or b"") for part in found.groups())
    if simple:
        return Read(project, package or None)
    return Read(project, sha256=sha256, filename=filename)


async def _begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Wait for the first chunk, so that a store that fails is an error and not a broken answer."""
    first = await anext(chunks, None)
    return _continued(first, chunks)


async def _continued(first: bytes | None, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first is not None:
        yield first
    async for chunk in chunks:
        yield chunk
