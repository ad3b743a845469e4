"""Some seconds of fuzzing for each reader, the same inputs every time; `python -m tests.fuzz` goes on with others."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS, Target, accepted, gzipped, sdist, wheel
from tests.support.odd_archives import SDIST, WHEEL

pytestmark = pytest.mark.hostile

# Less than ten seconds of a slow core for the slowest of them.
_EXAMPLES = 2000
_GOOD = {"wheel": (wheel, WHEEL), "sdist": (sdist, SDIST), "gzip": (gzipped, SDIST)}


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_nothing_that_strangers_send_breaks_a_reader(target: Target) -> None:
    """3.2, fuzz targets: a reader answers with what it found or with a refusal, and with nothing else."""
    inputs = mutated(target.corpus)

    @settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=5000,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def holds(content: bytes) -> None:
        target.check(content)

    holds()


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_every_kept_input_is_answered(target: Target) -> None:
    """3.2, fuzz targets: what once broke a reader, or was given to it to begin with."""
    for content in target.corpus:
        target.check(content)


@pytest.mark.parametrize("name", _GOOD)
def test_the_kept_archives_are_good_ones(name: str) -> None:
    """3.2, fuzz targets: mutations of what is refused at once would reach nothing."""
    read, filename = _GOOD[name]
    (target,) = (target for target in TARGETS if target.name == name)
    assert all(accepted(read(content), filename) for content in target.good)
