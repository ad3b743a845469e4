"""What a watch's first listing asks for, beside what the first looks are given."""

import asyncio
from typing import Any

from registry_operator.reconcilers.listed import Listed


def event(version: str, kind: str | None = None, uid: str = "u") -> dict[str, Any]:  # Any: an event
    return {"type": kind, "object": body(version, uid)}


def body(version: str, uid: str = "u") -> dict[str, Any]:  # Any: a body
    return {"metadata": {"uid": uid, "resourceVersion": version}}


class Calls:
    """A Listed, and the calls that came through."""

    def __init__(self, listed: Listed | None = None) -> None:
        self.listed = listed or Listed(frozenset())
        self.made: list[str] = []

    def tell(self, event: dict[str, Any], *names: str) -> list[str]:  # Any: an event
        """What has come through once an event asked for these."""
        with self.listed.event(event):
            for name in names:
                self.listed.call(lambda name=name: self.made.append(name))  # type: ignore[misc]  # a default in a lambda
        return self.made


def test_what_the_first_look_sees_in_the_same_version_asks_for_nothing() -> None:
    before, after = Calls(), Calls()
    assert before.tell(event("1"), "a", "b") == []
    before.listed.looked_at(body("1"))
    after.listed.looked_at(body("1"))
    assert after.tell(event("1"), "a", "b") == []
    for calls in (before, after):
        calls.listed.end()
        assert calls.made == []


def test_another_version_asks_whichever_came_first() -> None:
    before, after = Calls(), Calls()
    before.tell(event("1"), "a", "b")
    before.listed.looked_at(body("2"))
    assert before.made == ["a", "b"]
    after.listed.looked_at(body("2"))
    assert after.tell(event("1"), "a", "b") == ["a", "b"]


def test_what_no_first_look_saw_asks_at_the_end() -> None:
    calls = Calls()
    calls.tell(event("1"), "a")
    calls.tell(event("1", uid="other"), "b")
    calls.listed.looked_at(body("1"))
    calls.listed.end()
    assert calls.made == ["b"]
    assert calls.tell(event("2"), "c") == ["b", "c"]


def test_a_change_asks_at_once_and_makes_what_was_listed_old() -> None:
    calls = Calls()
    calls.tell(event("1"), "a")
    assert calls.tell(event("2", "MODIFIED"), "b") == ["b"]
    calls.listed.end()
    assert calls.made == ["b"]


def test_without_first_looks_a_listing_asks_at_once() -> None:
    calls = Calls(Listed())
    assert calls.tell(event("1"), "a") == ["a"]


def test_listings_are_waited_for() -> None:
    async def scenario() -> None:
        listed = Listed({"/a", "/b"})
        waiting = [asyncio.create_task(listed.wait({"/a"})), asyncio.create_task(listed.wait())]
        listed.finish("/a")
        await waiting[0]
        assert (listed.whole, waiting[1].done()) == (False, False)
        listed.finish("/b")
        await waiting[1]
        assert listed.whole

    asyncio.run(scenario())
