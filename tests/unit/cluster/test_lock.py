"""One at a time, and nobody waits for ever."""

from pathlib import Path

import pytest

from tests.cluster.lock import LockedError, exclusive


def test_the_second_waits_and_gives_up_and_the_next_one_gets_it(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path / "lock"),
        pytest.raises(LockedError, match="lock"),
        exclusive(tmp_path / "lock", patience=0),
    ):
        pytest.fail("two held the lock at once")
    with exclusive(tmp_path / "lock", patience=0):
        assert (tmp_path / "lock").exists()
