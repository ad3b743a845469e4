"""What to do about one RegistryToken's credential (design section 4, "Issuing" and "Imported tokens").

The steps of a pass, for all tokens of a namespace at once:

    decide     from ledger, Secret and tombstones: keep, mint, enter, promote or wait
    issue      (1) a new Pending entry; its ledger is written to the status before anything is sent
               (2) the registry acknowledges a set that contains it
               (3) the Secrets are written with the decision's password
    promote    (4) Pending is Active, the former Active retires; the set is sent again

Only a Secret holds a plaintext. A value found in a generated Secret is compared with digests, never registered.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from registry_operator.planning import ledger
from registry_operator.planning.inputs import kept as not_lent
from registry_operator.planning.ledger import Credentials, IssuingContext
from registry_operator.planning.observed import ObservedSecret
from registry_operator.planning.token_secrets import PASSWORD_KEY, conflict
from registry_operator.resources import names
from registry_operator.resources.conditions import Condition, ConditionType, fails, find, parse_rfc3339, rfc3339
from registry_operator.resources.reasons import Reason
from registry_operator.resources.token import Credential, CredentialState, RegistryToken, RotationMode
from registry_service.contract import tokens


class Action(StrEnum):
    """What a pass does about a credential."""

    KEEP = "Keep"
    """The Secret's credential is the active one: only render the Secrets again if they differ."""
    MINT = "Mint"
    """Make a new credential."""
    ENTER = "Enter"
    """Register the value of the source Secret."""
    PROMOTE = "Promote"
    """The Pending credential is the one to serve: write the Secrets, then promote it."""
    WAIT = "Wait"
    """Nothing to issue now: `problem` says why."""


@dataclass(frozen=True, slots=True)
class TokenObservation:
    """A RegistryToken with its two Secrets and, if it imports, the source Secret; None where there is none."""

    token: RegistryToken
    secret: ObservedSecret | None = None
    env_secret: ObservedSecret | None = None
    source: ObservedSecret | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`credentials` is the ledger to hold from now on; `password` what the Secrets are to contain, when known.

    `trigger` is the spec's with which the newest credential was made; `note` is what a person should know beside.
    """

    action: Action
    credentials: Credentials
    issue_time: str | None = None
    password: str | None = field(default=None, repr=False)
    problem: Condition | None = None
    next_look: datetime | None = None
    trigger: str | None = None
    note: str = ""


def decide(observation: TokenObservation, context: IssuingContext) -> Decision:
    """Decide about one credential; the same observation and context give the same decision."""
    token = observation.token
    decided = _decided(observation, context)
    return replace(
        decided,
        issue_time=token.status.issue_time,
        trigger=token.status.rotation_trigger,
        note=_noticing(observation) if ledger.is_imported(token) else "",
    )


def _decided(observation: TokenObservation, context: IssuingContext) -> Decision:
    token = observation.token
    taken = conflict(token, observation.secret) or conflict(token, observation.env_secret)
    if taken is not None:
        own = observation.secret is not None and conflict(token, observation.secret) is None
        return Decision(Action.WAIT, _live(token, context) if own else (), problem=taken)
    return _imported(observation, context) if ledger.is_imported(token) else _generated(observation, context)


def issue(
    observation: TokenObservation, context: IssuingContext, decision: Decision, random: Callable[[int], bytes]
) -> Decision:
    """Step (1): the decision with a new Pending entry, for MINT and ENTER; any other decision as it is.

    `random(n)` returns n bytes from a cryptographic source (`secrets.token_bytes`).
    """
    token = observation.token
    if decision.action is Action.MINT:
        password = tokens.mint(token.spec.type, random)
        digest = tokens.digest(password)
        # The id stands between the second and the third underscore of the token's format.
        token_id = password.split("_")[2]
    elif decision.action is Action.ENTER and decision.password is not None:
        password = decision.password
        digest = tokens.imported_digest(password, context.sync_key)
        token_id = tokens.imported_id(digest)
    else:
        return decision
    end = rfc3339(context.now + ledger.lifetime(token))
    entry = Credential(token_id, digest, CredentialState.PENDING, end)
    return Decision(
        Action.PROMOTE,
        ledger.add_pending(decision.credentials, entry),
        issue_time=rfc3339(context.now),
        password=password,
        trigger=token.spec.rotation.trigger,
        note=decision.note,
    )


def promote(observation: TokenObservation, context: IssuingContext, decision: Decision) -> Decision:
    """Step (4), after the Secrets were written: the decision with the Pending credential active."""
    if decision.action is not Action.PROMOTE:
        return decision
    credentials = ledger.promoted(observation.token, decision.credentials, context.now)
    return replace(
        decision, action=Action.KEEP, credentials=credentials, next_look=_next_look(observation.token, credentials)
    )


def _generated(observation: TokenObservation, context: IssuingContext) -> Decision:
    token = observation.token
    entries = _live(token, context)
    password = observation.secret.text(PASSWORD_KEY) if observation.secret is not None else None
    digest = None if password is None else tokens.digest(password)
    held = _matching(entries, digest)
    if held is None:
        return _left_to_end(token, digest, context) or _start_over(token, entries, context)
    if held.state is CredentialState.PENDING:
        return Decision(Action.PROMOTE, entries, password=password)
    interrupted = any(entry.state is CredentialState.PENDING for entry in entries)
    kept = ledger.without(entries, CredentialState.PENDING)
    allowed = _mint_allowed(token)
    due = interrupted or ledger.is_requested(token) or ledger.is_due(token, held, context.now)
    if due and (allowed is None or context.now >= allowed):
        return Decision(Action.MINT, kept, password=password)
    return Decision(Action.KEEP, kept, password=password, next_look=allowed if due else _next_look(token, kept))


def _left_to_end(token: RegistryToken, digest: str | None, context: IssuingContext) -> Decision | None:
    """With rotation disabled, the Secret's own credential at its end: a person decides about the next one.

    The dead entry stays: it is how the value is known and not taken for an altered one.
    """
    ended = ledger.active(token.status.credentials)
    if token.spec.rotation.mode is not RotationMode.DISABLED or ledger.is_requested(token) or ended is None:
        return None
    live = _live(token, context)
    interrupted = any(entry.state is CredentialState.PENDING for entry in live)
    if ended.digest != digest or ended.token_id in context.revoked or interrupted:
        return None
    return Decision(Action.WAIT, (ended, *live), problem=expired(token))


def _start_over(token: RegistryToken, entries: Credentials, context: IssuingContext) -> Decision:
    """The Secret is absent, altered or holds a dead credential: whatever was live dies with the next set."""
    allowed = _mint_allowed(token)
    if allowed is None or context.now >= allowed:
        return Decision(Action.MINT, ())
    if ledger.active(entries) is not None or _was_contended(token):
        message = f"Secret {token.secret_name} was altered or deleted within a minute of the last new credential. "
        problem = _problem(
            Reason.SECRET_CONTENDED, message + "Find who writes it; a new credential comes after the minute."
        )
    else:
        message = "The last attempt to issue did not finish; a new credential comes within a minute."
        problem = _problem(Reason.ISSUING_INTERRUPTED, message)
    return Decision(Action.WAIT, (), problem=problem, next_look=allowed)


def _was_contended(token: RegistryToken) -> bool:
    # The ledger is empty since the pass that found the Secret altered; the condition remembers why.
    condition = find(token.status.conditions, ConditionType.ISSUED)
    return condition is not None and condition.reason == Reason.SECRET_CONTENDED


def _imported(observation: TokenObservation, context: IssuingContext) -> Decision:
    token = observation.token
    # A dead Active entry stays: it is how an expired value is known and not taken for a new one.
    entries = tuple(
        entry
        for entry in token.status.credentials
        if entry.state is CredentialState.ACTIVE or ledger.lives(entry, context)
    )
    value, problem = _source_value(observation)
    if value is None:
        return Decision(Action.WAIT, entries, problem=problem)
    digest = tokens.imported_digest(value, context.sync_key)
    if tokens.imported_id(digest) in context.revoked:
        message = (
            "The value in the source Secret was revoked in the registry and never works again. Put a new one there."
        )
        return Decision(Action.WAIT, entries, problem=_problem(Reason.CREDENTIAL_REVOKED, message))
    held = _matching(entries, digest)
    if held is None:
        return Decision(Action.ENTER, entries, password=value)
    if held.state is CredentialState.PENDING:
        return Decision(Action.PROMOTE, entries, password=value)
    if not ledger.lives(held, context):
        return Decision(Action.WAIT, entries, problem=expired(token))
    kept = ledger.without(entries, CredentialState.PENDING)
    return Decision(Action.KEEP, kept, password=value, next_look=_next_look(token, kept))


def expired(token: RegistryToken) -> Condition:
    """Issued=False for a credential that is past its end."""
    what = "the registry to be reachable"
    if ledger.is_imported(token):
        what = "a new value in the source Secret"
    elif token.spec.rotation.mode is RotationMode.DISABLED:
        what = "another text in spec.rotation.trigger, because spec.rotation.mode is Disabled,"
    message = f"The credential is past its end. It takes {what} or this RegistryToken made again."
    return _problem(Reason.CREDENTIAL_EXPIRED, message)


def _noticing(observation: TokenObservation) -> str:
    """How soon another value of the source Secret is taken over, and what makes it sooner."""
    reference, label = observation.token.spec.source.secret, f'{names.WATCH_LABEL}: "{names.WATCH_VALUE}"'
    name = "" if reference is None else reference.name
    if observation.source is not None and names.WATCH_LABEL in observation.source.labels:
        return f" A new value in Secret {name} is noticed at once."
    return f" A new value in Secret {name} is noticed within 30 s; with the label {label} there, at once."


def _source_value(observation: TokenObservation) -> tuple[str | None, Condition | None]:
    reference = observation.token.spec.source.secret
    name, key = ("", "") if reference is None else (reference.name, reference.key)
    if observation.source is None or key not in observation.source.data:
        what = f"Secret {name} does not exist" if observation.source is None else f"Secret {name} has no key {key}"
        return None, _problem(Reason.CREDENTIAL_SOURCE_MISSING, f"{what} in this namespace. Create it.")
    if not observation.source.lends(key):
        return None, not_lent(ConditionType.ISSUED, observation.source)
    value = observation.source.text(key)
    # `kubectl create secret --from-file` and `echo` leave a line break that no client sends.
    value = None if value is None else value.rstrip("\r\n")
    refusal = "it is not UTF-8 text" if value is None else tokens.imported_refusal(value)
    if refusal is not None:
        return None, _problem(Reason.CREDENTIAL_REFUSED, f"Key {key} of Secret {name} cannot serve: {refusal}.")
    return value, None


def _live(token: RegistryToken, context: IssuingContext) -> Credentials:
    return tuple(entry for entry in token.status.credentials if ledger.lives(entry, context))


def _matching(entries: Credentials, digest: str | None) -> Credential | None:
    """The entry of a value that may go on serving; a Retiring one was replaced and may not."""
    return next((entry for entry in ledger.without(entries, CredentialState.RETIRING) if entry.digest == digest), None)


def _mint_allowed(token: RegistryToken) -> datetime | None:
    issue_time = token.status.issue_time
    return None if issue_time is None else parse_rfc3339(issue_time) + ledger.MINT_INTERVAL


def _next_look(token: RegistryToken, credentials: Credentials) -> datetime | None:
    moments = [ledger.ends(entry) for entry in credentials]
    current = ledger.active(credentials)
    rotation = None if current is None else ledger.rotation_time(token, current)
    return min(moments if rotation is None else [*moments, rotation], default=None)


def _problem(reason: Reason, message: str) -> Condition:
    return fails(ConditionType.ISSUED, reason, message)
