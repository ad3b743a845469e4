"""Small request bodies, read without trusting how long they say they are."""

from fastapi import Request


async def read_bounded(request: Request, limit: int) -> bytes | None:
    """The whole body, or None when it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)
