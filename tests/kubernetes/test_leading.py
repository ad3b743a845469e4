"""Several operators with one Lease: one works, and the next one takes over whatever ends the first."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support import api_server
from tests.support.operator_stage import HOME, Stage, stage

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

_LEASE = "leader"
_READY = "this operator stands ready"
_PATH = f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases/{_LEASE}"
# A Lease lasts 15 s after its holder's last sign, which is looked for every 2 s; then a token takes its time.
_FOLLOWED_SECONDS, _ISSUED_SECONDS = 20.0, 5.0


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose operators lead by a Lease, and the first one of them."""
    lease = {"OPERATOR_NAMESPACE": HOME, "OPERATOR_LEASE": _LEASE, "OPERATOR_IDENTITY": "first"}
    folder = tmp_path_factory.mktemp("stage")
    with api_server.running() as server, stage(server, folder, variables=lease) as made:
        yield made


def _holder(here: Stage) -> str:
    lease = here.get(_PATH)
    return "" if lease is None else str(lease["spec"]["holderIdentity"])


def _stands_ready(here: Stage, identity: str) -> subprocess.Popen[bytes]:
    """Another operator, that has begun to look."""
    log = here.folder / "operator.log"
    before = log.read_text().count(_READY)
    process = here.start_operator(beside=True, OPERATOR_IDENTITY=identity)
    here.until(lambda: log.read_text().count(_READY) > before or None, seconds=20, what=lambda: f"{identity} starts")
    return process


def _issues(here: Stage, namespace: str, *, seconds: float) -> None:
    uid = here.make_namespace(namespace)
    here.make_token(namespace)
    here.until_settled(namespace, uid, seconds=seconds)


def test_the_next_one_takes_over_from_whom_is_stopped_lost_or_held_up(here: Stage) -> None:
    first = here.operators[-1]
    _issues(here, "before", seconds=_ISSUED_SECONDS)
    assert _holder(here) == "first"

    second = _stands_ready(here, "second")
    _issues(here, "beside", seconds=_ISSUED_SECONDS)
    assert _holder(here) == "first"
    first.terminate()
    assert first.wait(timeout=20) == 0
    _issues(here, "stopped", seconds=_ISSUED_SECONDS)
    assert _holder(here) == "second"

    third = _stands_ready(here, "third")
    second.kill()
    second.wait()
    _issues(here, "lost", seconds=_FOLLOWED_SECONDS + _ISSUED_SECONDS)
    assert _holder(here) == "third"

    fourth = _stands_ready(here, "fourth")
    third.send_signal(signal.SIGSTOP)
    uid = here.make_namespace("held")
    here.make_token("held")
    here.until_settled("held", uid, seconds=_FOLLOWED_SECONDS + _ISSUED_SECONDS)
    assert _holder(here) == "fourth"
    third.send_signal(signal.SIGCONT)
    assert third.wait(timeout=30) == 1
    assert here.unsettled("held", uid) is None
    _issues(here, "after", seconds=_ISSUED_SECONDS)
    assert (_holder(here), fourth.poll(), here.unregistered) == ("fourth", None, [])
