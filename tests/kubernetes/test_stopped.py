"""The operator is killed at every change, before and after it is made: the next one ends in the same state.

The process, the API server and the registry are real; see `operator_stage`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from registry_operator.planning.ledger import MINT_INTERVAL
from registry_operator.resources.conditions import parse_rfc3339
from tests.outcomes import issue_6
from tests.support import api_server
from tests.support.operator_stage import Stage, stage
from tests.support.stopping_proxy import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.api_server import ApiServer

pytestmark = pytest.mark.outcome(issue_6.STOPPED)

# More changes than issuing, rotation or deletion makes for one RegistryToken, and fewer.
MOST = {"issue": 10, "rotate": 12, "delete": 4}
LEAST = {"issue": 4, "rotate": 6, "delete": 1}
_SHORTER = 30 * 24 * 3600
_SECONDS = 40.0
# A credential whose value was lost is made again no sooner than a minute after the one before.
_AFTER_THE_MINUTE = 100.0


@pytest.fixture(scope="module")
def collecting() -> Iterator[ApiServer]:
    """An API server on which namespaces end, and what an owner leaves goes."""
    with api_server.running(controllers=True) as server:
        yield server


@pytest.fixture(scope="module")
def here(collecting: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(collecting, tmp_path_factory.mktemp("stage")) as made:
        yield made


def test_wherever_the_operator_is_stopped_the_next_one_ends_in_the_same_state(here: Stage) -> None:
    """Deletion, issuing and rotation of one RegistryToken each, in a namespace of its own for every stop."""
    spaces = _issued_before(here)
    before = {name: here.password(name) for name in spaces}
    deleted = _stop_everywhere(here, "delete", lambda name: _delete(here, name), spaces.__getitem__)
    issued = _stop_everywhere(here, "issue", here.make_token, here.make_namespace)
    _wait_until_a_mint_is_allowed(here, _name("rotate", MOST["rotate"] - 1, made=True))
    rotated = _stop_everywhere(here, "rotate", lambda name: _rotate(here, name), spaces.__getitem__)
    for name, uid in (deleted | issued | rotated).items():
        here.until_settled(name, uid, seconds=_AFTER_THE_MINUTE)
    assert here.unregistered == []
    for name, uid in rotated.items():
        _wait_until_rotated(here, name, uid, str(before[name]))
    for name in deleted:
        assert not here.accepts(str(before[name])), name
        here.until_gone(f"/api/v1/namespaces/{name}/secrets/ci", seconds=_SECONDS)


def _wait_until_rotated(here: Stage, name: str, uid: str, former: str) -> None:
    """The operator after the next one may have found a rotation half done, which begins anew after the minute."""

    def look() -> bool | None:
        return True if here.password(name) != former and here.unsettled(name, uid) is None else None

    here.until(look, seconds=_AFTER_THE_MINUTE, what=lambda: (name, here.unsettled(name, uid)))


def _issued_before(here: Stage) -> dict[str, str]:
    """The namespaces whose RegistryTokens are to be deleted or rotated, with their UIDs; all are issued."""
    names = [
        _name(work, at, made=made)
        for work in ("delete", "rotate")
        for at in range(1, MOST[work])
        for made in (False, True)
    ]
    spaces = {name: here.make_namespace(name) for name in names}
    for name in names:
        here.make_token(name)
    for name, uid in spaces.items():
        here.until_settled(name, uid, seconds=_SECONDS)
    return spaces


def _delete(here: Stage, namespace: str) -> None:
    here.server.call("DELETE", here.token_path(namespace))


def _rotate(here: Stage, namespace: str) -> None:
    here.change_token(namespace, expirationSeconds=_SHORTER)


def _name(work: str, at: int, *, made: bool) -> str:
    return f"{work}-{at}-{'after' if made else 'before'}"


def _stop_everywhere(
    here: Stage, work: str, begin: Callable[[str], None], uid_of: Callable[[str], str]
) -> dict[str, str]:
    """Stop at the first change, the second ... until there is none left; the namespaces, with their UIDs."""
    stopped: dict[str, str] = {}
    for at in range(1, MOST[work]):
        for made in (False, True):
            name = _name(work, at, made=made)
            stopped[name] = uid = uid_of(name)
            if not _stopped(here, Stop(at, made, (f"/namespaces/{name}/", uid)), begin):
                assert at > LEAST[work]
                return stopped
            here.start_operator()
    pytest.fail(f"MOST is too small to stop at every change of: {work}")


def _stopped(here: Stage, stop: Stop, begin: Callable[[str], None]) -> bool:
    """Whether the operator was stopped; if not, all is settled without another change."""
    name, uid = stop.about[0].split("/")[2], stop.about[1]
    operator = here.operators[-1]
    here.gate.arm(stop)
    begin(name)
    generation = (here.get(here.token_path(name)) or {}).get("metadata", {}).get("generation")

    def ended() -> bool | None:
        if operator.poll() is not None:
            return True
        body = here.get(here.token_path(name))
        seen = body is None or body["metadata"]["generation"] == generation
        return True if here.gate.changes and seen and here.unsettled(name, uid) is None else None

    here.until(ended, seconds=_SECONDS, what=lambda: (name, here.gate.changes, here.unsettled(name, uid)))
    # It may have been on its way to a change that nothing showed to be missing.
    was = here.gate.disarm()
    if was:
        operator.wait(_SECONDS)
    _holds_only_what_works(here, name)
    return was


def _holds_only_what_works(here: Stage, namespace: str) -> None:
    password, body = here.password(namespace), here.get(here.token_path(namespace))
    assert password is None or body is None or here.accepts(password), namespace


def _wait_until_a_mint_is_allowed(here: Stage, namespace: str) -> None:
    body = here.get(here.token_path(namespace))
    assert body is not None
    allowed = parse_rfc3339(body["status"]["issueTime"]) + MINT_INTERVAL + timedelta(seconds=1)
    time.sleep(max(0.0, (allowed - datetime.now(UTC)).total_seconds()))  # nothing shows that a minute is over
