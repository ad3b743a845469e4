"""What a registry says that waits for its turn to be moved; `rollout.py` decides whether it does."""

from registry_operator.planning.observed import RegistryObservation
from registry_operator.resources.conditions import Condition, ConditionType, unknown
from registry_operator.resources.reasons import Reason


def queued(seen: RegistryObservation, kind: ConditionType) -> Condition | None:
    """What is not known before its turn, or None for a registry that does not wait.

    The words tell no number that changes while it waits: each of a thousand waiting registries would be written again.
    """
    if seen.moved_at_once is None:
        return None
    message = (
        f"The registry serves as before and waits for its turn: at most {seen.moved_at_once} registries at a time are "
        "moved to what the operator asks for now. To move more, raise rollout.maxConcurrent of the operator's chart."
    )
    return unknown(kind, Reason.ROLLOUT_QUEUED, message)
