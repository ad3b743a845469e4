"""Small request bodies, read without trusting how long they say they are."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request

from registry_service.errors import RefusedError


async def read_bounded(request: Request, limit: int) -> bytes | None:
    """The whole body, or None when it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


async def read_object(request: Request, limit: int) -> Mapping[str, Any]:  # Any: JSON as a client sent it
    """A JSON object of at most `limit` bytes; no body is an empty one. Raises RefusedError."""
    body = await read_bounded(request, limit)
    if body is None:
        raise RefusedError(f"The body is larger than {limit} bytes")
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise RefusedError("The body is not JSON") from error
    if not isinstance(given, dict):
        raise RefusedError("The body must be a JSON object")
    return given


def text_of(body: Mapping[str, Any], name: str, default: str | None = None) -> str:  # Any: as above
    """A member of a body that is a text; without a default it must be there. Raises RefusedError."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise RefusedError(f'The body\'s "{name}" must be a text')
    return value
