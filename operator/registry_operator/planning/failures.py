"""The condition of a pass that the Kubernetes API stopped: its own words, and what to do about them."""

from typing import Final

from registry_operator.resources.conditions import Condition, ConditionType, fails, sentences
from registry_operator.resources.reasons import Reason

_AGAIN: Final = "The operator tries again by itself."
_ADVICE: Final = {
    Reason.APPLY_FAILED: f"Change what it objects to. {_AGAIN}",
    Reason.CLUSTER_UNAVAILABLE: f"{_AGAIN} If this lasts, see to what does not answer.",
    Reason.APPLY_FORBIDDEN: (
        f"Upgrade the operator's chart, or give its ServiceAccount the right that it lacks. {_AGAIN}"
    ),
    Reason.APPLY_REJECTED: (f"Change this resource's spec, or the quota or admission policy that refuses it. {_AGAIN}"),
    Reason.CONFLICTING_OWNER: f"Remove that object, or have another name used. {_AGAIN}",
    Reason.CHANGED_MEANWHILE: "The operator starts over.",
    Reason.KIND_NOT_SERVED: f"Or change what asks for it in this resource's spec. {_AGAIN}",
}


def failure(kind: ConditionType, reason: str, finding: str) -> Condition:
    """A condition that is False because of a ClusterError of this reason, which said `finding`."""
    return fails(kind, reason, sentences(finding, _ADVICE[Reason(reason)]))
