"""The work queue: controller-runtime's semantics for asyncio.

Events carry nothing but a key; what to do is read again at the start of each pass. Hence the three promises:
a key waits at most once, no two workers ever hold the same key, and a key that is added while its pass runs
is passed once more. The queue is bounded by the number of keys that exist.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
K_contra = TypeVar("K_contra", bound=Hashable, contravariant=True)

_log: Final = logging.getLogger(__name__)


class Timer(Protocol):
    """A scheduled call that can be taken back; `asyncio.TimerHandle` is one."""

    def cancel(self) -> None:
        """Take the call back."""

    def when(self) -> float:
        """Loop time of the call, in seconds."""


class Clock(Protocol):
    """The part of an event loop that tells time; every asyncio loop is one."""

    def time(self) -> float:
        """Seconds since some moment."""

    def call_later(self, delay: float, callback: Callable[[K], object], key: K, /) -> Timer:
        """Have `callback(key)` called in `delay` seconds."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays between failures of one key, in seconds: `first`, times `growth` after each, at most `longest`.

    Growth by a quarter means that whatever a key waits for (a pod that starts) is noticed after a fifth more time
    than it took. `jitter` is a share of the delay (0.2 = up to a fifth more), so that keys that failed together part.
    """

    first: float = 0.5
    growth: float = 1.25
    longest: float = 60.0
    jitter: float = 0.2

    def delay(self, failures: int, random: Callable[[], float]) -> float:
        """Delay after the given number of failures in a row (1 or more); `random()` is in [0, 1)."""
        # The exponent is bounded because a float is: growth ** 10000 overflows.
        bare = min(self.longest, self.first * self.growth ** min(failures - 1, 1000))
        return bare * (1.0 + self.jitter * random())


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pass ended: `again_after` seconds from now look again; a failure waits for the backoff instead."""

    again_after: float | None = None
    failed: bool = False

    @property
    def result(self) -> "Result":
        """The outcome in one word."""
        if self.failed:
            return Result.FAILED
        return Result.DONE if self.again_after is None else Result.REQUEUED


class Result(StrEnum):
    """How a pass ended, as metrics count it."""

    DONE = "done"
    REQUEUED = "requeued"
    FAILED = "failed"


class Observer(Protocol[K_contra]):
    """Who is told what happens to keys; times are in seconds. What it does must be quick and must not fail."""

    def added(self) -> None:
        """A key began to wait."""

    def began(self, waited: float) -> None:
        """A pass began, of a key that had waited so long."""

    def ended(self, key: K_contra, result: Result, took: float) -> None:
        """A pass over `key` ended; one that failed is tried again."""


@dataclass(frozen=True, slots=True)
class _Failures:
    """Failures of one key in a row: how many, and the loop time of the first."""

    count: int
    since: float


class WorkQueue(Generic[K]):
    """Keys that wait for a pass; lives in one event loop and needs no lock."""

    def __init__(self, *, loop: Clock, random: Callable[[], float], backoff: Backoff, observer: Observer[K]) -> None:
        self._loop = loop
        self._random = random
        self._backoff = backoff
        self._observer = observer
        # Each with the loop time of its beginning; a dict keeps the order of arrival.
        self._waiting: dict[K, float] = {}
        self._running: dict[K, float] = {}
        self._again: dict[K, float] = {}
        self._timers: dict[K, Timer] = {}
        self._failures: dict[K, _Failures] = {}
        self._stopping = False
        self._ready = asyncio.Event()

    def __len__(self) -> int:
        """Count the keys that wait to be passed now, timers not included."""
        return len(self._waiting) + len(self._again)

    def longest_wait(self) -> float:
        """For how many seconds the first key in the queue has been waiting; 0 when none is."""
        return self._age(self._waiting.values())

    def longest_run(self) -> float:
        """For how many seconds the oldest pass has been running; 0 when none is."""
        return self._age(self._running.values())

    def longest_failure(self) -> float:
        """For how many seconds some key has been failing without one success; 0 when the last passes all succeeded."""
        return self._age(failures.since for failures in self._failures.values())

    def add(self, key: K) -> None:
        """Have `key` passed as soon as a worker is free."""
        if self._stopping:
            return
        self._forget_timer(key)
        waiting = self._again if key in self._running else self._waiting
        if key not in waiting:
            waiting[key] = self._loop.time()
            self._ready.set()
            self._observer.added()

    def add_after(self, key: K, delay: float) -> None:
        """Have `key` passed in `delay` seconds, or earlier if something else asks for it first."""
        if self._stopping:
            return
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= self._loop.time() + delay:
            return
        self._forget_timer(key)
        self._timers[key] = self._loop.call_later(delay, self.add, key)

    async def work(self, reconcile: Callable[[K], Awaitable[Outcome]]) -> None:
        """Be one worker until `stop`. An exception of a pass is logged and counts as a failure of its key."""
        while (key := await self._next()) is not None:
            outcome = Outcome(failed=True)
            try:
                outcome = await reconcile(key)
            except Exception:  # noqa: BLE001 - a worker outlives every pass; what a pass does not foresee is logged
                _log.exception("A pass over %s failed unexpectedly", key)
            finally:
                self._done(key, outcome)

    def stop(self) -> None:
        """Take no more keys; workers end with the pass that they are in."""
        self._stopping = True
        for key in list(self._timers):
            self._forget_timer(key)
        self._ready.set()

    async def _next(self) -> K | None:
        while not self._stopping and not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        if self._stopping:
            return None
        key = next(iter(self._waiting))
        now = self._loop.time()
        self._observer.began(now - self._waiting.pop(key))
        self._running[key] = now
        return key

    def _done(self, key: K, outcome: Outcome) -> None:
        now = self._loop.time()
        self._observer.ended(key, outcome.result, now - self._running.pop(key))
        former = self._failures.pop(key, _Failures(0, now))
        if outcome.failed:
            self._failures[key] = failures = _Failures(former.count + 1, former.since)
            self.add_after(key, self._backoff.delay(failures.count, self._random))
        elif outcome.again_after is not None:
            self.add_after(key, outcome.again_after)
        if key in self._again and not self._stopping:
            self._forget_timer(key)
            self._waiting[key] = self._again.pop(key)
            self._ready.set()

    def _age(self, moments: Iterable[float]) -> float:
        return max((self._loop.time() - moment for moment in moments), default=0.0)

    def _forget_timer(self, key: K) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()


class Workers(Generic[K]):
    """The workers of a queue: they start once, and end with their passes or at once."""

    def __init__(self, queue: WorkQueue[K], reconcile: Callable[[K], Awaitable[Outcome]]) -> None:
        self._queue = queue
        self._reconcile = reconcile
        self._tasks: Sequence[asyncio.Task[None]] = ()

    def start(self, count: int) -> None:
        """Begin to pass what waits in the queue, `count` keys at a time."""
        self._tasks = [asyncio.create_task(self._queue.work(self._reconcile)) for _ in range(count)]

    async def end(self, deadline: float) -> None:
        """Take no more keys; running passes get `deadline` seconds to end, then they are cancelled."""
        self._queue.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=deadline)
            for task in late:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
