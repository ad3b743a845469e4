"""Remembers how each test marked `outcome` went, and with `--outcomes` prints sentence, test and result."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_CACHE: Final = "outcomes/results"
# The worst of a test's cases is the test's result.
_WORST_FIRST: Final = ("failed", "skipped", "not run", "passed")
_results = pytest.StashKey[dict[str, str]]()
_marked = pytest.StashKey[list[tuple[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", action="store_true", help="list outcome sentences, their tests and last results")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_results] = {}
    config.stash[_marked] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    marked = [(mark.args[0], item.nodeid) for item in items for mark in item.iter_markers("outcome")]
    config.stash[_marked] = sorted(marked)
    if config.getoption("--outcomes"):
        items.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if item.get_closest_marker("outcome") and (report.when == "call" or report.outcome != "passed"):
        item.config.stash[_results][item.nodeid] = report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--outcomes"):
        # To list is to run nothing, which is what was asked for.
        session.exitstatus = pytest.ExitCode.OK
    cache, results = session.config.cache, session.config.stash[_results]
    if results and cache is not None:
        cache.set(_CACHE, {**cache.get(_CACHE, {}), **results})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("--outcomes") or config.cache is None:
        return
    results: dict[str, str] = config.cache.get(_CACHE, {})
    marked: list[tuple[str, str]] = config.stash[_marked]
    for sentence, pairs in groupby(marked, key=lambda pair: pair[0]):
        terminalreporter.write_line(f"\n{sentence}")
        for test, cases in groupby((node for _, node in pairs), key=lambda node: node.partition("[")[0]):
            terminalreporter.write_line(_line(test, [results.get(case, "not run") for case in cases]))


def _line(test: str, outcomes: Iterable[str]) -> str:
    counted = list(outcomes)
    worst = min(counted, key=_WORST_FIRST.index)
    return f"  {worst:8} {test}" + (f" ({len(counted)} cases)" if len(counted) > 1 else "")
