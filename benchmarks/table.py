"""One table of all that was measured: median and 99th percentile of each registry, and ratios to the peer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORST = 0.99
_FIRST_WIDTH = 37
_WIDTH = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of all registries, in samples by their names; one without samples has nothing of the kind."""

    label: str
    unit: str
    samples: Mapping[str, Sequence[float]]
    is_rate: bool = False


def render(rows: Sequence[Row], names: Sequence[str], *, compared: Sequence[str], peer: str) -> str:
    """The table; a ratio above 1 says how many times better than the peer, below 1 that the peer is better."""
    heads = [*names, *(f"ratio {name}" for name in compared)]
    lines = [f"{'':{_FIRST_WIDTH}}" + "".join(f"{head:>{_WIDTH}}" for head in heads)]
    for row in rows:
        cells = [_cell(row.samples.get(name, ()), is_rate=row.is_rate) for name in names]
        cells += [_ratio(row, name, peer) for name in compared]
        lines.append(f"{f'{row.label}, {row.unit}':{_FIRST_WIDTH}}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells))
    return "\n".join(lines)


def worst(samples: Sequence[float], *, is_rate: bool) -> float:
    """The sample that 99 of 100 are at least as good as (nearest rank)."""
    ordered = sorted(samples, reverse=is_rate)
    return ordered[math.ceil(_WORST * len(ordered)) - 1]


def _cell(samples: Sequence[float], *, is_rate: bool) -> str:
    if not samples:
        return "-"
    if len(samples) == 1:
        return _number(samples[0])
    return f"{_number(median(samples))} / {_number(worst(samples, is_rate=is_rate))}"


def _ratio(row: Row, name: str, peer: str) -> str:
    ours, theirs = row.samples.get(name), row.samples.get(peer)
    if not ours or not theirs or not (median(ours) and median(theirs)):
        return "-"
    better = median(ours) / median(theirs) if row.is_rate else median(theirs) / median(ours)
    return f"{better:.2f}"


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
