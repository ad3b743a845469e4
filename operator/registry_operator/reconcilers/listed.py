"""What the watches' first listing tells: the first looks see the same, so it asks for nothing by itself.

The listing fills the index of `routing` at once; only the passes that it would ask for wait. Each listed object is
compared by its version with what a first look was given. The same: nobody needs to look again. Another: whoever it
concerns gets a pass of its own.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, TypeAlias

Call: TypeAlias = Callable[[], None]
Event: TypeAlias = Mapping[str, Any]  # Any: an event of a watch, JSON as the API server sends it


class Listed:
    """Holds calls back until it is known whether they are needed; lives in one event loop and needs no lock."""

    def __init__(self, expected: AbstractSet[str] | None = None) -> None:
        """`expected` are the paths whose listings fill the index; None: there are no first looks."""
        self._source: tuple[str, str] | None = None
        self._told: dict[str, tuple[str, list[Call]]] = {}
        self._seen: dict[str, str] = {}
        self._finished: set[str] = set()
        self._finish = asyncio.Event()
        self._expected = expected or frozenset()
        self.over = expected is None

    @contextmanager
    def event(self, event: Event) -> Iterator[None]:
        """What goes through `call` in this block is about that event."""
        metadata = event["object"]["metadata"]
        uid = metadata.get("uid", "")
        if event["type"] is None and (not self.over or uid in self._seen):
            self._source = (uid, metadata.get("resourceVersion", ""))
        try:
            yield
        finally:
            self._source = None
            if event["type"] is not None:
                self._told.pop(uid, None)
            self._seen.pop(uid, None)

    def call(self, call: Call) -> None:
        """Call at once, unless a listing tells what the first looks see."""
        if self._source is None:
            call()
            return
        uid, version = self._source
        if uid not in self._seen:
            self._told.setdefault(uid, (version, []))[1].append(call)
        elif self._seen[uid] != version:
            call()

    @property
    def whole(self) -> bool:
        """Whether all that fills the index was listed."""
        return self._expected <= self._finished

    def finish(self, path: str) -> None:
        """The first listing at that path, or another one after it, is complete."""
        self._finished.add(path)
        self._finish.set()

    async def wait(self, paths: AbstractSet[str] | None = None) -> None:
        """Wait until the listings at these paths are complete, or all that fill the index."""
        while not (self._expected if paths is None else paths) <= self._finished:
            self._finish.clear()
            await self._finish.wait()

    def looked_at(self, body: Mapping[str, Any]) -> None:  # Any: an object as the API server has it
        """A first look is given this object."""
        uid, version = body["metadata"]["uid"], body["metadata"]["resourceVersion"]
        told, calls = self._told.pop(uid, (None, []))
        if told is None:
            self._seen[uid] = version
        elif told != version:
            for call in calls:
                call()

    def end(self) -> None:
        """No more first looks: what was told and not looked at is called."""
        self.over = True
        told, self._told = self._told, {}
        for _, calls in told.values():
            for call in calls:
                call()
