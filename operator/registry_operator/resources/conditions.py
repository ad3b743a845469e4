"""Conditions: what a person or a tool reads in `status`, with honest transition times."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from registry_operator.resources.reasons import Reason

# The API allows 32768; a person reads a line or two, and an error of a peer must not fill the status.
MAX_MESSAGE: Final = 1024


class ConditionType(StrEnum):
    """What a condition is about; the first eight are a PyPIRegistry's, Ready and the last three a RegistryToken's."""

    READY = "Ready"
    """The resource does what its spec asks, for the generation that the condition names."""
    RECONCILING = "Reconciling"
    """The operator is still bringing the cluster to the spec (abnormal when True)."""
    STALLED = "Stalled"
    """Nothing will change until a person acts; the message says how (abnormal when True)."""
    DATABASE_READY = "DatabaseReady"
    """The database's Secret is whole and the last preflight reached it with the right rights."""
    MIGRATIONS_APPLIED = "MigrationsApplied"
    """The database has the schema of the desired image and bears this registry's claim."""
    STORAGE_READY = "StorageReady"
    """The store's Secret is whole, or the volume is there, and the last preflight could put, get and delete."""
    AVAILABLE = "Available"
    """The service's pods answer, and the service obeys the current rules."""
    EXPOSED = "Exposed"
    """The registry is reachable outside the cluster as far as its Ingress says."""
    ACCEPTED = "Accepted"
    """The registry exists and lets this namespace have a project."""
    SYNCED = "Synced"
    """The registry has acknowledged the set that holds this credential."""
    ISSUED = "Issued"
    """The Secrets hold a credential that the registry takes, and its end lies ahead."""


class Status(StrEnum):
    """A condition's three values."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; the last two fields are filled in by `merge_conditions`."""

    type: ConditionType
    status: Status
    reason: str
    message: str = ""
    observed_generation: int = 0
    last_transition_time: str = ""

    @property
    def is_true(self) -> bool:
        """Whether the condition holds."""
        return self.status is Status.TRUE

    def body(self) -> dict[str, Any]:  # Any: JSON of the Kubernetes API
        """The condition as the API spells it."""
        return {
            "type": self.type.value,
            "status": self.status.value,
            "reason": str(self.reason),
            "message": self.message,
            "observedGeneration": self.observed_generation,
            "lastTransitionTime": self.last_transition_time,
        }


def holds(kind: ConditionType, message: str = "", reason: Reason = Reason.SUCCEEDED) -> Condition:
    """A condition that is True."""
    return Condition(kind, Status.TRUE, reason, message)


def fails(kind: ConditionType, reason: str, message: str) -> Condition:
    """A condition that is False: `message` says what to do."""
    return Condition(kind, Status.FALSE, reason, message)


def unknown(kind: ConditionType, reason: Reason, message: str) -> Condition:
    """A condition that cannot be judged yet."""
    return Condition(kind, Status.UNKNOWN, reason, message)


def sentences(finding: str, advice: str) -> str:
    """A message of what was found and what to do; the advice survives however long the finding is."""
    return f"{finding[: MAX_MESSAGE - len(advice) - 2].rstrip('. ')}. {advice}"


def find(conditions: Iterable[Condition], kind: ConditionType) -> Condition | None:
    """The condition of a type, if there is one."""
    return next((condition for condition in conditions if condition.type is kind), None)


def merge_conditions(
    old: Iterable[Condition], new: Iterable[Condition], *, now: datetime, generation: int
) -> tuple[Condition, ...]:
    """What to report: each of `new` for `generation`, its transition time moved only when its status changed.

    A type that is only in `old` is kept as it was: another pass speaks for it.
    """
    before = {condition.type: condition for condition in old}
    merged = dict(before)
    for condition in new:
        merged[condition.type] = _stamped(condition, before.get(condition.type), now=now, generation=generation)
    return tuple(merged[kind] for kind in ConditionType if kind in merged)


def rfc3339(moment: datetime) -> str:
    """A moment as the API spells it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str) -> datetime:
    """The moment that the API's text means. Raises ValueError for another text, or a time of no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} is not a time with its zone")
    return moment


def _stamped(new: Condition, old: Condition | None, *, now: datetime, generation: int) -> Condition:
    same = old is not None and old.status is new.status and old.last_transition_time
    return replace(
        new,
        message=new.message[:MAX_MESSAGE],
        observed_generation=generation,
        last_transition_time=old.last_transition_time if old is not None and same else rfc3339(now),
    )
