"""The queue's promises, on a loop whose timers the test fires itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from registry_operator.work_queue import Backoff, Outcome, Result, WorkQueue

BACKOFF = Backoff(first=1.0, growth=2.0, longest=10.0, jitter=0.5)


@dataclass
class Notes:
    """Remembers what an observer is told; seconds are not."""

    told: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def added(self) -> None:
        self.told.append("added")

    def began(self, waited: float) -> None:
        self.told.append("began")
        self.seconds.append(waited)

    def ended(self, key: str, result: Result, took: float) -> None:
        self.told.append(f"{key} {result}")
        self.seconds.append(took)


@dataclass
class Bench:
    """A queue with one worker; each pass waits until the test lets it end."""

    queue: WorkQueue[str]
    notes: Notes
    passes: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def reconcile(self, key: str) -> Outcome:
        self.passes.append(key)
        await self.gate.acquire()
        return self.outcomes.pop(0) if self.outcomes else Outcome()

    async def settle(self) -> None:
        """Let everything run that can run without time passing."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def finish_pass(self) -> None:
        self.gate.release()
        await self.settle()


class PassingTime:
    """The one thing that the queue asks a loop for, without the waiting: notes each delay."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.delays: list[float] = []

    def time(self) -> float:
        return self.loop.time()

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> asyncio.TimerHandle:
        self.delays.append(delay)
        return self.loop.call_later(0, callback, *args)


def drive(scenario: Callable[[Bench], Awaitable[None]], *, workers: int = 1, waiting: bool = True) -> list[float]:
    """Run a scenario against `workers` workers; returns the delays that were asked for if there is no `waiting`."""

    async def main() -> list[float]:
        time = PassingTime(asyncio.get_running_loop())
        clock = time.loop if waiting else time
        notes = Notes()
        queue: WorkQueue[str] = WorkQueue(loop=clock, random=lambda: 0.5, backoff=BACKOFF, observer=notes)
        bench = Bench(queue, notes)
        tasks = [asyncio.create_task(queue.work(bench.reconcile)) for _ in range(workers)]
        await bench.settle()
        await scenario(bench)
        queue.stop()
        for _ in range(100):
            bench.gate.release()
        await asyncio.wait_for(asyncio.gather(*tasks), timeout=5)
        return time.delays

    return asyncio.run(main())


def test_a_key_waits_at_most_once() -> None:
    async def scenario(bench: Bench) -> None:
        for key in ("busy", "a", "a", "b", "a"):
            bench.queue.add(key)
        await bench.settle()
        for _ in range(4):
            await bench.finish_pass()
        assert bench.passes == ["busy", "a", "b"]

    drive(scenario)


def test_a_key_is_never_in_two_workers_and_runs_once_more_when_it_changes_meanwhile() -> None:
    async def scenario(bench: Bench) -> None:
        bench.queue.add("a")
        await bench.settle()
        for _ in range(3):
            bench.queue.add("a")
        await bench.settle()
        assert bench.passes == ["a"]
        await bench.finish_pass()
        assert bench.passes == ["a", "a"]
        await bench.finish_pass()
        assert bench.passes == ["a", "a"]

    drive(scenario, workers=3)


def test_different_keys_run_side_by_side_up_to_the_number_of_workers() -> None:
    async def scenario(bench: Bench) -> None:
        for key in ("a", "b", "c"):
            bench.queue.add(key)
        await bench.settle()
        assert bench.passes == ["a", "b"]
        assert len(bench.queue) == 1

    drive(scenario, workers=2)


def test_failures_wait_longer_and_longer_and_success_forgets_them() -> None:
    delays = [BACKOFF.delay(failures, lambda: 0.0) for failures in range(1, 7)]
    assert delays == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert BACKOFF.delay(1, lambda: 0.999) == pytest.approx(1.5, abs=0.01)
    assert BACKOFF.delay(10**9, lambda: 0.0) == 10.0

    async def scenario(bench: Bench) -> None:
        bench.outcomes = [Outcome(failed=True), Outcome(failed=True), Outcome(), Outcome(failed=True)]
        bench.queue.add("a")
        await bench.settle()
        for _ in range(3):
            await bench.finish_pass()
        bench.queue.add("a")
        await bench.settle()
        await bench.finish_pass()

    assert drive(scenario, waiting=False) == [1.25, 2.5, 1.25]


def test_an_event_does_not_wait_for_a_timer_of_its_key() -> None:
    async def scenario(bench: Bench) -> None:
        bench.queue.add_after("a", 3600)
        bench.queue.add_after("a", 7200)
        await bench.settle()
        assert bench.passes == []
        bench.queue.add("a")
        await bench.settle()
        assert bench.passes == ["a"]

    drive(scenario)


def test_the_earlier_of_two_timers_counts() -> None:
    async def scenario(bench: Bench) -> None:
        bench.queue.add_after("a", 3600)
        bench.queue.add_after("a", 0)
        await bench.settle()
        assert bench.passes == ["a"]

    drive(scenario)


def test_a_pass_that_raises_counts_as_a_failure_and_the_worker_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        loop, notes = asyncio.get_running_loop(), Notes()
        queue: WorkQueue[str] = WorkQueue(loop=loop, random=lambda: 0.0, backoff=BACKOFF, observer=notes)
        done = asyncio.Event()

        async def reconcile(key: str) -> Outcome:
            if key == "bad":
                raise RuntimeError("unforeseen")
            done.set()
            return Outcome()

        worker = asyncio.create_task(queue.work(reconcile))
        queue.add("bad")
        queue.add("good")
        await asyncio.wait_for(done.wait(), timeout=5)
        queue.stop()
        await asyncio.wait_for(worker, timeout=5)
        assert "bad failed" in notes.told

    asyncio.run(main())
    assert "unforeseen" in caplog.text


def test_stopping_lets_the_running_pass_end_and_takes_no_more_keys() -> None:
    async def scenario(bench: Bench) -> None:
        bench.queue.add("a")
        bench.queue.add("b")
        await bench.settle()
        bench.queue.stop()
        bench.queue.add("c")
        bench.queue.add_after("d", 0)
        await bench.finish_pass()
        assert bench.passes == ["a"]

    drive(scenario)


def test_an_observer_is_told_of_each_key_that_waits_of_each_pass_and_how_it_ended() -> None:
    async def scenario(bench: Bench) -> None:
        bench.outcomes = [Outcome(failed=True), Outcome(again_after=3600), Outcome()]
        for _ in range(2):
            bench.queue.add("a")
        await bench.settle()
        bench.queue.add("a")
        for _ in range(2):
            await bench.finish_pass()
        first, again = ["added", "began"], ["added", "a failed", "began"]
        assert bench.notes.told == [*first, *again, "a requeued"]
        bench.queue.add("a")
        await bench.settle()
        await bench.finish_pass()
        assert bench.notes.told[-3:] == ["added", "began", "a done"]
        assert all(0 <= seconds < 5 for seconds in bench.notes.seconds)

    drive(scenario)
