"""A RegistryToken's conditions Issued and Ready."""

from dataclasses import replace
from datetime import datetime

from registry_operator.planning import ledger
from registry_operator.planning.credentials import Action, Decision, expired
from registry_operator.resources.conditions import Condition, ConditionType, Status, fails, holds, unknown
from registry_operator.resources.reasons import Reason
from registry_operator.resources.token import RegistryToken, RotationMode


def issued(decision: Decision | None, token: RegistryToken, now: datetime) -> Condition:
    """Whether the Secrets hold a credential whose end lies ahead; without a decision the status's ledger speaks."""
    note = "" if decision is None else decision.note
    if decision is not None and decision.problem is not None:
        return replace(decision.problem, message=decision.problem.message + note)
    if decision is not None and decision.action is not Action.KEEP:
        return unknown(ConditionType.ISSUED, Reason.PROGRESSING, "A new credential is being issued.")
    current = ledger.active(token.status.credentials if decision is None else decision.credentials)
    if current is None:
        return fails(
            ConditionType.ISSUED, Reason.WAITING_FOR_ACCEPTANCE, "Nothing is issued yet: see Accepted and Synced."
        )
    if ledger.ends(current) <= now:
        return expired(token)
    if decision is not None and token.spec.rotation.trigger not in (None, decision.trigger):
        message = "spec.rotation.trigger changed within a minute of the last new credential; the next comes after it."
        return unknown(ConditionType.ISSUED, Reason.PROGRESSING, message)
    message = f"Secrets {token.secret_name} and {token.secret_name}-env hold the credential."
    if token.spec.rotation.mode is RotationMode.DISABLED:
        message += (
            f" It ends at {current.not_after}, and spec.rotation.mode is Disabled: change spec.rotation.trigger before."
        )
    return holds(ConditionType.ISSUED, message + note)


def token_conditions(accepted: Condition, synced: Condition, issued: Condition) -> tuple[Condition, ...]:
    """All four conditions of a RegistryToken.

    The first obstacle speaks through Ready; where there is none, what works and is short of the spec.
    """
    parts = (accepted, synced, issued)
    obstacle = next((part for part in parts if not part.is_true), None)
    if obstacle is None:
        short = next((part for part in parts if part.reason != Reason.SUCCEEDED), issued)
        return Condition(ConditionType.READY, Status.TRUE, short.reason, short.message), *parts
    return Condition(ConditionType.READY, Status.FALSE, obstacle.reason, obstacle.message), *parts


def not_synced() -> Condition:
    """Synced while nothing was sent: the token is not accepted."""
    return unknown(ConditionType.SYNCED, Reason.WAITING_FOR_ACCEPTANCE, "Nothing is sent before the token is accepted.")
