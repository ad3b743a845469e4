"""The whole `status` of each kind, to compare with what is there and to apply when it differs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry_operator.planning import addresses, ledger, objects
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Body, Manifest, RegistryObservation
from registry_operator.resources import names
from registry_operator.resources.conditions import Condition, ConditionType, fails, merge_conditions, rfc3339
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import Credential, RegistryToken


@dataclass(frozen=True, slots=True)
class RegistryReport:
    """What a pass found out about a PyPIRegistry; `projects` and `tokens` count what the registry holds.

    `image` is what the pass gave the serving pods, None when it left them as they are.
    """

    conditions: tuple[Condition, ...]
    observation: RegistryObservation
    installation: Installation
    projects: int = 0
    tokens: int = 0
    image: str | None = None


@dataclass(frozen=True, slots=True)
class TokenReport:
    """What a pass found out about a RegistryToken, and the ledger that it leaves."""

    conditions: tuple[Condition, ...]
    credentials: tuple[Credential, ...] = ()
    issue_time: str | None = None
    rotation_trigger: str | None = None
    registry_namespace_uid: str | None = None
    project: str | None = None
    project_id: int | None = None
    index_url: str | None = None
    upload_url: str | None = None


def registry_status(registry: PyPIRegistry, report: RegistryReport, now: datetime) -> Manifest:
    """The status of a PyPIRegistry after a pass."""
    seen, metadata = report.observation, registry.metadata
    deployment = seen.deployment
    image = report.image or registry.status.image or ""
    selector = objects.selector(registry, names.SERVICE_COMPONENT)
    return _present(
        {
            "observedGeneration": metadata.generation,
            "conditions": _conditions(registry.status.conditions, report.conditions, now, metadata.generation),
            "replicas": deployment.replicas if deployment is not None else 0,
            "readyReplicas": deployment.ready if deployment is not None else 0,
            "selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())),
            "registryID": _registry_id(registry, seen),
            "url": _url(registry, report),
            "internalURL": addresses.internal_url(registry),
            "image": image,
            "version": image_version(image),
            "projects": report.projects,
            "tokens": report.tokens,
        }
    )


def token_status(token: RegistryToken, report: TokenReport, now: datetime) -> Manifest:
    """The status of a RegistryToken after a pass."""
    generation = token.metadata.generation
    current = ledger.active(report.credentials)
    rotation = None if current is None else ledger.rotation_time(token, current)
    return _present(
        {
            "observedGeneration": generation,
            "conditions": _conditions(token.status.conditions, report.conditions, now, generation),
            "registryNamespaceUID": report.registry_namespace_uid,
            "project": report.project,
            "projectID": report.project_id,
            "indexURL": report.index_url,
            "uploadURL": report.upload_url,
            "secretName": token.secret_name,
            "issueTime": report.issue_time,
            "expirationTime": None if current is None else current.not_after,
            "rotationTime": None if rotation is None else rfc3339(rotation),
            "rotationTrigger": report.rotation_trigger,
            "credentials": [_credential(entry) for entry in report.credentials] or None,
        }
    )


def invalid_status(body: Body, message: str, now: datetime) -> Manifest:
    """The status of a resource of either kind whose body this version cannot read: all else in it is kept."""
    generation = body["metadata"].get("generation", 0)
    advice = f"{message}. The installed CRD and this operator differ in version: upgrade the one that is older."
    failed = fails(ConditionType.READY, Reason.INVALID_SPEC, advice)
    stamped = merge_conditions((), (failed,), now=now, generation=generation)[0].body()
    status = _mapping(body.get("status"))
    before = [_mapping(item) for item in status.get("conditions") or ()]
    old = next((item for item in before if item.get("type") == stamped["type"]), {})
    if old.get("status") == stamped["status"]:
        stamped["lastTransitionTime"] = old.get("lastTransitionTime", stamped["lastTransitionTime"])
    others = [item for item in before if item.get("type") not in (None, stamped["type"])]
    return {**status, "observedGeneration": generation, "conditions": [stamped, *others]}


def image_version(image: str) -> str:
    """What an image's name says of its version: its tag, else the beginning of its digest, else nothing."""
    name, _, digest = image.partition("@")
    tag = name.rsplit("/", 1)[-1].partition(":")[2]
    return tag or digest.removeprefix("sha256:")[:12]


def _url(registry: PyPIRegistry, report: RegistryReport) -> str:
    inside = addresses.internal_url(registry)
    if report.observation.hostname_holder is not None:
        return inside
    return addresses.external_url(registry, report.installation) or inside


def _registry_id(registry: PyPIRegistry, seen: RegistryObservation) -> str | None:
    told = seen.migration.registry_id if seen.migration is not None else None
    return told or registry.status.registry_id


def _conditions(
    old: tuple[Condition, ...], new: tuple[Condition, ...], now: datetime, generation: int
) -> list[Manifest]:
    return [condition.body() for condition in merge_conditions(old, new, now=now, generation=generation)]


def _credential(entry: Credential) -> Manifest:
    return {
        "tokenID": entry.token_id,
        "digest": entry.digest,
        "state": entry.state.value,
        "notAfter": entry.not_after,
    }


def _mapping(value: object) -> Manifest:
    """What a status is read as whose body fits no type: nothing, if it is no object."""
    return dict(value) if isinstance(value, Mapping) else {}


def _present(values: Mapping[str, Any]) -> Manifest:  # Any: JSON of the Kubernetes API
    """Fields without a value are left out, as the API server would."""
    return {name: value for name, value in values.items() if value is not None and value != ""}
