"""For how long keys have been waiting, running or failing, by a clock that the test sets."""

import asyncio
from dataclasses import dataclass, field

from registry_operator.work_queue import Backoff, Outcome, Result, WorkQueue


class SetTime:
    """A clock that the test sets; its timers never fire."""

    now = 100.0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, _callback: object, *_: object) -> "SetTime":
        del delay
        return self

    def cancel(self) -> None:
        return None

    def when(self) -> float:
        return self.now


@dataclass
class Times:
    """Remembers the seconds that an observer is told."""

    seconds: list[float] = field(default_factory=list)

    def added(self) -> None:
        return None

    def began(self, waited: float) -> None:
        self.seconds.append(waited)

    def ended(self, key: str, result: Result, took: float) -> None:
        del key, result
        self.seconds.append(took)


class Bench:
    """A queue with one worker, whose passes end with the given outcomes when the test lets them."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.clock, self.times, self._gate = SetTime(), Times(), asyncio.Semaphore(0)
        self.queue: WorkQueue[str] = WorkQueue(
            loop=self.clock, random=lambda: 0.0, backoff=Backoff(), observer=self.times
        )
        self._outcomes = list(outcomes)
        self._worker = asyncio.create_task(self.queue.work(self._reconcile))

    async def add(self, *keys: str) -> None:
        for key in keys:
            self.queue.add(key)
        await self.finish(0)

    async def finish(self, passes: int = 1) -> None:
        for _ in range(passes):
            self._gate.release()
        for _ in range(20):
            await asyncio.sleep(0)

    async def stop(self) -> None:
        self.queue.stop()
        await asyncio.wait_for(self._worker, timeout=5)

    def ages(self) -> tuple[float, float, float]:
        """How long the oldest key waits, runs and fails."""
        return self.queue.longest_wait(), self.queue.longest_run(), self.queue.longest_failure()

    async def _reconcile(self, _: str) -> Outcome:
        await self._gate.acquire()
        return self._outcomes.pop(0)


def test_ages_are_those_of_the_oldest_key_that_waits_and_runs() -> None:
    async def main() -> None:
        bench = Bench(Outcome(), Outcome())
        assert bench.ages() == (0, 0, 0)
        await bench.add("first", "second")
        bench.clock.now += 5
        assert bench.ages() == (5, 5, 0)
        await bench.finish()
        assert bench.ages() == (0, 0, 0)
        bench.clock.now += 2
        await bench.finish()
        assert bench.times.seconds == [0, 5, 5, 2]
        await bench.stop()

    asyncio.run(main())


def test_a_key_that_changes_while_it_runs_waits_from_then_on() -> None:
    async def main() -> None:
        bench = Bench(Outcome(), Outcome())
        await bench.add("a")
        bench.clock.now += 1
        await bench.add("a")
        bench.clock.now += 3
        await bench.finish(2)
        assert bench.times.seconds == [0, 4, 3, 0]
        await bench.stop()

    asyncio.run(main())


def test_a_key_fails_since_its_first_failure_until_it_succeeds() -> None:
    async def main() -> None:
        bench = Bench(Outcome(failed=True), Outcome(failed=True), Outcome(), Outcome(failed=True))
        found = []
        for _ in range(4):
            await bench.add("bad")
            await bench.finish()
            bench.clock.now += 4
            found.append(bench.queue.longest_failure())
        assert found == [4, 8, 0, 4]
        await bench.stop()

    asyncio.run(main())
