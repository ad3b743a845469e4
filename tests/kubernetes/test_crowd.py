"""The operator in a crowd, at a fiftieth of what `make bench` measures: what of its goals is no matter of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import crowd
from tests.outcomes import issue_7
from tests.support import api_server as api_servers

if TYPE_CHECKING:
    from tests.conftest import Aloud

REGISTRIES, TOKENS = 20, 10


@pytest.mark.outcome(issue_7.CROWD)
def test_a_settled_crowd_sees_no_write(aloud: Aloud) -> None:
    with aloud():
        api_servers.programs()
    result = crowd.measure(REGISTRIES, TOKENS)
    print(*result.lines(REGISTRIES, TOKENS), sep="\n")
    assert (result.settling_writes, result.writes) == (crowd.IDLE_WRITES, crowd.IDLE_WRITES)
    assert result.peak <= crowd.MOST_MIB
