"""How far a registry is on its way to what the operator asks for: only so many that serve are moved at a time.

A new version of the operator, or of its default images, asks the same of all registries at once.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Final

from registry_operator.planning.observed import JobState, Manifest, RegistryObservation, Workload
from registry_operator.planning.registry_plan import RegistryPlan
from registry_operator.resources import names

_WORKLOADS: Final = frozenset({"Deployment", "StatefulSet"})
# The script of the managed database: its pods read it when they start.
_PODS_READ: Final = "ConfigMap"


class Motion(StrEnum):
    """Where a registry is on its way."""

    AT_REST = "AtRest"
    """All pods are as they should be, or there were none before."""
    DUE = "Due"
    """The next step changes a pod that serves, or starts a migration for one."""
    UNDER_WAY = "UnderWay"
    """The migration runs, or pods are being replaced."""
    UNREADY = "Unready"
    """Nothing is left to do, but not all is ready."""
    FAILED = "Failed"
    """The migration failed and is not due again yet."""


def motion(decided: RegistryPlan, seen: RegistryObservation) -> Motion:
    """Judge by the plan of this pass. What has no Deployment yet is in nobody's way and at rest."""
    if seen.deployment is None or not decided.apply:
        return Motion.AT_REST
    if decided.create or decided.delete or any(_differs(manifest, seen) for manifest in decided.apply):
        return Motion.DUE
    if seen.migration is not None and seen.migration.state is JobState.FAILED:
        return Motion.FAILED
    present = [workload for workload in (seen.deployment, seen.database, seen.object_store) if workload is not None]
    migrating = seen.migration is not None and seen.migration.state is JobState.RUNNING
    if migrating or not all(workload.settled for workload in present):
        return Motion.UNDER_WAY
    serves = any(manifest["kind"] == "Deployment" for manifest in decided.apply)
    return Motion.AT_REST if serves and all(map(_is_whole, present)) else Motion.UNREADY


def held(decided: RegistryPlan, seen: RegistryObservation) -> RegistryPlan:
    """The plan of a registry that waits for its turn: its pods, and what they use, stay as they are."""
    return replace(
        decided,
        apply=tuple(manifest for manifest in decided.apply if not _moves(manifest, seen)),
        create=(),
        delete=(),
        prunable=decided.prunable - {"Job", _PODS_READ, *_WORKLOADS},
        next_look=None,
    )


def _differs(manifest: Manifest, seen: RegistryObservation) -> bool:
    workload = _observed(manifest, seen)
    wanted = manifest["metadata"].get("annotations", {}).get(names.TEMPLATE_ANNOTATION)
    return workload is not None and workload.template != wanted


def _moves(manifest: Manifest, seen: RegistryObservation) -> bool:
    """Whether an apply would reach pods; one that somebody deleted is made again without a turn."""
    return manifest["kind"] == _PODS_READ or _observed(manifest, seen) is not None


def _observed(manifest: Manifest, seen: RegistryObservation) -> Workload | None:
    """The workload that a manifest is about, as far as it exists."""
    if manifest["kind"] not in _WORKLOADS:
        return None
    component = manifest["metadata"]["labels"][names.COMPONENT_LABEL]
    found = {
        names.SERVICE_COMPONENT: seen.deployment,
        names.DATABASE_COMPONENT: seen.database,
        names.OBJECT_STORE_COMPONENT: seen.object_store,
    }
    return found[component]


def _is_whole(workload: Workload) -> bool:
    return workload.ready >= workload.replicas
