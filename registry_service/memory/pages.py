"""Rendered pages, shared by all requests: a long page exists once, however many clients read it.

A key carries the serials of what its page shows, so that a changed package has another key, and what nobody asks for
any more is forgotten first.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final

from registry_service.rendering.negotiation import Encoding

MAX_BYTES: Final = 32 * 1024 * 1024
# Beside its body: the key, the tag and what Python adds.
OVERHEAD_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is sent: its bytes, encoded or not, and their strong validator."""

    body: bytes
    etag: str
    encoding: Encoding = Encoding.IDENTITY


class PageMemory:
    """Keeps up to `max_bytes` of pages, the most recently used ones, and makes each of them once at a time."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Page] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Page]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Page]]) -> Page:
        """The page for a key; requests for a page that is being made wait for it together. Raises what `make` does."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.create_task(self._make(key, make))
        # A client that leaves must not take the page from the others who wait for it.
        return await asyncio.shield(making)

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[Page]]) -> Page:
        try:
            page = await make()
        finally:
            del self._making[key]
        self._keep(key, page)
        return page

    def _keep(self, key: Hashable, page: Page) -> None:
        size = len(page.body) + OVERHEAD_BYTES
        if size > self._max_bytes:
            return
        self._kept[key] = page
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.body) + OVERHEAD_BYTES
