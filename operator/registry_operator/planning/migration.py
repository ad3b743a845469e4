"""The migration Job: preflight, claim and schema, once for each state of image, database and store.

Its name carries the digest of everything that its pod depends on, because a Job's pod is fixed for ever.
A failed Job is made again, each time a little later.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from registry_operator.planning import blob_volume, objects, overlay, pods, service
from registry_operator.planning.inputs import variable
from registry_operator.planning.observed import JobState, Manifest, MigrationJob
from registry_operator.resources import names
from registry_operator.resources.conditions import parse_rfc3339
from registry_operator.resources.registry import PyPIRegistry
from registry_service.contract import environment

MESSAGE_FILE: Final = "/dev/termination-log"
_FIRST_DELAY: Final = timedelta(seconds=10)
_LONGEST_DELAY: Final = timedelta(minutes=5)
_DOUBLINGS: Final = 5


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about a Job: at most one of the two, and when to look again."""

    create: bool = False
    delete: bool = False
    next_look: datetime | None = None


def name(registry: PyPIRegistry, service_pods: service.ServicePods, *, checksum: str) -> str:
    """The Job's name: another one for another image, database, store, takeover or resource UID.

    And for another `podTemplate`, because a pod that could not start for its sake could not be changed.
    """
    return names.migration(registry.metadata.name, names.checksum([_template(registry, service_pods), checksum]))


def job(registry: PyPIRegistry, service_pods: service.ServicePods, *, checksum: str, attempt: int) -> Manifest:
    """The Job with its name; `checksum` is that of the Secrets it reads."""
    job_name = name(registry, service_pods, checksum=checksum)
    manifest = objects.child(registry, "Job", job_name, component=names.MIGRATION_COMPONENT)
    manifest["metadata"]["annotations"] = {names.ATTEMPT_ANNOTATION: str(attempt)}
    template = _template(registry, service_pods)
    # Not a part of the name: more time alone is no reason to migrate again. The next attempt has it.
    deadline = registry.spec.migrations.deadline_seconds
    # No retry by Kubernetes itself: each attempt's message is read, reported and only then followed by the next.
    return manifest | {"spec": {"backoffLimit": 0, "activeDeadlineSeconds": deadline, "template": template}}


def step(present: MigrationJob | None, *, now: datetime) -> Step:
    """Make the Job when there is none; clear a failed one away when its delay is over."""
    if present is None:
        return Step(create=True)
    if present.state is not JobState.FAILED:
        return Step()
    due = now if present.finished_at is None else parse_rfc3339(present.finished_at) + delay(present.attempt)
    return Step(delete=True) if now >= due else Step(next_look=due)


def delay(attempt: int) -> timedelta:
    """How long after the failure of an attempt the next one waits: 10 s, 20 s, 40 s … at most 5 minutes."""
    doublings = min(max(attempt, 1) - 1, _DOUBLINGS)
    return min(_FIRST_DELAY * (1 << doublings), _LONGEST_DELAY)


def _template(registry: PyPIRegistry, service_pods: service.ServicePods) -> Manifest:
    template = pods.template(registry, names.MIGRATION_COMPONENT, spec=_pod(registry, service_pods))
    return overlay.with_metadata(registry, template)


def _pod(registry: PyPIRegistry, service_pods: service.ServicePods) -> Manifest:
    # The address does not matter to a migration: a new host must not mean a new Job.
    frame = service.container(registry, replace(service_pods, external_url=None), name="migrate")
    takeover = registry.spec.takeover
    env = [variable(environment.TERMINATION_MESSAGE, MESSAGE_FILE)]
    env += [variable(environment.TAKEOVER, takeover)] if takeover else []
    migrate = frame | {
        "args": ["migrate"],
        "env": [*frame["env"], *env],
        "terminationMessagePath": MESSAGE_FILE,
        "terminationMessagePolicy": "File",
    }
    return {
        "restartPolicy": "Never",
        "serviceAccountName": names.service_account(registry.metadata.name),
        "securityContext": blob_volume.pod_security(registry),
        "containers": [migrate],
        "volumes": [pods.scratch("1Gi"), *service_pods.inputs.volumes],
        **overlay.placement(registry),
        **blob_volume.beside_serving_pods(registry),
    }
