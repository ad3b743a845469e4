"""The memory of pages: one copy, made once, and never more than was allowed."""

import asyncio

import pytest

from registry_service.memory.pages import OVERHEAD_BYTES, Page, PageMemory

pytestmark = pytest.mark.anyio


class _Maker:
    def __init__(self, body: bytes = b"") -> None:
        self.body, self.made, self.gate = body, 0, asyncio.Event()
        self.gate.set()

    async def __call__(self) -> Page:
        self.made += 1
        await self.gate.wait()
        return Page(self.body, '"tag"')


async def test_a_page_is_made_once_and_then_shared() -> None:
    memory, maker = PageMemory(), _Maker(b"page")
    assert await memory.get("key", maker) is await memory.get("key", maker)
    assert maker.made == 1


async def test_requests_at_once_wait_for_one_page_also_when_the_first_of_them_leaves() -> None:
    memory, maker = PageMemory(), _Maker(b"page")
    maker.gate.clear()
    first, second = (asyncio.create_task(memory.get("key", maker)) for _ in range(2))
    await asyncio.sleep(0)  # so that both have begun to wait
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    maker.gate.set()
    assert (await second).body == b"page"
    assert maker.made == 1


async def test_what_was_not_read_for_longest_makes_room() -> None:
    memory, maker = PageMemory(2 * (OVERHEAD_BYTES + 1)), _Maker(b"1")
    for key in ("old", "new", "old", "newest", "old", "newest"):
        await memory.get(key, maker)
    assert maker.made == 3
    await memory.get("new", maker)
    assert maker.made == 4


async def test_a_page_larger_than_the_memory_is_sent_and_not_kept() -> None:
    memory, large, small = PageMemory(OVERHEAD_BYTES + 10), _Maker(b"x" * 11), _Maker(b"x")
    await memory.get("small", small)
    for _ in range(2):
        await memory.get("large", large)
    await memory.get("small", small)
    assert (large.made, small.made) == (2, 1)


async def test_a_failure_is_not_remembered() -> None:
    memory, maker = PageMemory(), _Maker(b"page")

    async def fail() -> Page:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is the maker's own
        await memory.get("key", fail)
    assert (await memory.get("key", maker)).body == b"page"
