"""What is accepted is the same to everybody: four programs of different make find the same files in it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz import other_tools
from tests.fuzz.mutation import mutated
from tests.fuzz.other_tools import same_sdist, same_wheel
from tests.fuzz.targets import TARGETS, Target, accepted, sdist, wheel, with_checksums
from tests.support import odd_archives
from tests.support.odd_archives import SDIST, STEM, WHEEL, member, tarred, with_member

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.hostile

# Hypothesis also draws constants of our own sources, so how many are accepted changes with any of them.
_EXAMPLES = 6000
# uv takes a fifth of a second for each.
_MOST_INSTALLED = 20
_MOST_UNPACKED = 60
_BY_NAME = {target.name: target for target in TARGETS}

GOOD = {
    "a folder": odd_archives.zipped(lambda archive: archive.mkdir("odd/")),
    "zip64": odd_archives.zip64(),
    "an umlaut": with_member("odd/\u00fc.py"),
    "many": odd_archives.many(300),
    "a script": with_member(f"{STEM}.data/purelib/odd/x.py"),
    "links": tarred(member(f"{STEM}/l", b"2", target="PKG-INFO"), member(f"{STEM}/h", b"1", target=f"{STEM}/PKG-INFO")),
    "dots": tarred(member(".", b"5"), member(f"./{STEM}/x")),
}


@pytest.fixture(scope="module", autouse=True)
def _programs() -> None:
    other_tools.programs()


@pytest.mark.parametrize("row", GOOD)
def test_unusual_archives_are_the_same_to_everybody(tmp_path: Path, row: str) -> None:
    """3.2/55: whatever is accepted."""
    file = GOOD[row]
    if file.filename == WHEEL:
        assert accepted(wheel(file.content), WHEEL)
        same_wheel(file.content, tmp_path, installed=True)
    else:
        same_sdist(file.content, tmp_path)


@pytest.mark.parametrize("name", ["wheel", "sdist"])
def test_kept_archives_are_the_same_to_everybody(tmp_path: Path, name: str) -> None:
    """3.2/55: whatever is accepted."""
    for content in _BY_NAME[name].good:
        if name == "wheel":
            same_wheel(content, tmp_path, installed=True)
        else:
            same_sdist(gzip.compress(content), tmp_path)


def _mutations(target: Target, prepare: Callable[[bytes], bytes], check: Callable[[bytes], bool]) -> list[bytes]:
    """Mutated inputs that are accepted, each once."""
    found: dict[bytes, None] = {}
    good = set(target.good)

    @settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(target.good))
    def look(content: bytes) -> None:
        prepared = prepare(content)
        if content not in good and check(prepared):
            found[prepared] = None

    look()
    return list(found)


def test_mutated_wheels_that_are_accepted_are_the_same_to_everybody(tmp_path: Path) -> None:
    """3.2/55: most mutations are refused; of those that are not, no program may see other files than the next."""
    mutations = _mutations(_BY_NAME["wheel"], bytes, lambda content: accepted(wheel(content), WHEEL))
    assert len(mutations) > 10
    for number, content in enumerate(mutations[:_MOST_UNPACKED]):
        same_wheel(content, tmp_path, installed=number < _MOST_INSTALLED)


def test_mutated_sdists_that_are_accepted_are_the_same_to_everybody(tmp_path: Path) -> None:
    """3.2/52: likewise."""
    mutations = _mutations(_BY_NAME["sdist"], with_checksums, lambda content: accepted(sdist(content), SDIST))
    assert len(mutations) > 10
    for content in mutations[:_MOST_UNPACKED]:
        same_sdist(gzip.compress(content), tmp_path)
