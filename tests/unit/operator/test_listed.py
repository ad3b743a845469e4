"""How the watches begin: in versions, in what is kept for the first looks, or in pages."""

import asyncio

from registry_operator.cluster.kinds import PYPI_REGISTRY, REGISTRY_TOKEN
from registry_operator.cluster.packed import Packed
from registry_operator.reconcilers.listed import Listed

PATH = REGISTRY_TOKEN.path(None)


def packed(*names: str) -> Packed:
    """Objects of those names in namespace `a`."""
    made = Packed()
    for name in names:
        made.add("a", f'{{"name": "{name}"}}')
    made.close()
    return made


def test_a_list_is_tried_whole_once_and_kept_until_another_one_comes() -> None:
    listed = Listed({PATH})
    assert [listed.try_whole(PATH), listed.try_whole(PATH), listed.try_whole("/other")] == [True, False, False]
    assert listed.kept.of(REGISTRY_TOKEN, "a") is None
    listed.finish(PATH, packed("ci"))
    assert listed.kept.of(REGISTRY_TOKEN, "a") == [{"name": "ci"}]
    assert listed.kept.of(REGISTRY_TOKEN, "b") == []
    listed.kept.drop(PYPI_REGISTRY, "b")
    listed.kept.drop(REGISTRY_TOKEN, "b")
    assert listed.kept.of(REGISTRY_TOKEN, "b") is None
    listed.finish(PATH)
    assert listed.kept.of(REGISTRY_TOKEN, "a") is None


def test_a_list_of_one_namespace_tells_nothing_of_others() -> None:
    listed = Listed({REGISTRY_TOKEN.path("a")})
    listed.finish(REGISTRY_TOKEN.path("a"), packed("ci"))
    assert listed.kept.of(REGISTRY_TOKEN, "a") == [{"name": "ci"}]
    assert listed.kept.of(REGISTRY_TOKEN, "b") is None


def test_nothing_is_kept_after_the_looks() -> None:
    listed = Listed({PATH})
    listed.finish(PATH, packed("ci"))
    listed.end()
    assert listed.over
    assert listed.kept.of(REGISTRY_TOKEN, "a") is None


def test_listings_are_waited_for() -> None:
    async def scenario() -> None:
        listed = Listed({"/a", "/b"})
        waiting = [asyncio.create_task(listed.wait({"/a"})), asyncio.create_task(listed.wait())]
        assert listed.expects("/a")
        listed.finish("/a")
        await waiting[0]
        assert (listed.whole, listed.expects("/a"), waiting[1].done()) == (False, False, False)
        listed.finish("/b")
        await waiting[1]
        assert listed.whole

    asyncio.run(scenario())


def test_the_looks_begin_when_no_watch_asks_for_a_version() -> None:
    async def scenario() -> None:
        listed = Listed({PATH})
        with listed.cutting():
            beginning = asyncio.create_task(listed.begin())
            await asyncio.sleep(0)  # the task's first step, which is all that it can do
            assert listed.begun
            assert not beginning.done()
        await beginning

    asyncio.run(scenario())


def test_without_first_looks_nothing_is_awaited() -> None:
    listed = Listed()
    assert (listed.over, listed.begun, listed.whole, listed.expects(PATH)) == (True, True, True, False)
