"""Attacks, and what is asked after each: the status, the others' service, their data, the planted secrets.

A test that takes `target` attacks a real process, and is judged at its end. One that takes `registry` attacks the
service composed in the test's own process. Of both the time and the peak memory are measured and bounded.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import environment
from tests.contract.conftest import database_url, migrated_file, readers, registry, wire
from tests.hostile.target import MAX_BYTES, MAX_SECONDS, MAX_WAIT_SECONDS, Target, attacked
from tests.hostile.watcher import memory

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["database_url", "migrated_file", "readers", "registry", "wire"]

EXTERNAL_URL = "https://registry.example"
_SPENT = pytest.StashKey[list["Spent"]]()


@dataclass(frozen=True, slots=True)
class Spent:
    """What one attack cost: seconds, and bytes at the peak: held by the attacked process, or gained by the test's."""

    name: str
    seconds: float
    memory: int


@pytest.fixture(scope="session")
def attacked_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One registry for all attacks; what it said is searched for secrets at the very end."""
    with attacked(tmp_path_factory.mktemp("attacked")) as made:
        yield made
        assert made.leaks() == {}


@pytest.fixture(scope="session")
def registry_behind_a_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One that trusts a proxy on this machine, and is reached at another address than its own."""
    variables = {environment.TRUSTED_PROXIES: "127.0.0.0/8", environment.EXTERNAL_URL: EXTERNAL_URL}
    with attacked(tmp_path_factory.mktemp("behind-a-proxy"), **variables) as made:
        yield made
        assert made.leaks() == {}


@pytest.fixture
def target(attacked_registry: Target) -> Iterator[Target]:
    """The registry under attack."""
    yield from _judged(attacked_registry)


@pytest.fixture
def proxied(registry_behind_a_proxy: Target) -> Iterator[Target]:
    """The registry that trusts whoever connects to be a proxy."""
    yield from _judged(registry_behind_a_proxy)


def _judged(attacked_one: Target) -> Iterator[Target]:
    """After the test: the registry lives, others were served, and nothing of theirs has changed or was seen."""
    before, start = attacked_one.others(), time.monotonic()
    attacked_one.received.clear()
    yield attacked_one
    looks = attacked_one.looks_since(start, start)
    assert {look.wrong for look in looks} == {"ok"}
    assert max(look.seconds for look in looks) < MAX_WAIT_SECONDS, "others had to wait"
    assert attacked_one.others() == before, "another team's rows or blobs have changed"
    assert attacked_one.leaks() == {}
    assert list(attacked_one.spools.iterdir()) == [], "a spool was left behind"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Measure each attack, and fail it when it costs too much."""
    if item.get_closest_marker("hostile") is None:
        yield
        return
    given = getattr(item, "funcargs", {})
    attacked_one = given.get("target") or given.get("proxied")
    process = Path(f"/proc/{attacked_one.pid if attacked_one else 'self'}")
    (process / "clear_refs").write_text("5")  # the peak starts anew
    rested = _peak(process) if attacked_one is None else 0
    start = time.monotonic()
    yield
    seconds = time.monotonic() - start
    peaks = [_peak(process) - rested]
    if attacked_one is not None:
        peaks += [memory(attacked_one.pid), *(look.memory for look in attacked_one.looks_since(start, start + seconds))]
    item.config.stash.setdefault(_SPENT, []).append(Spent(item.nodeid.partition("hostile/")[2], seconds, max(peaks)))
    assert max(peaks) <= MAX_BYTES, f"the attack took {max(peaks) >> 20} MiB"
    assert seconds <= MAX_SECONDS, f"the attack took {seconds:.1f} s"


def _peak(process: Path) -> int:
    status = (process / "status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what each attack cost."""
    spent = config.stash.get(_SPENT, [])
    if not spent:
        return
    terminalreporter.section("peak memory and time per attack")
    for one in spent:
        terminalreporter.write_line(f"{one.memory / 2**20:7.1f} MiB {one.seconds:6.2f} s  {one.name}")
