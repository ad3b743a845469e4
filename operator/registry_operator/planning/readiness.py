"""A PyPIRegistry's conditions: each check is a function from what was observed to one condition."""

from dataclasses import dataclass, replace
from typing import Final

from registry_operator.planning import addresses, approval, monitoring, volume_readiness
from registry_operator.planning.inputs import PodInputs, database_inputs, storage, storage_inputs
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import JobState, RegistryObservation, Route, Workload
from registry_operator.planning.registry_plan import is_ready
from registry_operator.planning.retention import warning
from registry_operator.planning.rollout_readiness import queued
from registry_operator.planning.rules import rules_digest
from registry_operator.resources import names
from registry_operator.resources.backends import DatabaseType, StorageType
from registry_operator.resources.conditions import (
    Condition,
    ConditionType,
    Status,
    fails,
    holds,
    sentences,
    unknown,
)
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import ExposureType, GatewayExposure, PyPIRegistry

# What `registry-service migrate` says about the database, and what a person does about it.
_DATABASE_ADVICE: Final = {
    Reason.DATABASE_UNREACHABLE: "Check host, port and network of the database in its Secret.",
    Reason.DATABASE_AUTHENTICATION_FAILED: "Correct user and password in the database's Secret.",
    Reason.DATABASE_NOT_FOUND: "Create the database, or correct its name in its Secret.",
    Reason.DATABASE_IN_USE: "Use another database, or take the data over.",
}
_STORAGE_ADVICE: Final = {
    Reason.STORAGE_UNREACHABLE: "Check spec.storage.s3.endpoint and the network to it.",
    Reason.STORAGE_ACCESS_DENIED: "Correct the credentials, or allow them to put, get, list and delete in the bucket.",
    Reason.BUCKET_NOT_FOUND: "Create the bucket, or set spec.storage.s3.bucketPolicy: CreateIfMissing.",
    Reason.STORAGE_INCOMPATIBLE: "Use a store that has this operation of the S3 API.",
    Reason.BUCKET_IN_USE: "Set another spec.storage.s3.prefix, or take the files over.",
}
_MIGRATION_ADVICE: Final = {
    Reason.SCHEMA_AHEAD: "Set spec.image to the newer version that migrated the database.",
    Reason.MIGRATION_FAILED: (
        "Read the Job's log; the operator tries again by itself. DeadlineExceeded: raise "
        "spec.migrations.deadlineSeconds."
    ),
}
# Reasons that only a person changes; with all others the operator gets on by itself.
_STALLING: Final = frozenset(
    {
        Reason.SECRET_NOT_FOUND,
        Reason.SECRET_KEY_MISSING,
        Reason.DATABASE_AUTHENTICATION_FAILED,
        Reason.HOSTNAME_REQUIRED,
        Reason.CONFLICTING_OWNER,
        Reason.SCHEMA_AHEAD,
        Reason.MIGRATION_NOT_APPROVED,
        Reason.DATABASE_NOT_FOUND,
        Reason.DATABASE_IN_USE,
        Reason.STORAGE_ACCESS_DENIED,
        Reason.BUCKET_NOT_FOUND,
        Reason.STORAGE_INCOMPATIBLE,
        Reason.BUCKET_IN_USE,
        Reason.VOLUME_LOST,
        Reason.VOLUME_CLAIM_DIFFERS,
        Reason.VOLUME_RESIZE_REFUSED,
    }
)
# What would go on by itself, were it not for `spec.paused`.
_UNDER_WAY: Final = frozenset({Reason.PROGRESSING, Reason.MIGRATION_RUNNING, Reason.WAITING_FOR_INPUTS})
_PAUSED: Final = "spec.paused is set: children and migrations are left as they are. Set it to false to go on."


@dataclass(frozen=True, slots=True)
class _View:
    """Everything that a check looks at."""

    registry: PyPIRegistry
    installation: Installation
    observation: RegistryObservation


def registry_conditions(
    registry: PyPIRegistry, installation: Installation, observation: RegistryObservation
) -> tuple[Condition, ...]:
    """All eight conditions of a PyPIRegistry."""
    view = _View(registry, installation, observation)
    parts = (_database(view), _storage(view), _migrations(view), _available(view), _exposed(view))
    return (*_summary(view, parts), *parts)


def _summary(view: _View, parts: tuple[Condition, ...]) -> tuple[Condition, Condition, Condition]:
    """Ready, Reconciling and Stalled, from the conditions that they sum up: the first obstacle speaks."""
    waits = queued(view.observation, ConditionType.READY)
    registry, obstacle = view.registry, _conflict(view) or _obstacle((*parts, *filter(None, [waits])))
    if obstacle is None:
        return (
            _serves(view),
            fails(ConditionType.RECONCILING, _at_rest(registry), "The cluster is as the spec asks."),
            fails(ConditionType.STALLED, Reason.SUCCEEDED, ""),
        )
    stalled = obstacle.reason in _STALLING
    if registry.spec.paused and obstacle.reason in _UNDER_WAY:
        obstacle = replace(obstacle, reason=Reason.PAUSED, message=_PAUSED)
    return (
        Condition(ConditionType.READY, Status.FALSE, obstacle.reason, obstacle.message),
        _reconciling(registry, obstacle, stalled=stalled),
        _about(ConditionType.STALLED, obstacle) if stalled else fails(ConditionType.STALLED, Reason.PROGRESSING, ""),
    )


def _serves(view: _View) -> Condition:
    """Ready, and what all the same is short of the spec."""
    whole = holds(ConditionType.READY, f"The registry serves. {warning(view.registry)}".rstrip())
    return monitoring.shortfall(view.observation) or whole


def _obstacle(parts: tuple[Condition, ...]) -> Condition | None:
    """The part to speak of: what failed by itself, before what waits for it, before what is not known yet."""
    open_parts = [part for part in parts if not part.is_true and not _is_harmless(part)]
    causes = [part for part in open_parts if part.reason != Reason.WAITING_FOR_INPUTS]
    failed = [part for part in causes if part.status is Status.FALSE]
    return next(iter([*failed, *causes, *open_parts]), None)


def _at_rest(registry: PyPIRegistry) -> Reason:
    return Reason.PAUSED if registry.spec.paused else Reason.SUCCEEDED


def _reconciling(registry: PyPIRegistry, obstacle: Condition, *, stalled: bool) -> Condition:
    if registry.spec.paused:
        return fails(ConditionType.RECONCILING, Reason.PAUSED, _PAUSED)
    if stalled:
        return fails(ConditionType.RECONCILING, obstacle.reason, "Nothing changes until a person acts: see Stalled.")
    return _about(ConditionType.RECONCILING, obstacle)


def _about(kind: ConditionType, obstacle: Condition) -> Condition:
    return Condition(kind, Status.TRUE, obstacle.reason, obstacle.message)


def _is_harmless(part: Condition) -> bool:
    # Many ingress controllers never say that they serve an Ingress, and a registry need not have one.
    return part.type is ConditionType.EXPOSED and part.reason in (Reason.NOT_EXPOSED, Reason.INGRESS_NOT_ADMITTED)


def _conflict(view: _View) -> Condition | None:
    if not view.observation.conflicts:
        return None
    taken = ", ".join(f"{key.kind} {key.name}" for key in sorted(view.observation.conflicts))
    message = (
        f"Objects that are not ours bear names that this registry needs: {taken}. Remove them, or rename this registry."
    )
    return fails(ConditionType.READY, Reason.CONFLICTING_OWNER, message)


def _database(view: _View) -> Condition:
    kind = ConditionType.DATABASE_READY
    managed = view.registry.spec.database.type is DatabaseType.MANAGED
    inputs = database_inputs(view.registry, view.observation.secrets)
    if managed and not is_ready(view.observation.database):
        return _starting(kind, names.database(view.registry.metadata.name), view.observation.database)
    target = "The database can be read and written."
    return _checked(view, kind, inputs, advice=_DATABASE_ADVICE, target=target)


def _storage(view: _View) -> Condition:
    kind = ConditionType.STORAGE_READY
    managed = view.registry.spec.storage.type is StorageType.MANAGED
    inputs = storage_inputs(view.registry, view.observation.secrets)
    if managed and not is_ready(view.observation.object_store):
        return _starting(kind, names.object_store(view.registry.metadata.name), view.observation.object_store)
    bucket = storage(view.registry)
    if bucket is None:
        preflight = _checked(view, kind, inputs, advice=volume_readiness.ADVICE, target="")
        return volume_readiness.judged(view.registry, view.observation, preflight)
    target = f"Bucket {bucket.bucket} at {bucket.endpoint} can be read and written."
    return _checked(view, kind, inputs, advice=_STORAGE_ADVICE, target=target)


def _starting(kind: ConditionType, name: str, workload: Workload | None) -> Condition:
    if workload is None:
        return fails(kind, Reason.PROGRESSING, f"StatefulSet {name} is being made.")
    message = f"StatefulSet {name} has no ready pod of its current template. See `kubectl describe pod {name}-0`."
    return fails(kind, Reason.WORKLOAD_NOT_READY, message)


def _checked(
    view: _View, kind: ConditionType, inputs: PodInputs | Condition, *, advice: dict[Reason, str], target: str
) -> Condition:
    """What the last preflight says about one part, once its Secrets are whole."""
    if isinstance(inputs, Condition):
        return inputs
    job = view.observation.migration
    if job is None or job.state is JobState.RUNNING:
        return _not_reached(view, kind)
    if job.state is JobState.SUCCEEDED:
        return holds(kind, target)
    if job.reason in advice:
        return fails(kind, job.reason, sentences(job.message, advice[Reason(job.reason)]))
    return unknown(
        kind, Reason.MIGRATION_FAILED, "The migration Job failed before it could tell; see MigrationsApplied."
    )


def _not_reached(view: _View, kind: ConditionType) -> Condition:
    job = view.observation.migration
    if job is None and (waits := queued(view.observation, kind)) is not None:
        return waits
    obstacle = "" if job is None else job.message
    return unknown(kind, Reason.MIGRATION_RUNNING, f"The migration Job has not reached it yet. {obstacle}".rstrip())


def _migrations(view: _View) -> Condition:
    kind, job = ConditionType.MIGRATIONS_APPLIED, view.observation.migration
    if job is None:
        waiting = "The migration Job starts when database and store are there."
        return queued(view.observation, kind) or unknown(kind, Reason.WAITING_FOR_INPUTS, waiting)
    if job.state is JobState.SUCCEEDED:
        unapproved = approval.unapproved(view.registry, view.installation, view.observation)
        return unapproved or holds(kind, f"Job {job.name} prepared database and store.")
    if job.state is JobState.RUNNING:
        return unknown(kind, Reason.MIGRATION_RUNNING, f"Job {job.name} is at work. {job.message}".rstrip())
    if job.reason in _DATABASE_ADVICE or job.reason in _STORAGE_ADVICE:
        return fails(kind, Reason.WAITING_FOR_INPUTS, f"Job {job.name} is made again: database or store are not ready.")
    reason = Reason.SCHEMA_AHEAD if job.reason == Reason.SCHEMA_AHEAD else Reason.MIGRATION_FAILED
    return fails(kind, reason, sentences(f"Job {job.name}: {job.message or 'no message'}", _MIGRATION_ADVICE[reason]))


def _available(view: _View) -> Condition:
    kind, deployment, wanted = ConditionType.AVAILABLE, view.observation.deployment, view.registry.spec.replicas
    if deployment is None:
        return fails(kind, Reason.WAITING_FOR_INPUTS, "No pod is started before database and store are prepared.")
    if wanted == 0:
        return fails(kind, Reason.SCALED_TO_ZERO, "spec.replicas is 0. Set it to 1 or more to serve.")
    if view.observation.rules_digest != rules_digest(view.registry):
        problem = view.observation.sync_problem or "The service has not answered yet."
        return fails(kind, Reason.RULES_NOT_ACKNOWLEDGED, f"The service does not obey the current rules: {problem}")
    if deployment.ready < wanted:
        message = f"{deployment.ready} of {wanted} pods are ready. See `kubectl get pods -l {_selector(view)}`."
        return fails(kind, Reason.MINIMUM_REPLICAS_UNAVAILABLE, message)
    if not deployment.settled:
        return fails(kind, Reason.ROLLING_OUT, "The Deployment is replacing pods of the former template.")
    return holds(kind, f"{deployment.ready} of {wanted} pods are ready.")


def _selector(view: _View) -> str:
    return f"{names.REGISTRY_LABEL}={view.registry.metadata.name}"


def _exposed(view: _View) -> Condition:
    kind, gateway = ConditionType.EXPOSED, view.registry.spec.exposure.gateway
    host = addresses.hostname(view.registry, view.installation)
    if host is None or view.observation.hostname_holder is not None:
        return _unexposed(view)
    if gateway is not None:
        return _routed(view, gateway, host)
    if not view.observation.ingress_addresses:
        message = f"No ingress controller has given Ingress {view.registry.metadata.name} an address; some never do."
        return unknown(kind, Reason.INGRESS_NOT_ADMITTED, message)
    return holds(kind, f"{host} is served at {', '.join(view.observation.ingress_addresses)}.")


def _unexposed(view: _View) -> Condition:
    """Why there is no host to serve."""
    kind, exposure = ConditionType.EXPOSED, view.registry.spec.exposure
    if exposure.type is ExposureType.NONE:
        return fails(kind, Reason.NOT_EXPOSED, "spec.exposure.type is None: reachable inside the cluster only.")
    if view.observation.hostname_holder is not None:
        return _taken(exposure.hostname, view.observation.hostname_holder)
    refusal = addresses.hostname_refusal(view.registry, view.installation)
    if refusal is not None:
        return fails(kind, Reason.HOSTNAME_NOT_ALLOWED, refusal)
    message = (
        "Set spec.exposure.hostname: this installation has no base domain, or a label of the derived name "
        f"would pass {names.MAX_DNS_LABEL} characters."
    )
    return fails(kind, Reason.HOSTNAME_REQUIRED, message)


def _routed(view: _View, gateway: GatewayExposure, host: str) -> Condition:
    kind, route = ConditionType.EXPOSED, view.observation.route or Route()
    where = f"Gateway {gateway.namespace or view.registry.metadata.namespace}/{gateway.name}"
    if route.accepted:
        return holds(kind, f"{host} is served by {where}.")
    if route.accepted is None:
        message = f"Nobody has judged HTTPRoute {view.registry.metadata.name} yet. Check that {where} exists."
        return unknown(kind, Reason.ROUTE_NOT_ACCEPTED, message)
    advice = f"See spec.exposure.gateway, and which routes {where} allows."
    return fails(kind, Reason.ROUTE_NOT_ACCEPTED, sentences(route.problem, advice))


def _taken(hostname: str | None, holder: str) -> Condition:
    message = f"PyPIRegistry {holder} has the host {hostname}. Set another spec.exposure.hostname."
    return fails(ConditionType.EXPOSED, Reason.HOSTNAME_CONFLICT, message)
