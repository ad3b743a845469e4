"""The condition Synced: what the registry's sync port said, in words that a person can act on."""

from typing import Final

from registry_operator.planning.observed import ObservedNamespace
from registry_operator.resources.conditions import Condition, ConditionType, fails, holds, sentences
from registry_operator.resources.reasons import Reason
from registry_service.contract.sync import MAX_TOKENS, Refusal, RefusalReason

_REASONS: Final = {
    RefusalReason.UNKNOWN_FIELD: Reason.REGISTRY_TOO_OLD,
    RefusalReason.INVALID_BODY: Reason.REGISTRY_REFUSED,
    RefusalReason.TOO_MANY_TOKENS: Reason.TOO_MANY_TOKENS,
    RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE: Reason.PROJECT_OWNED_BY_FORMER_NAMESPACE,
    # Of this one passes start over and tell nobody.
    RefusalReason.ETAG_MISMATCH: Reason.REGISTRY_REFUSED,
    RefusalReason.UNAUTHORIZED: Reason.REGISTRY_REFUSED,
}
_ADVICE: Final = {
    RefusalReason.TOO_MANY_TOKENS: "Delete RegistryTokens that nobody needs.",
    RefusalReason.UNAUTHORIZED: (
        "Its pods read a sync Secret that was changed within two minutes, and the operator tries again. If this "
        "lasts, restart the registry's Deployment."
    ),
}
_OTHER_ADVICE: Final = "The operator tries again. If this lasts, bring the registry's spec.image to its version."


# Of what others wrote, so that the advice after it fits too.
_SHOWN: Final = 300


def synced() -> Condition:
    """The registry acknowledged the set that holds this token's credentials."""
    return holds(ConditionType.SYNCED, "The registry knows this token's credentials.")


def unreachable(detail: str) -> Condition:
    """The sync port gave no answer that can be used; `detail` holds no secret."""
    message = f"The registry's sync port gave no usable answer: {detail}. The operator tries again."
    return fails(ConditionType.SYNCED, Reason.REGISTRY_UNREACHABLE, message)


def too_many() -> Condition:
    """The token's credentials are beyond the number that a project may have."""
    message = (
        f"The project has more than {MAX_TOKENS} credentials, or more spec.projects and spec.packages on them than "
        "a registry takes. Delete RegistryTokens that nobody needs."
    )
    return fails(ConditionType.SYNCED, Reason.TOO_MANY_TOKENS, message)


def too_old(refusal: Refusal) -> Condition:
    """The registry's image is of a contract that has no words for this token's limits."""
    message = (
        f"The registry's image is too old for spec.projects and spec.packages: {refusal.message[:_SHOWN]}. So that the "
        "credential can do no more than asked for, it is not registered. Set a newer spec.image on the PyPIRegistry, "
        "or remove these fields."
    )
    return fails(ConditionType.SYNCED, Reason.REGISTRY_TOO_OLD, message)


def unsent(name: str, problem: str) -> Condition:
    """Nothing is sent, because another RegistryToken cannot be read and the set would end its credentials."""
    message = (
        f"RegistryToken {name} of this namespace cannot be read: {problem[:_SHOWN]}. Credentials that are registered "
        "work on, but nothing is issued or revoked here before the operator is upgraded, or that RegistryToken deleted."
    )
    return fails(ConditionType.SYNCED, Reason.INVALID_SPEC, message)


def refused(refusal: Refusal, namespace: ObservedNamespace) -> Condition:
    """The sync port refused the set of a namespace."""
    return fails(ConditionType.SYNCED, _REASONS[refusal.reason], _advice(refusal, namespace))


def _advice(refusal: Refusal, namespace: ObservedNamespace) -> str:
    if refusal.reason is RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE:
        return (
            f"Project {namespace.name} belongs to a former namespace of this name. To hand it over, the registry's "
            f"owner adds to spec.projects.bindings: - {{namespace: {namespace.name}, uid: {namespace.uid}}}"
        )
    if refusal.reason is RefusalReason.UNKNOWN_FIELD:
        return f"The registry's image is too old for this spec: {refusal.message}. Set a newer spec.image there."
    finding = f"The registry refused the set: {refusal.message[:_SHOWN]}"
    return sentences(finding, _ADVICE.get(refusal.reason, _OTHER_ADVICE))
