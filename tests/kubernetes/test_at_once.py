"""Changes that meet on a real API server: two operators, a resource made again, a namespace that ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.outcomes import issue_6
from tests.support import api_server
from tests.support.operator_stage import Stage, stage
from tests.support.stopping_proxy import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.outcome(issue_6.STOPPED)

# Two operators may undo each other's issuing, which begins anew no sooner than a minute after.
_SECONDS = 100.0
# Longer than the second in which an operator answers to a change, and to the change that another one made of it.
_QUIET_SECONDS = 5.0


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage on which namespaces end, and what an owner leaves goes."""
    with (
        api_server.running(controllers=True) as server,
        stage(server, tmp_path_factory.mktemp("stage")) as made,
    ):
        yield made


def test_a_resource_that_is_made_again_at_once_gets_a_credential_of_its_own(here: Stage) -> None:
    uid = here.make_namespace("again")
    here.make_token("again")
    here.until_settled("again", uid, seconds=_SECONDS)
    old = str(here.password("again"))
    here.server.call("DELETE", here.token_path("again"))
    here.make_token("again")
    here.until_settled("again", uid, seconds=_SECONDS)
    assert here.password("again") != old
    assert not here.accepts(old)


def test_a_namespace_with_tokens_ends_and_they_die_with_it(here: Stage) -> None:
    uid = here.make_namespace("ending")
    here.make_token("ending")
    here.until_settled("ending", uid, seconds=_SECONDS)
    password = str(here.password("ending"))
    here.server.call("DELETE", "/api/v1/namespaces/ending")
    here.until_gone("/api/v1/namespaces/ending", seconds=_SECONDS)
    here.until(lambda: None if here.rows.living(uid) else True, seconds=_SECONDS, what=lambda: here.rows.living(uid))
    assert not here.accepts(password)


def test_two_operators_at_once_agree_and_come_to_rest(here: Stage) -> None:
    here.start_operator(beside=True)
    uids = {f"twin-{number}": here.make_namespace(f"twin-{number}") for number in range(6)}
    for namespace in uids:
        here.make_token(namespace)
    for round_number in range(3):
        for namespace, uid in uids.items():
            here.until_settled(namespace, uid, seconds=_SECONDS)
            before = str(here.password(namespace))
            here.server.call("DELETE", here.token_path(namespace))
            here.make_token(namespace, expirationSeconds=3600 * (24 + round_number))
            here.until_settled(namespace, uid, seconds=_SECONDS)
            assert not here.accepts(before)
    here.gate.arm(Stop(at=10**9, made=True, about=("/namespaces/twin-", *uids.values())))
    time.sleep(_QUIET_SECONDS)  # that nothing happens shows after a while only
    assert here.gate.changes == []
    assert here.unregistered == []
    assert [operator.poll() for operator in here.operators] == [None, None]
