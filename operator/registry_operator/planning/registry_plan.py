"""What should exist for a PyPIRegistry now, given what is there: the order of database, migration, service."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from registry_operator.planning import (
    addresses,
    approval,
    blob_volume,
    exposing,
    migration,
    monitoring,
    network,
    object_store,
    postgresql,
    service,
)
from registry_operator.planning.inputs import checksum, database_inputs, storage_inputs
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import JobState, Manifest, ObjectKey, RegistryObservation, Workload
from registry_operator.planning.secrets import is_ours, sync_key
from registry_operator.resources import names
from registry_operator.resources.backends import DatabaseType, StorageType
from registry_operator.resources.conditions import Condition
from registry_operator.resources.registry import PyPIRegistry

OWNED_KINDS: Final = (
    *("ConfigMap", "Deployment", "HTTPRoute", "Ingress", "Job", "NetworkPolicy", "PodDisruptionBudget"),
    *(monitoring.KIND, "Service", "ServiceAccount", "StatefulSet"),
)
# A registry serves without them where the cluster does not know them.
OPTIONAL_KINDS: Final = frozenset({monitoring.KIND})
# What goes as soon as it is not wanted; all else waits until the pods that may still use it are gone. A policy that
# is switched off may be the reason why these never get ready.
_PRUNED_AT_ONCE: Final = frozenset(
    {"HTTPRoute", "Ingress", "Job", "NetworkPolicy", "PodDisruptionBudget", monitoring.KIND}
)


@dataclass(frozen=True, slots=True)
class RegistryPlan:
    """What to do in this pass.

    `apply` in this order; `create` by POST only; `delete` with what it owns. An owned object of OWNED_KINDS that
    `keeps` denies is to be deleted. `next_look` is when a pass is due though nothing changed.
    """

    apply: tuple[Manifest, ...] = ()
    create: tuple[Manifest, ...] = ()
    delete: tuple[ObjectKey, ...] = ()
    kept: frozenset[ObjectKey] = frozenset()
    prunable: frozenset[str] = frozenset()
    next_look: datetime | None = None

    @property
    def image(self) -> str | None:
        """The image that serving pods are given in this pass, if they are."""
        pods = [manifest["spec"]["template"]["spec"] for manifest in self.apply if manifest["kind"] == "Deployment"]
        return next((str(pod["containers"][0]["image"]) for pod in pods), None)

    def keeps(self, key: ObjectKey) -> bool:
        """Whether an object of ours stays."""
        return key in self.kept or key.kind not in self.prunable


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The inputs of pods, complete."""

    service_pods: service.ServicePods
    checksum: str


def migration_name(registry: PyPIRegistry, installation: Installation, observation: RegistryObservation) -> str | None:
    """The migration Job that the spec and the Secrets ask for, or None while an input is missing."""
    prepared = _prepare(registry, installation, observation)
    return None if prepared is None else migration.name(registry, prepared.service_pods, checksum=prepared.checksum)


def plan(
    registry: PyPIRegistry,
    installation: Installation,
    observation: RegistryObservation,
    now: datetime,
    *,
    previous_attempt: int = 0,
) -> RegistryPlan:
    """Decide one pass; `previous_attempt` is that of the failed Job which an earlier pass deleted, else 0."""
    if registry.spec.paused or registry.metadata.terminating:
        return RegistryPlan()
    standing = _standing(registry, installation, observation)
    prepared = _prepare(registry, installation, observation)
    if prepared is None or not parts_ready(registry, observation):
        return _finish(observation, apply=standing, job=None if prepared is None else _job(registry, prepared, 1))
    present = observation.migration
    job = _job(registry, prepared, previous_attempt + 1)
    if present is not None and present.state is JobState.SUCCEEDED:
        deployment = service.deployment(registry, prepared.service_pods, checksum=prepared.checksum)
        return _finish(observation, apply=(*standing, deployment), job=job)
    return _migrate(observation, standing, job=job, step=migration.step(present, now=now))


def parts_ready(registry: PyPIRegistry, observation: RegistryObservation) -> bool:
    """Whether the managed parts, if any, have a ready pod, and the volume, if there is one, may be mounted."""
    spec = registry.spec
    return (
        (spec.database.type is not DatabaseType.MANAGED or is_ready(observation.database))
        and (spec.storage.type is not StorageType.MANAGED or is_ready(observation.object_store))
        and (spec.storage.volume is None or blob_volume.is_usable(registry, observation.volume))
    )


def is_ready(workload: Workload | None) -> bool:
    """Whether a managed part serves: its pod is of the current template and ready."""
    return workload is not None and workload.settled and workload.ready > 0


def _prepare(registry: PyPIRegistry, installation: Installation, observation: RegistryObservation) -> _Prepared | None:
    database = database_inputs(registry, observation.secrets)
    storage = storage_inputs(registry, observation.secrets)
    key = sync_key(registry, observation.secrets)
    if isinstance(database, Condition) or isinstance(storage, Condition) or key is None:
        return None
    inputs = database + storage
    service_pods = service.ServicePods(
        image=approval.image(registry, installation, observation),
        namespace_uid=observation.namespace_uid,
        inputs=inputs,
        external_url=addresses.external_url(registry, installation),
        trusted_proxies=installation.trusted_proxies,
    )
    return _Prepared(service_pods, checksum(inputs.used, observation.secrets, key))


def _standing(
    registry: PyPIRegistry, installation: Installation, observation: RegistryObservation
) -> tuple[Manifest, ...]:
    """What needs neither database nor migration, and the managed parts themselves."""
    exposed = exposing.manifest(registry, installation) if observation.hostname_holder is None else None
    budget = service.disruption_budget(registry)
    watched = monitoring.manifest(registry)
    optional = tuple(manifest for manifest in (exposed, budget, watched) if manifest is not None)
    manifests = (service.service_account(registry), *service.services(registry), *optional)
    manifests += network.policies(registry, installation, observation)
    secrets, key = observation.secrets, sync_key(registry, observation.secrets)
    if key is None:
        return manifests
    ours = {secret.name for secret in secrets.values() if is_ours(registry, secret)}
    if registry.spec.database.type is DatabaseType.MANAGED and names.database(registry.metadata.name) in ours:
        manifests += postgresql.manifests(registry, installation, secrets=secrets, key=key)
    if registry.spec.storage.type is StorageType.MANAGED and names.object_store(registry.metadata.name) in ours:
        manifests += object_store.manifests(registry, installation, secrets=secrets, key=key)
    return manifests


def _job(registry: PyPIRegistry, prepared: _Prepared, attempt: int) -> Manifest:
    return migration.job(registry, prepared.service_pods, checksum=prepared.checksum, attempt=attempt)


def _migrate(
    observation: RegistryObservation, standing: tuple[Manifest, ...], *, job: Manifest, step: migration.Step
) -> RegistryPlan:
    decided = _finish(observation, apply=standing, job=job)
    if step.delete:
        return replace(decided, delete=(ObjectKey.of(job),))
    return replace(decided, create=(job,) if step.create else (), next_look=step.next_look)


def _finish(observation: RegistryObservation, *, apply: tuple[Manifest, ...], job: Manifest | None) -> RegistryPlan:
    """The plan's frame: nothing of a foreigner's is touched, and what running pods still use is not pruned."""
    wanted = tuple(manifest for manifest in apply if ObjectKey.of(manifest) not in observation.conflicts)
    kept = {ObjectKey.of(manifest) for manifest in (*apply, *([job] if job else []))}
    return RegistryPlan(apply=wanted, kept=frozenset(kept), prunable=_prunable(observation, wanted))


def _prunable(observation: RegistryObservation, wanted: tuple[Manifest, ...]) -> frozenset[str]:
    serving = any(manifest["kind"] == "Deployment" for manifest in wanted)
    rolled_out = observation.deployment is not None and observation.deployment.settled
    return frozenset(OWNED_KINDS) if serving and rolled_out else _PRUNED_AT_ONCE
