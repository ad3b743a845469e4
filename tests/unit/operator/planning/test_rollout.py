"""What is a move of a registry that serves, and what stays as it is while one waits for its turn."""

from dataclasses import replace
from typing import Any

import pytest

from registry_operator.planning.observed import JobState, ObjectKey, RegistryObservation, Workload
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.registry_plan import RegistryPlan, plan
from registry_operator.planning.rollout import Motion, held, motion
from registry_operator.resources.conditions import Condition, ConditionType
from registry_operator.resources.names import TEMPLATE_ANNOTATION
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import EXTERNAL, INSTALLATION, NOW, Spec, fresh, registry, serving

NEWER = replace(INSTALLATION, service_image="registry.example/service:1.3.0")
OTHER_DATABASE = replace(INSTALLATION, postgresql_image="registry.example/postgresql:18")
RUNNING = Workload(replicas=1, ready=1, settled=True)


def decided(wanted: PyPIRegistry, seen: RegistryObservation, installation: Any = INSTALLATION) -> RegistryPlan:
    # Any: an Installation, by its default
    return plan(wanted, installation, seen, NOW)


def templates(made: RegistryPlan) -> dict[str, str]:
    """The hash of each workload's template, by the workload's name."""
    marked = {
        manifest["metadata"]["name"]: manifest["metadata"].get("annotations", {}).get(TEMPLATE_ANNOTATION)
        for manifest in made.apply
        if manifest["kind"] in ("Deployment", "StatefulSet")
    }
    return {name: template for name, template in marked.items() if template}


def arrived(wanted: PyPIRegistry, **more: Any) -> RegistryObservation:  # Any: the value's other fields
    """A registry all of whose pods are of the templates that the installation asks for."""
    seen = serving(wanted)
    marks = templates(decided(wanted, seen))
    parts = {
        "deployment": replace(RUNNING, template=marks["pypi"]),
        "database": replace(RUNNING, template=marks.get("pypi-postgresql")),
        "object_store": replace(RUNNING, template=marks.get("pypi-object-store")),
    }
    return replace(seen, **{**parts, **more})


def conditions(wanted: PyPIRegistry, seen: RegistryObservation) -> dict[ConditionType, Condition]:
    return {one.type: one for one in registry_conditions(wanted, NEWER, seen)}


def kinds(made: RegistryPlan) -> set[str]:
    return {manifest["kind"] for manifest in made.apply}


def test_every_workload_tells_of_its_template() -> None:
    wanted = registry()
    marks = templates(decided(wanted, serving(wanted)))
    assert marks.keys() == {"pypi", "pypi-postgresql", "pypi-object-store"}
    assert marks != templates(decided(registry({"podTemplate": {"labels": {"team": "a"}}}), serving(wanted)))


def test_a_new_registry_is_in_nobodys_way() -> None:
    wanted = registry()
    assert motion(decided(wanted, fresh(wanted)), fresh(wanted)) is Motion.AT_REST


def test_a_registry_that_arrived_is_at_rest_and_so_is_a_paused_one() -> None:
    wanted, paused = registry(), registry({"paused": True})
    assert motion(decided(wanted, arrived(wanted)), arrived(wanted)) is Motion.AT_REST
    assert motion(decided(paused, serving(paused), NEWER), serving(paused)) is Motion.AT_REST


@pytest.mark.parametrize("installation", [NEWER, OTHER_DATABASE])
def test_what_the_installation_asks_anew_is_due(installation: Any) -> None:  # Any: see decided
    wanted = registry()
    seen = replace(arrived(wanted), migration=None if installation is NEWER else arrived(wanted).migration)
    assert motion(decided(wanted, seen, installation), seen) is Motion.DUE


def test_another_number_of_replicas_is_no_move() -> None:
    wanted = registry()
    more = registry({"replicas": 3})
    assert motion(decided(more, arrived(wanted)), arrived(wanted)) is Motion.AT_REST


def test_a_deleted_part_is_made_again_without_a_turn() -> None:
    wanted = registry()
    seen = arrived(wanted, database=None)
    made = decided(wanted, seen)
    assert motion(made, seen) is Motion.UNREADY
    assert ObjectKey("StatefulSet", "pypi-postgresql") in map(ObjectKey.of, held(made, seen).apply)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"deployment": {"settled": False}}, Motion.UNDER_WAY),
        ({"database": {"settled": False}}, Motion.UNDER_WAY),
        ({"deployment": {"ready": 0}}, Motion.UNREADY),
        ({"object_store": {"ready": 0}}, Motion.UNREADY),
        ({"migration": {"state": JobState.RUNNING}}, Motion.UNDER_WAY),
        ({"migration": {"state": JobState.FAILED, "finished_at": "2026-11-24T11:59:59Z"}}, Motion.FAILED),
        ({"migration": {"state": JobState.FAILED, "finished_at": "2026-11-24T11:00:00Z"}}, Motion.DUE),
    ],
)
def test_a_move_goes_on_until_all_is_ready(change: dict[str, Spec], found: Motion) -> None:
    wanted = registry()
    whole = arrived(wanted)
    seen = replace(whole, **{name: replace(getattr(whole, name), **fields) for name, fields in change.items()})
    assert motion(decided(wanted, seen), seen) is found


def test_the_pods_of_one_that_waits_stay_and_all_else_is_kept_right() -> None:
    wanted = registry({"exposure": {"type": "Ingress"}})
    seen = arrived(wanted, migration=None)
    waits = held(decided(wanted, seen, NEWER), seen)
    assert (waits.create, waits.delete, waits.next_look) == ((), (), None)
    assert {"Ingress", "NetworkPolicy", "Service", "ServiceAccount"} <= kinds(waits)
    assert not {"Deployment", "StatefulSet", "ConfigMap"} & kinds(waits)


def test_what_the_pods_of_one_that_waits_may_use_is_not_pruned() -> None:
    wanted = registry(EXTERNAL)
    seen = replace(serving(wanted), deployment=replace(RUNNING, template="former"))
    made = decided(wanted, seen)
    assert not made.keeps(ObjectKey("StatefulSet", "pypi-postgresql"))
    waits = held(made, seen)
    for kind in ("StatefulSet", "ConfigMap", "Job", "Deployment"):
        assert waits.keeps(ObjectKey(kind, "former"))
    assert not waits.keeps(ObjectKey("Ingress", "pypi"))


def test_one_that_waits_says_for_what_and_that_it_serves() -> None:
    wanted = registry()
    found = conditions(wanted, arrived(wanted, migration=None, moved_at_once=5))
    ready, reconciling = found[ConditionType.READY], found[ConditionType.RECONCILING]
    assert (ready.status.value, ready.reason) == ("False", "RolloutQueued")
    assert "serves as before" in ready.message
    assert "at most 5 registries" in ready.message
    assert "raise rollout.maxConcurrent" in ready.message
    assert (reconciling.status.value, reconciling.reason) == ("True", "RolloutQueued")
    assert (found[ConditionType.STALLED].is_true, found[ConditionType.AVAILABLE].is_true) == (False, True)
    for kind in (ConditionType.DATABASE_READY, ConditionType.STORAGE_READY, ConditionType.MIGRATIONS_APPLIED):
        assert (found[kind].status.value, found[kind].reason) == ("Unknown", "RolloutQueued")


def test_one_whose_database_is_migrated_already_waits_with_its_pods() -> None:
    wanted = registry()
    found = conditions(wanted, arrived(wanted, moved_at_once=5))
    assert found[ConditionType.MIGRATIONS_APPLIED].is_true
    assert (found[ConditionType.READY].status.value, found[ConditionType.READY].reason) == ("False", "RolloutQueued")


def test_what_is_wrong_besides_is_said_first() -> None:
    wanted = registry()
    down = replace(RUNNING, ready=0)
    found = conditions(wanted, arrived(wanted, migration=None, moved_at_once=5, deployment=down))
    assert found[ConditionType.READY].reason == "MinimumReplicasUnavailable"
