"""How the watches begin: what their first listing shows is kept for the first looks, which read all else themselves.

A watch goes on from the version of its list, so whatever changes later comes as an event. Before the looks have begun
an event drops what was kept, afterwards it takes its key out of the looks. So a look may take what is no older than
the list of the watch on that kind: either that list itself, or one that is read after it.
"""

import asyncio
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager

from registry_operator.cluster.packed import KeptLists, Packed


class Listed:
    """Lives in one event loop and needs no lock. `over`: there are no first looks, or no more."""

    def __init__(self, expected: AbstractSet[str] | None = None) -> None:
        """`expected` are the paths whose listings fill the index and are kept; None: there are no first looks."""
        self._finished: set[str] = set()
        self._tried: set[str] = set()
        self.kept = KeptLists()
        self._news = asyncio.Event()
        self._cutting = 0
        self._expected = expected or frozenset()
        self.over = self.begun = expected is None

    @property
    def whole(self) -> bool:
        """Whether all that fills the index was listed."""
        return self._expected <= self._finished

    def expects(self, path: str) -> bool:
        """Whether the listing at that path is one that fills the index, and has not been complete yet."""
        return path in self._expected and path not in self._finished

    def try_whole(self, path: str) -> bool:
        """Whether to try and get the listing at that path whole, to be kept: it is tried once, then read in pages."""
        tried = path in self._tried
        self._tried.add(path)
        return self.expects(path) and not tried

    def finish(self, path: str, kept: Packed | None = None) -> None:
        """A listing at that path is complete; `kept` is what it showed, if that was not in pages."""
        self._finished.add(path)
        self.kept.keep(path, kept)
        self._news.set()

    async def wait(self, paths: AbstractSet[str] | None = None) -> None:
        """Wait until the listings at these paths are complete, or all that fill the index."""
        while not (self._expected if paths is None else paths) <= self._finished:
            self._news.clear()
            await self._news.wait()

    @contextmanager
    def cutting(self) -> Iterator[None]:
        """In this block a watch asks for a version only, not for what there is: only before the looks have begun."""
        self._cutting += 1
        try:
            yield
        finally:
            self._cutting -= 1
            self._news.set()

    async def begin(self) -> None:
        """Begin the looks: what they read from now on is no older than what the watches go on from."""
        self.begun = True
        while self._cutting:
            self._news.clear()
            await self._news.wait()

    def end(self) -> None:
        """No more first looks, but for those that were handed over."""
        self.over = True
        self.kept = KeptLists()
