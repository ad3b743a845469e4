"""Several calls at a time, but not all at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Enough to make up for the way to the API server, few enough that one namespace does not crowd out the others.
LIMIT: Final = 8


async def in_parallel(function: Callable[[T], Awaitable[R]], items: Iterable[T]) -> list[R]:
    """Call `function` for each item, LIMIT at a time; the results are in the order of the items."""
    gate = asyncio.Semaphore(LIMIT)

    async def call(item: T) -> R:
        async with gate:
            return await function(item)

    return list(await asyncio.gather(*(call(item) for item in items)))
