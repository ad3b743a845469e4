"""`spec.migrations`: another image waits for its owner's word, nothing else does, and a migration has its time."""

from dataclasses import replace
from typing import Any

import pytest

from registry_operator.planning.inputs import PodInputs
from registry_operator.planning.migration import job
from registry_operator.planning.observed import JobState, RegistryObservation, Workload
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.registry_plan import migration_name, plan
from registry_operator.planning.rollout import Motion, motion
from registry_operator.planning.service import ServicePods
from registry_operator.resources.conditions import Condition, ConditionType
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import INSTALLATION, NOW, Spec, ready_parts, registry, serving, with_job

OLD, NEW = INSTALLATION.service_image, "registry.example/service:1.3.0"
NEWER = replace(INSTALLATION, service_image=NEW)
MANUAL: Spec = {"migrations": {"type": "Manual"}}
APPROVED: Spec = {"migrations": {"type": "Manual", "approvedImage": NEW}}
MIGRATED: Spec = {"image": OLD, "registryID": "r-1"}


def migrated(spec: Spec | None = None, *, wants: str = NEW) -> PyPIRegistry:
    """A registry that serves with OLD, and whose owner wants another image."""
    return registry({"image": wants} | (spec or MANUAL), status=MIGRATED)


def seen_by(wanted: PyPIRegistry, **more: Any) -> RegistryObservation:  # Any: the value's other fields
    """All pods are there, and the migration Job that the plan names is done."""
    running = Workload(1, 1, settled=True)
    made = plan(wanted, INSTALLATION, serving(wanted), NOW).apply
    marks = {manifest["metadata"]["name"]: manifest["metadata"].get("annotations", {}) for manifest in made}
    parts = {"deployment": "pypi", "database": "pypi-postgresql", "object_store": "pypi-object-store"}
    workloads = {
        part: replace(running, template=marks[name].get("pypiregistry.dev/template")) for part, name in parts.items()
    }
    return replace(serving(wanted), **(workloads | more))


def conditions(wanted: PyPIRegistry, seen: RegistryObservation, **more: Any) -> dict[ConditionType, Condition]:
    # Any: see seen_by
    return {one.type: one for one in registry_conditions(wanted, more.get("installation", INSTALLATION), seen)}


@pytest.mark.parametrize("wanted", [migrated(), migrated({"migrations": {"type": "Manual", "approvedImage": OLD}})])
def test_another_image_waits_and_the_line_to_set_is_printed(wanted: PyPIRegistry) -> None:
    seen = seen_by(wanted)
    made = plan(wanted, INSTALLATION, seen, NOW)
    assert (made.image, made.create, made.delete) == (OLD, (), ())
    assert motion(made, seen) is Motion.AT_REST, "it takes nobody's turn"
    found = conditions(wanted, seen)
    migrations = found[ConditionType.MIGRATIONS_APPLIED]
    assert (migrations.status.value, migrations.reason) == ("False", "MigrationNotApproved")
    assert f"Back up the database, then set spec.migrations.approvedImage to {NEW}" in migrations.message
    assert (found[ConditionType.READY].status.value, found[ConditionType.READY].reason) == ("False", migrations.reason)
    assert (found[ConditionType.STALLED].is_true, found[ConditionType.RECONCILING].is_true) == (True, False)
    assert found[ConditionType.AVAILABLE].is_true
    assert found[ConditionType.DATABASE_READY].is_true


def test_an_image_of_the_installation_waits_too() -> None:
    wanted = registry(MANUAL, status=MIGRATED)
    assert plan(wanted, NEWER, seen_by(wanted), NOW).image == OLD
    found = conditions(wanted, seen_by(wanted), installation=NEWER)
    assert found[ConditionType.MIGRATIONS_APPLIED].message.endswith(NEW)


@pytest.mark.parametrize("spec", [APPROVED, {}, {"migrations": {"type": "Automatic"}}])
def test_an_approved_image_goes_on_and_so_does_any_where_nobody_asked_to_wait(spec: Spec) -> None:
    wanted = registry({"image": NEW} | spec, status=MIGRATED)
    seen = ready_parts(wanted, deployment=Workload(1, 1, settled=True))
    (made,) = plan(wanted, INSTALLATION, seen, NOW).create
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == NEW
    assert conditions(wanted, seen)[ConditionType.MIGRATIONS_APPLIED].reason != "MigrationNotApproved"


def test_nothing_but_the_image_waits() -> None:
    plain, changed = migrated(), migrated(MANUAL | {"podTemplate": {"nodeSelector": {"disk": "ssd"}}})
    seen = seen_by(plain)
    names = [migration_name(wanted, INSTALLATION, seen) for wanted in (plain, changed)]
    assert names[0] != names[1]
    (made,) = plan(changed, INSTALLATION, replace(seen, migration=None), NOW).create
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == OLD
    assert made["spec"]["template"]["spec"]["nodeSelector"] == {"disk": "ssd"}


def test_a_migration_of_the_former_image_is_spoken_of_first() -> None:
    wanted = migrated()
    for state, reason in ((JobState.RUNNING, "MigrationRunning"), (JobState.FAILED, "MigrationFailed")):
        found = conditions(wanted, with_job(wanted, state))
        assert found[ConditionType.MIGRATIONS_APPLIED].reason == reason


def test_the_first_migration_waits_for_nobody() -> None:
    wanted = registry({"image": NEW} | MANUAL)
    (made,) = plan(wanted, INSTALLATION, ready_parts(wanted), NOW).create
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == NEW


@pytest.mark.parametrize(
    ("status", "serves", "image"), [(MIGRATED, None, OLD), ({}, OLD, OLD), (MIGRATED, "edited", OLD), ({}, None, NEW)]
)
def test_what_serves_is_known_by_our_own_word_before_the_deployments(
    status: Spec, serves: str | None, image: str
) -> None:
    wanted = registry({"image": NEW} | MANUAL, status=status)
    deployment = None if serves is None and status else Workload(1, 1, settled=True, image=serves)
    seen = replace(with_job(wanted, JobState.SUCCEEDED), deployment=deployment)
    assert plan(wanted, INSTALLATION, seen, NOW).image == image


def test_a_migration_has_as_much_time_as_the_spec_says_and_more_time_is_no_other_migration() -> None:
    plain, longer = registry(), registry({"migrations": {"deadlineSeconds": 7200}})
    pods = ServicePods("image", "n-1", PodInputs())
    jobs = [job(wanted, pods, checksum="c", attempt=1) for wanted in (plain, longer)]
    assert [made["spec"]["activeDeadlineSeconds"] for made in jobs] == [900, 7200]
    assert jobs[0]["metadata"]["name"] == jobs[1]["metadata"]["name"]


def test_a_migration_that_took_too_long_says_where_more_time_comes_from() -> None:
    wanted = registry()
    failed = with_job(wanted, JobState.FAILED, message="DeadlineExceeded: Job was active longer than specified")
    message = conditions(wanted, failed)[ConditionType.MIGRATIONS_APPLIED].message
    assert "DeadlineExceeded: Job was active" in message
    assert "raise spec.migrations.deadlineSeconds" in message
