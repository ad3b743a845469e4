"""Pages and files as conditional, partial and encoded answers (RFC 9110)."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from registry_service.memory import Page
from registry_service.rendering.conditional import UnsatisfiableRangeError, is_unchanged, select_range
from registry_service.rendering.negotiation import Encoding, Representation
from registry_service.use_cases.downloading import Downloading, StoredBlob

# Any page may read what needs no credential: tools that run in a browser do.
ANYWHERE: Final = {"access-control-allow-origin": "*", "access-control-expose-headers": "*"}
_SANDBOX: Final = {"content-security-policy": "sandbox; default-src 'none'", "x-content-type-options": "nosniff"}
PAGE: Final = {
    **ANYWHERE,
    **_SANDBOX,
    "cache-control": "private, no-cache",
    "vary": "Accept, Accept-Encoding, Authorization",
}
_FILE: Final = {
    **ANYWHERE,
    **_SANDBOX,
    "cache-control": "private, max-age=31536000, immutable",
    "accept-ranges": "bytes",
    "vary": "Authorization",
}
# A client that reads slowly holds this much of a page, not a copy of it.
_SLICE_BYTES: Final = 64 * 1024


def page_answer(page: Page, representation: Representation, headers: Headers) -> Response:
    """A page, or that the client has it already."""
    answer = {**PAGE, "etag": page.etag}
    if is_unchanged(headers.get("if-none-match"), page.etag):
        return Response(status_code=304, headers=answer)
    answer |= {"content-type": representation, "content-length": str(len(page.body))}
    if page.encoding is not Encoding.IDENTITY:
        answer["content-encoding"] = page.encoding
    whole = len(page.body) <= _SLICE_BYTES
    return Response(page.body, 200, answer) if whole else StreamingResponse(_slices(page.body), 200, answer)


async def file_answer(downloading: Downloading, blob: StoredBlob, headers: Headers, *, with_body: bool) -> Response:
    """A file or one range of it, never encoded: installers hash what they receive. Raises StorageError."""
    etag = f'"{blob.sha256}"'
    if is_unchanged(headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={**_FILE, "etag": etag})
    # RFC 9110, section 14.2, knows ranges for GET alone: HEAD says how long the whole is.
    wanted = headers.get("range") if with_body else None
    try:
        part = select_range(wanted, headers.get("if-range"), etag=etag, size=blob.size)
    except UnsatisfiableRangeError:
        return Response(status_code=416, headers={**_FILE, "content-range": f"bytes */{blob.size}"})
    start, stop = (part.start, part.stop) if part else (0, blob.size)
    answer = {**_FILE, "etag": etag, "content-length": str(stop - start)}
    answer |= {"content-type": "application/octet-stream"}
    answer |= {"content-disposition": f'attachment; filename="{blob.filename}"'}
    if part:
        answer["content-range"] = f"bytes {start}-{stop - 1}/{blob.size}"
    if not with_body:
        return Response(status_code=200, headers=answer)
    stream = await _begun(downloading.read(blob, start, stop))
    return StreamingResponse(stream, 206 if part else 200, answer)


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _SLICE_BYTES):
        yield body[start : start + _SLICE_BYTES]


async def _begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Wait for the first chunk, so that a store that fails is an error and not a broken answer."""
    first = await anext(chunks, None)
    return _continued(first, chunks)


async def _continued(first: bytes | None, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first is not None:
        yield first
    async for chunk in chunks:
        yield chunk
