"""The operator is killed at every change of a registry's creation, update or deletion: the next one ends the same.

The process and the API server are real, and so is the registry that is updated; see `operator_stage`.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from registry_operator.resources import names
from tests.outcomes import issue_7
from tests.support import api_server, played_workloads
from tests.support.operator_stage import HOME, NAME, Stage, registry_path, stage
from tests.support.snapshots import snapshot
from tests.support.stopping_proxy import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.api_server import Object

pytestmark = pytest.mark.outcome(issue_7.STOPPED)

Snapshot = dict[str, str]
# More changes than each takes, and fewer.
MOST = {"create": 40, "update": 16, "confirm": 9}
LEAST = {"create": 18, "update": 3, "confirm": 4}
_SECONDS = 60.0
# A look is a dozen requests.
_LOOK_EVERY = 0.25
_MERGE = "application/merge-patch+json"
_OF_HOME = (f"/namespaces/{HOME}/", "/sync/v1/rules")
_NARROW: Object = {"replicas": 1, "limits": None, "exposure": {"type": "None", "hostname": None}}
_CONFIRMED: Object = {
    "metadata": {"annotations": {names.CONFIRM_DELETE_ANNOTATION: NAME}},
    "spec": {"deletionPolicy": "Delete"},
}
_PARTS = (names.database(NAME), names.object_store(NAME))
# What outlives a registry whose end nobody has confirmed.
_KEPT = sorted(
    [*(f"Secret/{part}" for part in _PARTS), *(f"PersistentVolumeClaim/{names.claim(part)}" for part in _PARTS)]
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with api_server.running(controllers=True) as server, stage(server, folder) as made:
        yield made


@pytest.fixture(scope="module")
def reference(here: Stage) -> Snapshot:
    """What a registry is that was made in peace."""
    _create(here, "reference")
    return _wait(here, "reference", _is_made)


def test_wherever_a_creation_is_stopped_the_next_operator_makes_the_same(here: Stage, reference: Snapshot) -> None:
    """Every child, field by field, and every condition. The namespaces end, too."""
    assert {f"{kind}/{NAME}" for kind in ("Deployment", "Ingress", "PodDisruptionBudget")} < reference.keys()
    ended = []

    def until_made(name: str) -> None:
        _wait(here, name, reference.__eq__)
        here.server.call("DELETE", f"/api/v1/namespaces/{name}")
        ended.append(name)

    _stop_everywhere(here, "create", partial(_create, here), reference.__eq__, until_made)
    for name in ended:
        here.until_gone(f"/api/v1/namespaces/{name}", seconds=_SECONDS)


def test_wherever_an_update_is_stopped_the_next_operator_brings_it_about(here: Stage) -> None:
    """Replicas, a limit that the registry itself keeps, an Ingress: more of them and less, in turns."""
    turns = {False: _wide(HOME), True: _NARROW}
    wanted = {made: _updated(here, spec) for made, spec in turns.items()}
    for at in range(1, MOST["update"]):
        stopped = [
            _stopped(
                here, Stop(at, made, _OF_HOME), partial(_change, here, HOME, {"spec": spec}), partial(_obeys, here)
            )
            for made, spec in turns.items()
        ]
        assert _updated(here, _NARROW) == wanted[True]
        if not any(stopped):
            assert at > LEAST["update"]
            return
    pytest.fail("MOST is too small to stop at every change of an update")


def test_wherever_a_confirmation_is_stopped_all_data_goes_with_the_registry(here: Stage, reference: Snapshot) -> None:
    """Unconfirmed, the credentials and claims of the managed parts stay; and nothing else."""
    spaces = [_name("confirm", at, made=made) for at in range(1, MOST["confirm"]) for made in (False, True)]
    for name in spaces:
        _create(here, name)
    for name in spaces:
        _wait(here, name, reference.__eq__)
        for part in _PARTS:
            played_workloads.claim(here.server, name, part, NAME)

    def until_gone(name: str) -> None:
        _wait(here, name, _is_to_end)
        here.server.call("DELETE", registry_path(name))
        _wait(here, name, _is_gone)

    _stop_everywhere(here, "confirm", lambda name: _change(here, name, _CONFIRMED), _is_to_end, until_gone)
    kept = spaces[-1]
    here.server.call("DELETE", registry_path(kept))
    _wait(here, kept, lambda seen: sorted(seen) == _KEPT)


@pytest.mark.parametrize("at", [2, 9, 16])
def test_a_namespace_ends_while_there_is_no_operator(here: Stage, at: int) -> None:
    name = f"ending-{at}"
    assert _stopped(
        here, Stop(at, True, (f"/namespaces/{name}/",)), partial(_create, here, name), lambda: None, next_one=False
    )
    here.server.call("DELETE", f"/api/v1/namespaces/{name}")
    here.until_gone(f"/api/v1/namespaces/{name}", seconds=_SECONDS)
    here.start_operator()


def test_a_registry_ends_whose_database_nobody_can_reach(here: Stage) -> None:
    here.make_namespace("nowhere")
    uri = {"uri": "postgresql://user:pass@database.example/packages"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "database"}, "stringData": uri}
    here.server.call("POST", "/api/v1/namespaces/nowhere/secrets", secret)
    here.make_registry("nowhere", database={"type": "Secret", "secret": {"name": "database"}})
    _wait(here, "nowhere", lambda seen: any(name.startswith("Job/") for name in seen))
    here.server.call("DELETE", registry_path("nowhere"))
    _wait(here, "nowhere", lambda seen: "PyPIRegistry" not in seen and not any("demo-migrate" in name for name in seen))


def _name(work: str, at: int, *, made: bool) -> str:
    return f"{work}-{at}-{'after' if made else 'before'}"


def _create(here: Stage, namespace: str) -> None:
    here.make_namespace(namespace)
    here.make_registry(namespace, **_wide(namespace))


def _wide(namespace: str) -> Object:
    exposure = {"type": "Ingress", "hostname": f"packages.{namespace}.example"}
    return {"replicas": 2, "limits": {"maxUploadSize": "60Mi"}, "exposure": exposure}


def _change(here: Stage, namespace: str, patch: Object) -> None:
    here.server.call("PATCH", registry_path(namespace), patch, _MERGE)


def _look(here: Stage, namespace: str) -> Snapshot:
    """What is there, once its workloads have been played."""
    played_workloads.play(here.server, namespace)
    return snapshot(here.server, namespace)


def _is_made(seen: Snapshot) -> bool:
    """Whether all is there that a registry without a service can have."""
    said = [(kind, reason) for kind, _, reason in json.loads(seen.get("PyPIRegistry", "[]"))]
    return ("Available", "RulesNotAcknowledged") in said and f"Deployment/{NAME}" in seen


def _is_to_end(seen: Snapshot) -> bool:
    """Whether all that outlives a registry is to die with this one."""
    return all('"ownerReferences"' in seen.get(name, "") for name in _KEPT)


def _is_gone(seen: Snapshot) -> bool:
    """Whether nothing is left; a claim waits for the controller that protects it, which does not run here."""
    claims = (
        name.startswith("PersistentVolumeClaim/") and '"deletionTimestamp"' in body for name, body in seen.items()
    )
    return all(claims)


def _obeys(here: Stage) -> bool | None:
    """Whether HOME's registry is ready as its spec now asks."""
    played_workloads.play(here.server, HOME)
    body = here.get(registry_path(HOME)) or {}
    ready = next(one for one in body["status"]["conditions"] if one["type"] == "Ready")
    current = ready["observedGeneration"] == body["metadata"]["generation"]
    return True if current and ready["status"] == "True" else None


def _updated(here: Stage, spec: Object) -> Snapshot:
    """What is in HOME once its registry is ready with `spec`."""
    _change(here, HOME, {"spec": spec})
    here.until(partial(_obeys, here), seconds=_SECONDS, what=lambda: _look(here, HOME), every=_LOOK_EVERY)
    return snapshot(here.server, HOME)


def _done(here: Stage, namespace: str, wanted: Callable[[Snapshot], object]) -> bool | None:
    return True if wanted(_look(here, namespace)) else None


def _wait(here: Stage, namespace: str, done: Callable[[Snapshot], object]) -> Snapshot:
    """What is there once it is as it should be."""

    def look() -> Snapshot | None:
        seen = _look(here, namespace)
        return seen if done(seen) else None

    return here.until(look, seconds=_SECONDS, what=lambda: (namespace, _look(here, namespace)), every=_LOOK_EVERY)


def _stop_everywhere(
    here: Stage,
    work: str,
    begin: Callable[[str], None],
    done: Callable[[Snapshot], object],
    after: Callable[[str], None],
) -> None:
    """Stop at the first change, the second ... until there is none left; `after` each the next operator is at work.

    Before the second is as after the first: of what the operator knew nothing is left.
    """
    for at in range(1, MOST[work]):
        for made in (False, True) if at == 1 else (True,):
            name = _name(work, at, made=made)
            stop = Stop(at, made, (f"/namespaces/{name}/",))
            stopped = _stopped(here, stop, partial(begin, name), partial(_done, here, name, done))
            after(name)
            if not stopped:
                assert at > LEAST[work]
                return
    pytest.fail(f"MOST is too small to stop at every change of: {work}")


def _stopped(
    here: Stage, stop: Stop, begin: Callable[[], None], done: Callable[[], object], *, next_one: bool = True
) -> bool:
    """Whether the operator was stopped; if not, all is done without another change. Then the next one starts."""
    operator = here.operators[-1]
    here.gate.arm(stop)
    begin()
    here.until(
        lambda: True if operator.poll() is not None else done(),
        seconds=_SECONDS,
        what=lambda: (stop, here.gate.changes),
        every=_LOOK_EVERY,
    )
    # It may have been on its way to a change that nothing showed to be missing.
    was = here.gate.disarm()
    if was:
        operator.wait(_SECONDS)
        if next_one:
            here.start_operator()
    return was
