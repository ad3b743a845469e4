"""From observation to a registry's conditions: each obstacle has its reason, and its message says what to do."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_operator.planning.observed import JobState, ObjectKey, RegistryObservation, Workload
from registry_operator.planning.readiness import registry_conditions
from registry_operator.resources.conditions import MAX_MESSAGE, Condition, ConditionType, Status
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import (
    BARE_INSTALLATION,
    EXTERNAL,
    INGRESS,
    INSTALLATION,
    Spec,
    fresh,
    ready_parts,
    registry,
    secrets_of,
    serving,
    with_job,
)
from tests.unit.operator.planning.strategies import registries

TYPES = ConditionType


def judged(wanted: PyPIRegistry, seen: RegistryObservation) -> dict[ConditionType, Condition]:
    return {item.type: item for item in registry_conditions(wanted, INSTALLATION, seen)}


def verdict(condition: Condition) -> tuple[str, str]:
    return condition.status.value, condition.reason


def test_a_registry_that_serves_is_ready() -> None:
    wanted = registry(INGRESS)
    found = judged(wanted, serving(wanted))
    assert all(found[kind].is_true for kind in (TYPES.READY, TYPES.DATABASE_READY, TYPES.STORAGE_READY))
    assert all(found[kind].is_true for kind in (TYPES.MIGRATIONS_APPLIED, TYPES.AVAILABLE, TYPES.EXPOSED))
    assert verdict(found[TYPES.RECONCILING]) == ("False", Reason.SUCCEEDED)
    assert verdict(found[TYPES.STALLED]) == ("False", Reason.SUCCEEDED)


def test_a_new_registry_is_on_its_way() -> None:
    wanted = registry()
    found = judged(wanted, fresh(wanted))
    assert verdict(found[TYPES.READY]) == ("False", Reason.PROGRESSING)
    assert verdict(found[TYPES.RECONCILING]) == ("True", Reason.PROGRESSING)
    assert verdict(found[TYPES.STALLED]) == ("False", Reason.PROGRESSING)
    assert verdict(found[TYPES.AVAILABLE]) == ("False", Reason.WAITING_FOR_INPUTS)
    assert verdict(found[TYPES.MIGRATIONS_APPLIED]) == ("Unknown", Reason.WAITING_FOR_INPUTS)


@pytest.mark.parametrize(
    ("change", "kind", "status", "reason"),
    [
        ({"database": Workload(1, 0, settled=True)}, TYPES.DATABASE_READY, "False", Reason.WORKLOAD_NOT_READY),
        ({"database": None}, TYPES.DATABASE_READY, "False", Reason.PROGRESSING),
        ({"object_store": Workload(1, 0, settled=True)}, TYPES.STORAGE_READY, "False", Reason.WORKLOAD_NOT_READY),
        ({"object_store": None}, TYPES.STORAGE_READY, "False", Reason.PROGRESSING),
        ({"deployment": Workload(2, 1, settled=False)}, TYPES.AVAILABLE, "False", Reason.MINIMUM_REPLICAS_UNAVAILABLE),
        ({"deployment": Workload(3, 2, settled=False)}, TYPES.AVAILABLE, "False", Reason.ROLLING_OUT),
        ({"rules_digest": None}, TYPES.AVAILABLE, "False", Reason.RULES_NOT_ACKNOWLEDGED),
        ({"rules_digest": "other"}, TYPES.AVAILABLE, "False", Reason.RULES_NOT_ACKNOWLEDGED),
        ({"ingress_addresses": ()}, TYPES.EXPOSED, "Unknown", Reason.INGRESS_NOT_ADMITTED),
        ({"migration": None}, TYPES.DATABASE_READY, "Unknown", Reason.MIGRATION_RUNNING),
    ],
)
def test_each_obstacle_has_its_reason(change: dict[str, Any], kind: ConditionType, status: str, reason: Reason) -> None:
    wanted = registry(INGRESS, {"replicas": 2})
    assert verdict(judged(wanted, serving(wanted, **change))[kind]) == (status, reason)


def test_what_the_service_says_when_asked_is_passed_on() -> None:
    wanted = registry()
    message = judged(wanted, serving(wanted, rules_digest=None, sync_problem="connection refused"))[TYPES.READY].message
    assert "connection refused" in message


@pytest.mark.parametrize(
    ("reason", "kind", "stalled"),
    [
        (Reason.DATABASE_UNREACHABLE, TYPES.DATABASE_READY, False),
        (Reason.DATABASE_AUTHENTICATION_FAILED, TYPES.DATABASE_READY, True),
        (Reason.DATABASE_NOT_FOUND, TYPES.DATABASE_READY, True),
        (Reason.DATABASE_IN_USE, TYPES.DATABASE_READY, True),
        (Reason.STORAGE_UNREACHABLE, TYPES.STORAGE_READY, False),
        (Reason.STORAGE_ACCESS_DENIED, TYPES.STORAGE_READY, True),
        (Reason.BUCKET_NOT_FOUND, TYPES.STORAGE_READY, True),
        (Reason.STORAGE_INCOMPATIBLE, TYPES.STORAGE_READY, True),
        (Reason.BUCKET_IN_USE, TYPES.STORAGE_READY, True),
        (Reason.SCHEMA_AHEAD, TYPES.MIGRATIONS_APPLIED, True),
        (Reason.MIGRATION_FAILED, TYPES.MIGRATIONS_APPLIED, False),
    ],
)
def test_what_the_migration_says_becomes_the_reason(reason: Reason, kind: ConditionType, stalled: bool) -> None:
    wanted = registry()
    message = "the server said so." + 2000 * "!"
    found = judged(wanted, with_job(wanted, JobState.FAILED, reason=reason.value, message=message))
    assert verdict(found[kind]) == ("False", reason)
    assert "the server said so." in found[kind].message
    # What to do stands at the end, and is not cut away.
    assert found[kind].message.endswith(".")
    assert len(found[kind].message) <= MAX_MESSAGE
    assert found[TYPES.MIGRATIONS_APPLIED].status is Status.FALSE
    assert found[TYPES.STALLED].is_true is stalled
    assert found[TYPES.RECONCILING].is_true is not stalled
    if kind is not TYPES.MIGRATIONS_APPLIED:
        assert verdict(found[TYPES.READY]) == ("False", reason)


@pytest.mark.parametrize("reason", [None, "SomethingElse"])
def test_a_migration_without_a_reason_of_ours_failed(reason: str | None) -> None:
    wanted = registry()
    found = judged(wanted, with_job(wanted, JobState.FAILED, reason=reason))
    assert verdict(found[TYPES.MIGRATIONS_APPLIED]) == ("False", Reason.MIGRATION_FAILED)
    assert verdict(found[TYPES.DATABASE_READY]) == ("Unknown", Reason.MIGRATION_FAILED)
    assert verdict(found[TYPES.READY]) == ("False", Reason.MIGRATION_FAILED)


def test_a_running_migration_leaves_the_question_open() -> None:
    wanted = registry()
    found = judged(wanted, with_job(wanted, JobState.RUNNING))
    for kind in (TYPES.DATABASE_READY, TYPES.STORAGE_READY, TYPES.MIGRATIONS_APPLIED):
        assert verdict(found[kind]) == ("Unknown", Reason.MIGRATION_RUNNING)


@pytest.mark.parametrize(
    ("absent", "kind", "reason"),
    [
        ("db", TYPES.DATABASE_READY, Reason.SECRET_NOT_FOUND),
        ("s3", TYPES.STORAGE_READY, Reason.SECRET_NOT_FOUND),
    ],
)
def test_a_missing_secret_stalls(absent: str, kind: ConditionType, reason: Reason) -> None:
    wanted = registry(EXTERNAL)
    secrets = {name: value for name, value in secrets_of(wanted).items() if name != absent}
    found = judged(wanted, ready_parts(wanted, secrets=secrets))
    assert verdict(found[kind]) == ("False", reason)
    assert verdict(found[TYPES.READY]) == ("False", reason)
    assert found[TYPES.STALLED].is_true


def test_the_bucket_is_named() -> None:
    wanted = registry(EXTERNAL)
    assert "files" in judged(wanted, serving(wanted))[TYPES.STORAGE_READY].message


def test_a_foreign_object_stalls() -> None:
    wanted = registry()
    found = judged(wanted, serving(wanted, conflicts=(ObjectKey("Service", "pypi"),)))
    assert verdict(found[TYPES.READY]) == ("False", Reason.CONFLICTING_OWNER)
    assert "Service pypi" in found[TYPES.READY].message
    assert found[TYPES.STALLED].is_true


def test_scaled_to_zero_is_said() -> None:
    wanted = registry({"replicas": 0})
    assert verdict(judged(wanted, serving(wanted))[TYPES.READY]) == ("False", Reason.SCALED_TO_ZERO)


@pytest.mark.parametrize(
    ("exposure", "verdict_of_exposed", "ready"),
    [
        ({"type": "None"}, ("False", Reason.NOT_EXPOSED), True),
        ({"type": "Ingress"}, ("False", Reason.HOSTNAME_REQUIRED), False),
        ({"type": "Ingress", "hostname": "h.example"}, ("Unknown", Reason.INGRESS_NOT_ADMITTED), True),
    ],
)
def test_readiness_depends_on_a_host_and_not_on_a_controllers_word(
    exposure: Spec, verdict_of_exposed: tuple[str, str], ready: bool
) -> None:
    wanted = registry({"exposure": exposure})
    seen = replace(with_job(wanted, JobState.SUCCEEDED, installation=BARE_INSTALLATION))
    seen = replace(serving(wanted, ingress_addresses=()), migration=seen.migration)
    found = {item.type: item for item in registry_conditions(wanted, BARE_INSTALLATION, seen)}
    assert verdict(found[TYPES.EXPOSED]) == verdict_of_exposed
    assert found[TYPES.READY].is_true is ready


def test_paused_is_said() -> None:
    resting, waiting = registry({"paused": True}), registry({"paused": True})
    found = judged(resting, serving(resting))
    assert verdict(found[TYPES.RECONCILING]) == ("False", Reason.PAUSED)
    assert found[TYPES.READY].is_true
    found = judged(waiting, fresh(waiting))
    assert verdict(found[TYPES.RECONCILING]) == ("False", Reason.PAUSED)
    assert verdict(found[TYPES.READY]) == ("False", Reason.PAUSED)


def test_what_keeps_a_migration_from_starting_is_said() -> None:
    wanted = registry()
    found = judged(wanted, with_job(wanted, JobState.RUNNING, message="ImagePullBackOff: no such image"))
    assert "ImagePullBackOff: no such image" in found[TYPES.MIGRATIONS_APPLIED].message
    assert "ImagePullBackOff: no such image" in found[TYPES.READY].message


states = st.sampled_from(JobState)
reasons = st.one_of(st.none(), st.sampled_from(Reason).map(str), st.text(max_size=20))


@given(registries, states, reasons, st.integers(0, 6))
def test_every_condition_is_reported_with_a_documented_reason(
    wanted: PyPIRegistry, state: JobState, reason: str | None, ready: int
) -> None:
    seen = with_job(wanted, state, reason=reason, message="m" * 600)
    seen = replace(seen, deployment=Workload(ready, ready, settled=True))
    found = registry_conditions(wanted, INSTALLATION, seen)
    assert found == registry_conditions(wanted, INSTALLATION, seen)
    assert len(found) == len({item.type for item in found}) == 8
    assert {str(item.reason) for item in found} <= {str(item) for item in Reason}
    for item in found:
        assert len(item.message) <= MAX_MESSAGE
        assert item.message or item.type in (TYPES.STALLED, TYPES.RECONCILING)
    summary = {item.type: item for item in found}
    assert not (summary[TYPES.READY].is_true and summary[TYPES.STALLED].is_true)
