"""What the cluster shows, cut down to what decisions depend on; one `parse` per kind of body."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self, TypeAlias

from registry_operator.planning.volume_claim import VolumeClaim
from registry_operator.resources import names

Body: TypeAlias = Mapping[str, Any]  # Any: a body of the Kubernetes API is free-form JSON
Manifest: TypeAlias = dict[str, Any]  # Any: see Body

# Secrets that the cluster, Helm or an ingress controller keeps for itself. Who may write our resources need not be
# allowed to read them, and would by naming them here.
_KEPT_TYPES: Final = frozenset(
    {
        "bootstrap.kubernetes.io/token",
        "helm.sh/release.v1",
        "kubernetes.io/dockercfg",
        "kubernetes.io/dockerconfigjson",
        "kubernetes.io/service-account-token",
        "kubernetes.io/ssh-auth",
        "kubernetes.io/tls",
    }
)
_TLS: Final = "kubernetes.io/tls"
# The kubelet cuts a termination message at 4096 bytes; what is longer was not written by `registry-service migrate`.
_MAX_TERMINATION_MESSAGE: Final = 4096
_ATTEMPT: Final = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """An object of the resource's own namespace."""

    kind: str
    name: str

    @classmethod
    def of(cls, body: Body) -> Self:
        """The key of a manifest or of a body."""
        return cls(body["kind"], body["metadata"]["name"])


@dataclass(frozen=True, slots=True)
class ObservedNamespace:
    """A namespace as the API server shows it."""

    name: str
    uid: str
    labels: Mapping[str, str] = field(default_factory=dict)
    terminating: bool = False

    @classmethod
    def parse(cls, body: Body) -> Self:
        """Read a Namespace."""
        meta = body["metadata"]
        return cls(meta["name"], meta["uid"], meta.get("labels") or {}, "deletionTimestamp" in meta)


@dataclass(frozen=True, slots=True)
class ObservedSecret:
    """A Secret with its values decoded. `owner_uid` and `owner_name` are those of its controller."""

    name: str
    uid: str
    data: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owner_uid: str | None = None
    owner_name: str | None = None
    type: str = "Opaque"

    @classmethod
    def parse(cls, body: Body) -> Self:
        """Read a Secret."""
        meta = body["metadata"]
        owner = controller(meta)
        return cls(
            name=meta["name"],
            uid=meta["uid"],
            data={key: base64.b64decode(value) for key, value in (body.get("data") or {}).items()},
            labels=meta.get("labels") or {},
            annotations=meta.get("annotations") or {},
            owner_uid=owner.get("uid"),
            owner_name=owner.get("name"),
            type=body.get("type") or "Opaque",
        )

    def lends(self, key: str) -> bool:
        """Whether a resource may have this key's value used: not one that is kept for the cluster's own purposes."""
        is_certificate = self.type == _TLS and key != "tls.key"
        return self.type not in _KEPT_TYPES or is_certificate

    def text(self, key: str) -> str | None:
        """One value as text, or None when the key is missing or holds other bytes than UTF-8."""
        try:
            return self.data[key].decode()
        except (KeyError, UnicodeDecodeError):
            return None


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment or StatefulSet; `settled` when its controller has seen the current template and rolled it out.

    `template` is the hash of its pods' template as we applied it last, `image` that of its first container.
    """

    replicas: int
    ready: int
    settled: bool
    template: str | None = None
    image: str | None = None

    @classmethod
    def parse(cls, body: Body) -> Self:
        """Read a Deployment or StatefulSet."""
        spec, status = body["spec"], body.get("status") or {}
        wanted = spec.get("replicas", 1)
        seen = status.get("observedGeneration", 0) >= body["metadata"].get("generation", 0)
        updated = status.get("updatedReplicas", 0) == wanted == status.get("replicas", 0)
        template = (body["metadata"].get("annotations") or {}).get(names.TEMPLATE_ANNOTATION)
        return cls(
            replicas=status.get("replicas", 0),
            ready=status.get("readyReplicas", 0),
            settled=seen and updated,
            template=template,
            image=_first_image(spec),
        )


@dataclass(frozen=True, slots=True)
class Route:
    """What controllers say of an HTTPRoute: None when they have not spoken of its current form yet."""

    accepted: bool | None = None
    problem: str = ""

    @classmethod
    def parse(cls, body: Body) -> Self:
        """Read an HTTPRoute."""
        generation = body["metadata"].get("generation", 0)
        parents = (body.get("status") or {}).get("parents") or ()
        said = [one for parent in parents for one in parent.get("conditions") or ()]
        current = [one for one in said if one.get("observedGeneration", generation) >= generation]
        judged = [one for one in current if one["type"] in ("Accepted", "ResolvedRefs")]
        failed = next((one for one in judged if one["status"] == "False"), None)
        if failed is not None:
            return cls(accepted=False, problem=f"{failed['reason']}: {failed.get('message', '')}")
        return cls(accepted=True if any(one["type"] == "Accepted" for one in judged) else None)


class JobState(StrEnum):
    """What became of a Job."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class MigrationJob:
    """The migration Job of one digest, with what its pod said at its end, or what keeps it from starting."""

    name: str
    state: JobState
    attempt: int = 1
    finished_at: str | None = None
    reason: str | None = None
    message: str = ""
    registry_id: str | None = None

    @classmethod
    def parse(cls, job: Body, pods: Sequence[Body]) -> Self:
        """Read a Job and the pods that it made."""
        state, finished_at = _job_state(job.get("status") or {})
        words = _obstacle(pods) if state is JobState.RUNNING else _termination_message(pods) or _last_words(job)
        annotations = job["metadata"].get("annotations") or {}
        return cls(
            name=job["metadata"]["name"],
            state=state,
            attempt=_attempt(annotations.get(names.ATTEMPT_ANNOTATION, "")),
            finished_at=finished_at,
            reason=words.get("reason"),
            message=words.get("message", ""),
            registry_id=words.get("registryID"),
        )


@dataclass(frozen=True, slots=True)
class RegistryObservation:
    """Everything that a decision about one PyPIRegistry depends on.

    `secrets` holds every Secret that `secret_names` names and that exists, by name. `migration` is the Job that
    `migration_name` names. `conflicts` are objects that bear a child's name and are not ours. `rules_digest` is
    that of the rules which the service says it obeys; `sync_problem` what went wrong when it was asked.
    `hostname_holder` is the other registry (`namespace/name`) that has the host name which this one asks for.
    `unserved` are optional kinds that were wanted and that the cluster does not know. `moved_at_once` is how many
    registries are moved at a time, where this one waits for its turn.
    """

    namespace_uid: str
    secrets: Mapping[str, ObservedSecret] = field(default_factory=dict)
    database: Workload | None = None
    object_store: Workload | None = None
    migration: MigrationJob | None = None
    deployment: Workload | None = None
    volume: VolumeClaim | None = None
    ingress_addresses: tuple[str, ...] = ()
    route: Route | None = None
    conflicts: tuple[ObjectKey, ...] = ()
    rules_digest: str | None = None
    sync_problem: str | None = None
    hostname_holder: str | None = None
    unserved: frozenset[str] = frozenset()
    moved_at_once: int | None = None


def controller(meta: Body) -> Body:
    """The controller's owner reference in some metadata, or an empty one."""
    return next((owner for owner in meta.get("ownerReferences") or () if owner.get("controller")), {})


def ingress_addresses(body: Body) -> tuple[str, ...]:
    """The addresses that a controller has given an Ingress."""
    entries = ((body.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return tuple(entry.get("hostname") or entry.get("ip", "") for entry in entries)


def _first_image(workload: Body) -> str | None:
    containers = ((workload.get("template") or {}).get("spec") or {}).get("containers") or ()
    return next((str(container["image"]) for container in containers), None)


def _job_state(status: Body) -> tuple[JobState, str | None]:
    for condition in status.get("conditions") or ():
        if condition["status"] == "True" and condition["type"] in ("Complete", "Failed"):
            state = JobState.SUCCEEDED if condition["type"] == "Complete" else JobState.FAILED
            return state, condition.get("lastTransitionTime")
    return JobState.RUNNING, None


def _attempt(text: str) -> int:
    # Whoever may annotate the Job may write anything there.
    return int(text) if _ATTEMPT.fullmatch(text) else 1


def _termination_message(pods: Sequence[Body]) -> dict[str, str]:
    """What the newest pod with a message wrote: text fields only, since the image is the user's choice."""
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True):
        for container in (pod.get("status") or {}).get("containerStatuses") or ():
            text = ((container.get("state") or {}).get("terminated") or {}).get("message") or ""
            words = _json_object(text[:_MAX_TERMINATION_MESSAGE])
            if words:
                return {key: value for key, value in words.items() if isinstance(value, str)}
    return {}


def _last_words(job: Body) -> dict[str, str]:
    """Why a Job failed whose pod could not say it, such as one that its deadline ended."""
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Failed" and condition.get("message"):
            return {"message": f"{condition.get('reason')}: {condition['message']}"}
    return {}


def _obstacle(pods: Sequence[Body]) -> dict[str, str]:
    """Why a pod does not start, where the kubelet or the scheduler says so."""
    for status in (pod.get("status") or {} for pod in pods):
        waiting = [(item.get("state") or {}).get("waiting") for item in status.get("containerStatuses") or ()]
        unscheduled = [item for item in status.get("conditions") or () if item.get("reason") == "Unschedulable"]
        for found in (*filter(None, waiting), *unscheduled):
            # `ContainerCreating` and its like come without a message and pass by themselves.
            if found.get("message"):
                return {"message": f"{found.get('reason')}: {found['message']}"}
    return {}


def _json_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
