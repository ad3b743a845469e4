"""What the benchmarks and the soak conclude from their numbers."""

from __future__ import annotations

import pytest

from benchmarks.large import Held, describe
from benchmarks.soak import Look, growth
from benchmarks.table import Row, render, worst

MIB = 1024 * 1024


def _looks(*resident: int, files: tuple[int, ...] = ()) -> list[Look]:
    opened = files or (30,) * len(resident)
    return [
        Look(60.0 * minute, size * MIB, count, minute)
        for minute, (size, count) in enumerate(zip(resident, opened, strict=True))
    ]


def test_what_settles_has_not_grown() -> None:
    assert growth(_looks(60, 110, 120, 125, 124, 130)) == []


def test_memory_that_goes_on_growing_is_told() -> None:
    assert growth(_looks(60, 110, 120, 130, 140, 150)) == ["memory grew from 120.0 to 150.0 MiB"]


def test_files_that_stay_open_are_told() -> None:
    assert growth(_looks(60, 60, 60, 60, files=(30, 31, 40, 60))) == ["open files grew from 31 to 60"]


def test_one_look_alone_cannot_grow() -> None:
    assert growth(_looks(60)) == []


@pytest.mark.parametrize(("is_rate", "expected"), [(False, 99), (True, 2)], ids=["a time", "a rate"])
def test_the_worst_of_a_hundred(expected: int, *, is_rate: bool) -> None:
    assert worst([float(number) for number in range(1, 101)], is_rate=is_rate) == expected


def test_a_ratio_above_one_is_better_for_times_and_for_rates() -> None:
    rows = [
        Row("read", "ms", {"ours": [2.0, 2.0], "peer": [4.0, 4.0]}),
        Row("download", "MiB/s", {"ours": [50.0, 50.0], "peer": [100.0, 100.0]}, is_rate=True),
        Row("JSON", "ms", {"ours": [1.0]}),
        Row("started", "processes", {"ours": [0.0], "peer": [2.0]}),
    ]
    _, read, download, json, started = render(rows, ["ours", "peer"], compared=["ours"], peer="peer").splitlines()
    assert read.split() == ["read,", "ms", "2.0", "/", "2.0", "4.0", "/", "4.0", "2.00"]
    assert download.split()[-1] == "0.50"
    assert json.split() == ["JSON,", "ms", "1.0", "-", "-"]
    assert started.split() == ["started,", "processes", "0.0", "2.0", "-"]


@pytest.mark.parametrize(
    ("most", "line"),
    [
        (150, "ours                86.0 idle, +64.0 publishing, +10.0 downloading"),
        (151, "ours                86.0 idle, +65.0 publishing, +10.0 downloading  TOO MUCH"),
    ],
)
def test_a_large_file_may_cost_so_much_and_no_more(most: int, line: str) -> None:
    seen = Held(86 * MIB, {"publishing": most * MIB, "downloading": 96 * MIB})
    assert describe("ours", seen) == line
