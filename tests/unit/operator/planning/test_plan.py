"""The order of database, migration and service, and what stays when something is not wanted any more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry_operator.planning.migration import delay
from registry_operator.planning.observed import JobState, ObjectKey, RegistryObservation, Workload
from registry_operator.planning.registry_plan import OWNED_KINDS, RegistryPlan, migration_name, plan
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import (
    BARE_INSTALLATION,
    EXTERNAL,
    EXTERNAL_SECRETS,
    INGRESS,
    INSTALLATION,
    NOW,
    Spec,
    fresh,
    ready_parts,
    registry,
    secret,
    secrets_of,
    serving,
    with_job,
)

ACCOUNT = ("ServiceAccount", "pypi-registry")
POLICIES = {("NetworkPolicy", name) for name in ("pypi", "pypi-postgresql", "pypi-object-store")}
BASE = {ACCOUNT, ("Service", "pypi"), ("Service", "pypi-sync")} | POLICIES
PARTS = {
    ("ConfigMap", "pypi-postgresql"),
    ("Service", "pypi-postgresql"),
    ("StatefulSet", "pypi-postgresql"),
    ("Service", "pypi-object-store"),
    ("StatefulSet", "pypi-object-store"),
}


def decided(wanted: PyPIRegistry, seen: RegistryObservation, previous_attempt: int = 0) -> RegistryPlan:
    return plan(wanted, INSTALLATION, seen, NOW, previous_attempt=previous_attempt)


def applied(made: RegistryPlan) -> set[tuple[str, str]]:
    return {(manifest["kind"], manifest["metadata"]["name"]) for manifest in made.apply}


def test_without_the_sync_secret_nothing_with_pods_is_made() -> None:
    assert applied(decided(registry(), RegistryObservation("n-1"))) == BASE


def test_the_managed_parts_come_with_their_credentials() -> None:
    wanted = registry()
    only_sync = {"pypi-sync": secrets_of(wanted)["pypi-sync"]}
    assert applied(decided(wanted, RegistryObservation("n-1", only_sync))) == BASE
    made = decided(wanted, fresh(wanted))
    assert applied(made) == BASE | PARTS
    assert made.create == ()


def test_a_foreign_secret_is_nobodys_credentials() -> None:
    wanted = registry()
    foreign = {name: secret(name, {"password": "p"}) for name in ("pypi-postgresql", "pypi-object-store")}
    made = decided(wanted, fresh(wanted, secrets=secrets_of(wanted) | foreign))
    assert applied(made) == BASE


@pytest.mark.parametrize("missing", ["database", "object_store"])
@pytest.mark.parametrize("part", [None, Workload(1, 0, settled=True), Workload(1, 1, settled=False)])
def test_the_migration_waits_for_the_managed_parts(missing: str, part: Workload | None) -> None:
    wanted = registry()
    assert decided(wanted, ready_parts(wanted, **{missing: part})).create == ()


def test_the_migration_comes_before_the_deployment() -> None:
    wanted = registry()
    made = decided(wanted, ready_parts(wanted), previous_attempt=2)
    (job,) = made.create
    assert job["metadata"]["name"] == migration_name(wanted, INSTALLATION, ready_parts(wanted))
    assert job["metadata"]["annotations"] == {"pypiregistry.dev/attempt": "3"}
    assert ("Deployment", "pypi") not in applied(made)


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.FAILED])
def test_no_deployment_without_a_finished_migration(state: JobState) -> None:
    wanted = registry()
    made = decided(wanted, with_job(wanted, state))
    assert ("Deployment", "pypi") not in applied(made)
    assert (made.create, made.delete) == ((), ())


def test_after_the_migration_everything_is_there() -> None:
    wanted = registry(INGRESS)
    made = decided(wanted, with_job(wanted, JobState.SUCCEEDED))
    assert applied(made) == BASE | PARTS | {("Ingress", "pypi"), ("Deployment", "pypi")}
    assert made.create == ()


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 10), (2, 20), (3, 40), (5, 160), (6, 300), (99, 300), (0, 10)])
def test_a_failed_migration_is_made_again_a_little_later_each_time(attempt: int, seconds: int) -> None:
    wanted = registry()
    assert delay(attempt) == timedelta(seconds=seconds)
    seen = with_job(wanted, JobState.FAILED, attempt=attempt)
    assert seen.migration is not None
    ended = NOW - timedelta(seconds=5)
    due = ended + delay(attempt)
    assert decided(wanted, seen).next_look == due
    again = plan(wanted, INSTALLATION, seen, due)
    assert again.delete == (ObjectKey("Job", seen.migration.name),)
    assert again.create == ()


def test_a_failure_without_a_time_is_due_at_once() -> None:
    wanted = registry()
    seen = with_job(wanted, JobState.FAILED)
    assert seen.migration is not None
    assert decided(wanted, replace(seen, migration=replace(seen.migration, finished_at=None))).delete


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"image": "other:1"}, False),
        ({"takeover": "11111111-2222-3333-4444-555555555555"}, False),
        (EXTERNAL, False),
        ({"imagePullPolicy": "Always"}, False),
        ({"podTemplate": {"annotations": {"example.org/inject": "false"}}}, False),
        ({"podTemplate": {"nodeSelector": {"disk": "ssd"}}}, False),
        ({"podTemplate": {"topologySpreadConstraints": []}}, True),
        ({"podDisruptionBudget": {"type": "None"}}, True),
        ({"replicas": 4}, True),
        ({"limits": {"maxUploadSize": "1Gi"}}, True),
        ({"exposure": {"type": "Ingress"}}, True),
        ({"upstream": {"type": "Redirect", "url": "https://index.example"}}, True),
    ],
)
def test_another_migration_for_another_image_database_or_store_only(change: Spec, same: bool) -> None:
    first, second = registry(), registry(change)
    names = [migration_name(wanted, INSTALLATION, fresh(wanted)) for wanted in (first, second)]
    assert (names[0] == names[1]) is same


def test_another_migration_for_another_resource_or_another_password() -> None:
    wanted, again = registry(EXTERNAL), registry(EXTERNAL, uid="u-2")
    other = EXTERNAL_SECRETS | {"db": {"uri": "postgresql://u:changed@h/d"}}
    names = {
        migration_name(wanted, INSTALLATION, fresh(wanted)),
        migration_name(again, INSTALLATION, fresh(again)),
        migration_name(wanted, INSTALLATION, fresh(wanted, secrets=secrets_of(wanted, other))),
    }
    assert len(names) == 3


def test_no_migration_while_an_input_is_missing() -> None:
    wanted = registry(EXTERNAL)
    for name in ("db", "db-ca", "s3", "s3-ca", "pypi-sync"):
        secrets = {key: value for key, value in secrets_of(wanted).items() if key != name}
        seen = fresh(wanted, secrets=secrets)
        assert migration_name(wanted, INSTALLATION, seen) is None
        assert decided(wanted, seen).create == ()


def test_a_changed_password_rolls_the_pods() -> None:
    wanted = registry(EXTERNAL)
    other = EXTERNAL_SECRETS | {"s3": EXTERNAL_SECRETS["s3"] | {"AWS_SECRET_ACCESS_KEY": "changed"}}
    unused = EXTERNAL_SECRETS | {"s3": EXTERNAL_SECRETS["s3"] | {"note": "not read by any pod"}}
    checksums = []
    for secrets in (EXTERNAL_SECRETS, other, unused):
        seen = fresh(wanted, secrets=secrets_of(wanted, secrets))
        name = migration_name(wanted, INSTALLATION, seen)
        job = replace(with_job(wanted, JobState.SUCCEEDED), secrets=seen.secrets)
        assert job.migration is not None
        made = decided(wanted, replace(job, migration=replace(job.migration, name=str(name))))
        deployment = next(manifest for manifest in made.apply if manifest["kind"] == "Deployment")
        checksums.append(deployment["spec"]["template"]["metadata"]["annotations"])
    assert checksums[0] != checksums[1]
    assert checksums[0] == checksums[2]


@pytest.mark.parametrize("kind", OWNED_KINDS)
def test_a_paused_registry_keeps_everything_as_it_is(kind: str) -> None:
    wanted = registry({"paused": True})
    made = decided(wanted, serving(wanted))
    assert (made.apply, made.create, made.delete) == ((), (), ())
    assert made.keeps(ObjectKey(kind, "whatever"))


def test_a_registry_that_is_being_deleted_is_left_alone() -> None:
    wanted = registry(deletionTimestamp="2026-01-01T00:00:00Z")
    assert decided(wanted, fresh(wanted)) == RegistryPlan()


def test_what_is_not_wanted_goes_when_no_pod_uses_it_any_more() -> None:
    old_store = ObjectKey("StatefulSet", "pypi-object-store")
    wanted = registry(EXTERNAL)
    migrating = with_job(wanted, JobState.RUNNING)
    rolling = serving(wanted, deployment=Workload(2, 1, settled=False))
    assert decided(wanted, migrating).keeps(old_store)
    assert decided(wanted, rolling).keeps(old_store)
    assert decided(wanted, replace(rolling, deployment=None)).keeps(old_store)
    assert not decided(wanted, serving(wanted)).keeps(old_store)
    assert decided(registry(), serving(registry())).keeps(old_store)


def test_what_exposed_it_and_a_former_migration_go_at_once() -> None:
    wanted = registry()
    made = decided(wanted, with_job(wanted, JobState.RUNNING))
    assert not made.keeps(ObjectKey("Ingress", "pypi"))
    assert not made.keeps(ObjectKey("HTTPRoute", "pypi"))
    assert not made.keeps(ObjectKey("Job", "pypi-migrate-00000000"))
    current = migration_name(wanted, INSTALLATION, ready_parts(wanted))
    assert made.keeps(ObjectKey("Job", str(current)))
    assert made.keeps(ObjectKey("Deployment", "pypi"))


def test_a_migration_stays_known_while_a_part_restarts() -> None:
    wanted = registry()
    current = ObjectKey("Job", str(migration_name(wanted, INSTALLATION, fresh(wanted))))
    assert decided(wanted, fresh(wanted)).keeps(current)
    assert not decided(wanted, RegistryObservation("n-1")).keeps(current)


def test_a_foreign_object_is_not_touched() -> None:
    wanted = registry()
    made = decided(wanted, fresh(wanted, conflicts=(ObjectKey("Service", "pypi"),)))
    assert ("Service", "pypi") not in applied(made)
    assert ("Service", "pypi-sync") in applied(made)


def test_an_installation_without_a_domain_exposes_nothing_by_itself() -> None:
    wanted = registry(INGRESS)
    made = plan(wanted, BARE_INSTALLATION, fresh(wanted), NOW)
    assert not [manifest for manifest in made.apply if manifest["kind"] == "Ingress"]
    named = registry({"exposure": {"type": "Ingress", "hostname": "h.example"}})
    (ingress,) = [item for item in plan(named, BARE_INSTALLATION, fresh(named), NOW).apply if item["kind"] == "Ingress"]
    assert "ingressClassName" not in ingress["spec"]
