"""StorageReady of a registry with a volume: what stands in its way, and what to do about it."""

from dataclasses import replace
from typing import Any

import pytest

from registry_operator.planning.observed import JobState, RegistryObservation
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.volume_readiness import judged
from registry_operator.resources.conditions import MAX_MESSAGE, Condition, ConditionType, holds
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import INSTALLATION, VOLUME, bound_claim, registry, serving, with_job

WANTED = registry(VOLUME)
PENDING = {"phase": "Pending", "capacity": None, "storage_class": "fast"}
SMALL = {"capacity": 2**30, "storage_class": "fast"}
DOES_NOT_GROW = "PersistentVolumeClaim pypi-blobs does not grow to 20Gi: "


def conditions(seen: RegistryObservation, wanted: PyPIRegistry = WANTED) -> dict[ConditionType, Condition]:
    return {item.type: item for item in registry_conditions(wanted, INSTALLATION, seen)}


def with_claim(seen: RegistryObservation, **changes: Any) -> RegistryObservation:  # Any: the claim's fields
    claim = bound_claim(WANTED)
    assert claim is not None
    return replace(seen, volume=replace(claim, **changes))


def test_a_volume_that_the_preflight_could_use_is_ready() -> None:
    found = conditions(serving(WANTED))
    assert found[ConditionType.READY].is_true
    assert found[ConditionType.STORAGE_READY].is_true
    assert found[ConditionType.STORAGE_READY].message == ("PersistentVolumeClaim pypi-blobs can be read and written.")


@pytest.mark.parametrize(
    ("change", "reason", "word", "stalls"),
    [
        ({"retained_for": None}, Reason.CONFLICTING_OWNER, "is not this registry's. Remove it", True),
        ({"terminating": True}, Reason.VOLUME_LOST, "was deleted and goes, with all files", True),
        ({"phase": "Lost"}, Reason.VOLUME_LOST, "is gone. Delete the claim, and restore", True),
        (
            {"access_modes": ("ReadWriteOncePod",)},
            Reason.VOLUME_CLAIM_DIFFERS,
            "has accessMode ReadWriteOncePod. Make this resource again with the same",
            True,
        ),
        ({"phase": "Pending"}, Reason.VOLUME_NOT_BOUND, "the cluster has no default StorageClass", False),
        (SMALL | {"refusal": "403 no"}, Reason.VOLUME_RESIZE_REFUSED, f"{DOES_NOT_GROW}403 no. Set allowVolume", True),
        (
            SMALL | {"obstacle": "NodeResizeError: no"},
            Reason.VOLUME_RESIZE_REFUSED,
            "NodeResizeError: no. Set allowVolumeExpansion: true on StorageClass fast",
            True,
        ),
    ],
)
def test_what_is_wrong_with_the_claim_is_said(change: dict[str, Any], reason: Reason, word: str, stalls: bool) -> None:
    found = conditions(with_claim(serving(WANTED), **change))
    storage = found[ConditionType.STORAGE_READY]
    assert (storage.status.value, storage.reason) == ("False", reason)
    assert word in storage.message
    assert found[ConditionType.READY].reason == reason
    assert found[ConditionType.STALLED].is_true is stalls
    # The pods serve on.
    assert found[ConditionType.AVAILABLE].is_true


def test_a_claim_that_is_not_there_yet_is_being_made() -> None:
    storage = conditions(replace(serving(WANTED), volume=None))[ConditionType.STORAGE_READY]
    assert (storage.status.value, storage.reason) == ("False", Reason.PROGRESSING)


def test_a_volume_that_is_made_for_the_first_pod_is_no_error() -> None:
    for state in (JobState.RUNNING, JobState.SUCCEEDED):
        found = conditions(with_claim(with_job(WANTED, state), **PENDING))
        storage = found[ConditionType.STORAGE_READY]
        assert (storage.status.value, storage.reason) == ("Unknown", Reason.PROGRESSING)
        assert not found[ConditionType.STALLED].is_true
    before = conditions(replace(with_claim(serving(WANTED), **PENDING), migration=None, deployment=None))
    assert before[ConditionType.STORAGE_READY].reason == Reason.PROGRESSING


@pytest.mark.parametrize(
    ("state", "message", "word"),
    [
        (JobState.RUNNING, "Unschedulable: no volume." + 2000 * "!", "has no volume. Unschedulable: no volume."),
        (JobState.FAILED, "", "The migration Job waited for it in vain."),
    ],
)
def test_a_pod_that_waits_for_a_volume_names_the_class(state: JobState, message: str, word: str) -> None:
    seen = with_claim(with_job(WANTED, state, message=message), **PENDING)
    storage = conditions(seen)[ConditionType.STORAGE_READY]
    assert (storage.status.value, storage.reason) == ("False", Reason.VOLUME_NOT_BOUND)
    assert word in storage.message
    assert "Check that StorageClass fast exists" in storage.message
    assert len(storage.message) <= MAX_MESSAGE


def test_growing_is_said_and_a_size_that_was_set_back_is_enough() -> None:
    storage = conditions(with_claim(serving(WANTED), **SMALL))[ConditionType.STORAGE_READY]
    assert storage.is_true
    assert storage.message.endswith("and is growing to 20Gi.")
    more = {"capacity": 20 * 2**30, "requested": 40 * 2**30, "obstacle": "ControllerResizeError: no"}
    assert conditions(with_claim(serving(WANTED), **more))[ConditionType.STORAGE_READY].is_true
    assert conditions(with_claim(serving(WANTED), capacity=None))[ConditionType.STORAGE_READY].is_true


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (Reason.STORAGE_UNREACHABLE, "whether its volume is full"),
        (Reason.STORAGE_ACCESS_DENIED, "fsGroup"),
        (Reason.STORAGE_INCOMPATIBLE, "POSIX"),
        (Reason.BUCKET_IN_USE, "or take the files over"),
    ],
)
def test_what_the_migration_says_of_the_folder_has_advice_of_its_own(reason: Reason, word: str) -> None:
    found = conditions(with_job(WANTED, JobState.FAILED, reason=reason.value, message="the folder says so"))
    storage = found[ConditionType.STORAGE_READY]
    assert (storage.status.value, storage.reason) == ("False", reason)
    assert storage.message.startswith("the folder says so. ")
    assert word in storage.message
    assert "s3" not in storage.message


def test_a_registry_without_a_volume_has_the_preflights_word() -> None:
    preflight = holds(ConditionType.STORAGE_READY)
    assert judged(registry(), serving(registry()), preflight) is preflight
