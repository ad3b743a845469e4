"""What the cluster shows of one registry: its Secrets, its children, its migration."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from registry_operator.cluster.kinds import PERSISTENT_VOLUME_CLAIM, POD, SECRET, Object, kind_named
from registry_operator.cluster.kube import Kube
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import (
    MigrationJob,
    ObjectKey,
    ObservedSecret,
    RegistryObservation,
    Route,
    Workload,
    controller,
    ingress_addresses,
)
from registry_operator.planning.registry_plan import OWNED_KINDS, migration_name
from registry_operator.planning.secrets import secret_names
from registry_operator.planning.volume_claim import VolumeClaim
from registry_operator.resources import names
from registry_operator.resources.registry import PyPIRegistry

# Set by the Job controller on its pods since Kubernetes 1.27.
_JOB_NAME_LABEL = "batch.kubernetes.io/job-name"


@dataclass(frozen=True, slots=True)
class RegistryView:
    """What was read; `children` are bodies, so that what a pass writes can be put in place of what it read.

    The volume's claim is among them, whoever made it. `refusals` holds what the API server said against a change.
    `unserved` is filled by a pass that wants an optional kind which the cluster does not know. `moved_at_once`: see
    RegistryObservation.
    """

    namespace_uid: str
    secrets: dict[str, ObservedSecret]
    children: dict[ObjectKey, Object]
    refusals: dict[ObjectKey, str] = field(default_factory=dict)
    migration: MigrationJob | None = None
    hostname_holder: str | None = None
    unserved: set[str] = field(default_factory=set)
    moved_at_once: int | None = None

    def observation(self, registry: PyPIRegistry, installation: Installation) -> RegistryObservation:
        """The view as planning takes it."""
        name = registry.metadata.name
        route = self.children.get(ObjectKey("HTTPRoute", names.service(name)))
        ingress = self.children.get(ObjectKey("Ingress", names.service(name)))
        seen = RegistryObservation(
            namespace_uid=self.namespace_uid,
            secrets=self.secrets,
            database=self._workload("StatefulSet", names.database(name)),
            object_store=self._workload("StatefulSet", names.object_store(name)),
            deployment=self._workload("Deployment", names.service(name)),
            volume=self._volume(ObjectKey("PersistentVolumeClaim", names.blobs(name))),
            ingress_addresses=() if ingress is None else ingress_addresses(ingress),
            route=None if route is None else Route.parse(route),
            hostname_holder=self.hostname_holder,
            unserved=frozenset(self.unserved),
            moved_at_once=self.moved_at_once,
        )
        job = self.children.get(ObjectKey("Job", migration_name(registry, installation, seen) or ""))
        return seen if job is None else replace(seen, migration=self.migration or MigrationJob.parse(job, ()))

    def _workload(self, kind: str, name: str) -> Workload | None:
        body = self.children.get(ObjectKey(kind, name))
        return None if body is None else Workload.parse(body)

    def _volume(self, key: ObjectKey) -> VolumeClaim | None:
        body = self.children.get(key)
        return None if body is None else replace(VolumeClaim.parse(body), refusal=self.refusals.get(key, ""))


async def observe(
    kube: Kube, registry: PyPIRegistry, *, installation: Installation, namespace_uid: str
) -> RegistryView:
    """Read everything that a decision about `registry` depends on; raises ClusterError."""
    secrets, children, volume = await asyncio.gather(
        _secrets(kube, registry), _children(kube, registry), _volume(kube, registry)
    )
    view = RegistryView(namespace_uid, secrets, children | volume)
    current = view.observation(registry, installation).migration
    if current is None:
        return view
    return replace(view, migration=await _migration(kube, children[ObjectKey("Job", current.name)]))


async def _secrets(kube: Kube, registry: PyPIRegistry) -> dict[str, ObservedSecret]:
    wanted = sorted(secret_names(registry))
    bodies = await asyncio.gather(*(kube.get(SECRET, registry.metadata.namespace, name) for name in wanted))
    return {body["metadata"]["name"]: ObservedSecret.parse(body) for body in bodies if body is not None}


async def _children(kube: Kube, registry: PyPIRegistry) -> dict[ObjectKey, Object]:
    selector = f"{names.OWNER_UID_LABEL}={registry.metadata.uid}"
    namespace = registry.metadata.namespace
    lists = await asyncio.gather(
        *(kube.find(kind_named(kind), namespace, labels=selector) for kind in sorted(OWNED_KINDS))
    )
    return {ObjectKey.of(body): body for body in _owned(registry, (body for found in lists for body in found))}


async def _volume(kube: Kube, registry: PyPIRegistry) -> dict[ObjectKey, Object]:
    if registry.spec.storage.volume is None:
        return {}
    name = names.blobs(registry.metadata.name)
    body = await kube.get(PERSISTENT_VOLUME_CLAIM, registry.metadata.namespace, name)
    return {} if body is None else {ObjectKey.of(body): body}


def _owned(registry: PyPIRegistry, bodies: Iterable[Object]) -> list[Object]:
    # A label is only a way to find; the owner reference is what makes an object ours.
    return [body for body in bodies if controller(body["metadata"]).get("uid") == registry.metadata.uid]


async def _migration(kube: Kube, job: Object) -> MigrationJob:
    metadata = job["metadata"]
    pods = await kube.find(POD, metadata["namespace"], labels=f"{_JOB_NAME_LABEL}={metadata['name']}")
    # Whoever may label pods must not be able to speak for the Job.
    own = [pod for pod in pods if controller(pod["metadata"]).get("uid") == metadata["uid"]]
    return MigrationJob.parse(job, own)
