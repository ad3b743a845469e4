"""A file passes through a registry and is never held by it. `make bench` shows the same with a file of 1 GiB."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import large
from tests.outcomes.issue_4 import MEMORY
from tests.support.packages import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.large import Serving
    from registry_service.storage.s3_client import S3Settings
    from tests.support.postgresql import Postgresql

# Four times what may be held: who held it whole, or a copy, would be found out.
_SIZE = 4 * large.ALLOWED_GROWTH_BYTES

# No Python with a web framework is smaller: less would mean that nothing was measured.
_LEAST_BYTES = 16 * MIB


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder that goes at once: what is in it is large."""
    with tempfile.TemporaryDirectory(prefix="large-") as name:
        yield Path(name)


@pytest.fixture
def alone(room: Path) -> Iterator[Serving]:
    """A registry on SQLite and a folder that has served nothing yet."""
    with large.folder_registry(room, _SIZE) as serving:
        yield serving


@pytest.fixture
def in_its_pod(room: Path, postgresql: Postgresql, bucket: S3Settings) -> Iterator[Serving]:
    """A registry on PostgreSQL and an object store that has served nothing yet."""
    with large.pod_registry(room, postgresql.create("memory"), bucket, _SIZE) as serving:
        yield serving


@pytest.mark.outcome(MEMORY)
@pytest.mark.parametrize("fixture", ["alone", "in_its_pod"])
def test_a_large_wheel_passes_through_and_is_not_held(request: pytest.FixtureRequest, room: Path, fixture: str) -> None:
    serving: Serving = request.getfixturevalue(fixture)
    wheel = large.write_wheel(room, _SIZE)
    assert wheel.path.stat().st_size > _SIZE
    seen = large.held(serving, wheel)
    assert seen.idle > _LEAST_BYTES
    assert seen.growth <= large.ALLOWED_GROWTH_BYTES, large.describe(fixture, seen)
