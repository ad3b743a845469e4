"""What becomes of one credential: the table of design section 4, "Issuing" and "Imported tokens"."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry_operator.planning import ledger
from registry_operator.planning.credentials import Action, TokenObservation, decide, issue, promote
from registry_operator.planning.token_readiness import issued, not_synced, token_conditions
from registry_operator.resources.conditions import ConditionType, Status, fails, holds, rfc3339
from registry_operator.resources.reasons import Reason
from registry_operator.resources.token import CredentialState
from registry_service.contract import tokens
from tests.unit.operator.planning.bodies import NOW, Spec, counting, secret, token
from tests.unit.operator.planning.ledgers import (
    ACTIVE,
    CONTEXT,
    DAY,
    PENDING,
    RETIRING,
    VALUE,
    decided,
    entry,
    ids,
    imported,
    importing,
    own_secret,
    with_ledger,
)


@pytest.mark.parametrize(
    ("entries", "held", "action", "kept"),
    [
        # Secret = Active: done.
        ([entry("a", ACTIVE)], "a", Action.KEEP, [("a", ACTIVE)]),
        # Secret = Pending: promote.
        ([entry("a", ACTIVE), entry("b", PENDING)], "b", Action.PROMOTE, [("a", ACTIVE), ("b", PENDING)]),
        ([entry("b", PENDING)], "b", Action.PROMOTE, [("b", PENDING)]),
        # Secret = Active while a Pending exists: drop the Pending, mint again.
        ([entry("a", ACTIVE), entry("b", PENDING)], "a", Action.MINT, [("a", ACTIVE)]),
        # Secret absent, or of no live entry: drop all entries, mint.
        ([], None, Action.MINT, []),
        ([entry("a", ACTIVE)], None, Action.MINT, []),
        ([entry("a", ACTIVE)], "altered", Action.MINT, []),
        ([entry("a", ACTIVE, ends=timedelta(0))], "a", Action.MINT, []),
        ([entry("a", ACTIVE), entry("b", PENDING)], None, Action.MINT, []),
        # A value that was replaced comes back: somebody altered the Secret.
        ([entry("a", ACTIVE), entry("o", RETIRING)], "o", Action.MINT, []),
        # What has ended leaves the ledger.
        ([entry("a", ACTIVE), entry("o", RETIRING, ends=-DAY)], "a", Action.KEEP, [("a", ACTIVE)]),
        ([entry("a", ACTIVE), entry("o", RETIRING)], "a", Action.KEEP, [("a", ACTIVE), ("o", RETIRING)]),
    ],
)
def test_the_next_pass(
    entries: list[Spec], held: str | None, action: Action, kept: list[tuple[str, CredentialState]]
) -> None:
    decision = decided(with_ledger(*entries), held)
    assert (decision.action, ids(decision)) == (action, kept)
    assert decision == decided(with_ledger(*entries), held)


def test_a_lost_status_means_a_new_token() -> None:
    assert decided(token(), "a").action is Action.MINT


def test_a_revoked_credential_is_not_live() -> None:
    context = replace(CONTEXT, revoked=frozenset({"a"}))
    decision = decided(with_ledger(entry("a", ACTIVE), entry("o", RETIRING)), "a", context)
    assert (decision.action, decision.credentials) == (Action.MINT, ())


def test_a_secret_without_a_password_is_an_altered_one() -> None:
    wanted = with_ledger(entry("a", ACTIVE))
    altered = secret("ci", {}, owner_uid=wanted.metadata.uid)
    assert decide(TokenObservation(wanted, altered), CONTEXT).action is Action.MINT


def test_issuing_and_promoting() -> None:
    observation = TokenObservation(token())
    first = issue(observation, CONTEXT, decide(observation, CONTEXT), counting)
    assert first.action is Action.PROMOTE
    assert first.password is not None
    parsed = tokens.parse(first.password)
    assert parsed is not None
    (pending,) = first.credentials
    assert (pending.token_id, pending.digest, pending.state) == (parsed.id, tokens.digest(first.password), PENDING)
    assert pending.not_after == rfc3339(NOW + 90 * DAY)
    assert first.issue_time == rfc3339(NOW)
    done = promote(observation, CONTEXT, first)
    assert (done.action, [item.state for item in done.credentials]) == (Action.KEEP, [ACTIVE])
    assert done.next_look is not None
    assert first.password not in repr(done)


def test_nothing_else_is_issued_or_promoted() -> None:
    observation = TokenObservation(with_ledger(entry("a", ACTIVE)), own_secret(token(), "a"))
    decision = decide(observation, CONTEXT)
    assert issue(observation, CONTEXT, decision, counting) == decision
    assert promote(observation, CONTEXT, decision) == decision


@pytest.mark.parametrize(
    ("lifetime", "left", "overlap"),
    [
        (90 * DAY, 20 * DAY, DAY),
        (90 * DAY, timedelta(hours=2), timedelta(hours=2)),
        (timedelta(hours=3), timedelta(minutes=61), timedelta(hours=1)),
    ],
)
def test_the_former_credential_lives_on_for_the_overlap(
    lifetime: timedelta, left: timedelta, overlap: timedelta
) -> None:
    spec = {"expirationSeconds": int(lifetime.total_seconds())}
    older = entry("o", RETIRING, ends=timedelta(minutes=1))
    wanted = with_ledger(entry("a", ACTIVE, ends=left), entry("b", PENDING), older, spec=spec)
    observation = TokenObservation(wanted, own_secret(wanted, "b"))
    done = promote(observation, CONTEXT, decide(observation, CONTEXT))
    assert ids(done) == [("a", RETIRING), ("b", ACTIVE), ("o", RETIRING)]
    assert ledger.ends(done.credentials[0]) == NOW + overlap
    assert ledger.ends(done.credentials[2]) == NOW + timedelta(minutes=1)


def test_a_credential_is_replaced_when_a_third_is_left() -> None:
    wanted = with_ledger(entry("a", ACTIVE))
    (current,) = wanted.status.credentials
    due = ledger.rotation_time(wanted, current)
    assert due is not None
    assert ledger.ends(current) - 33 * DAY <= due <= ledger.ends(current) - 30 * DAY
    before, after = replace(CONTEXT, now=due - timedelta(seconds=1)), replace(CONTEXT, now=due)
    assert decided(wanted, "a", before).action is Action.KEEP
    assert decided(wanted, "a", before).next_look == due
    rotating = decided(wanted, "a", after)
    assert (rotating.action, ids(rotating)) == (Action.MINT, [("a", ACTIVE)])


def test_a_shorter_lifetime_takes_effect_at_once() -> None:
    wanted = with_ledger(entry("a", ACTIVE, ends=80 * DAY), spec={"expirationSeconds": 3600})
    assert decided(wanted, "a").action is Action.MINT
    same = with_ledger(entry("a", ACTIVE, ends=timedelta(hours=1)), spec={"expirationSeconds": 3600})
    assert decided(same, "a").action is Action.KEEP


@pytest.mark.parametrize(("ago", "action"), [(59, Action.WAIT), (60, Action.MINT)])
def test_at_most_one_new_credential_a_minute(ago: int, action: Action) -> None:
    made = rfc3339(NOW - timedelta(seconds=ago))
    decision = decided(with_ledger(entry("a", ACTIVE), issueTime=made), "altered")
    assert (decision.action, decision.credentials) == (action, ())
    if action is Action.WAIT:
        assert decision.problem is not None
        assert decision.problem.reason == Reason.SECRET_CONTENDED
        assert decision.next_look == NOW + timedelta(seconds=1)
        assert decision.issue_time == made


def test_a_contended_secret_is_still_called_so_at_the_next_pass() -> None:
    condition = {"type": "Issued", "status": "False", "reason": "SecretContended", "message": ""}
    waiting = with_ledger(issueTime=rfc3339(NOW), conditions=[condition])
    problem = decided(waiting, "altered").problem
    assert problem is not None
    assert problem.reason == Reason.SECRET_CONTENDED


def test_an_attempt_that_was_interrupted_is_called_so() -> None:
    other = {"type": "Issued", "status": "Unknown", "reason": "Progressing", "message": ""}
    for conditions in ([], [other]):
        waiting = with_ledger(entry("b", PENDING), issueTime=rfc3339(NOW), conditions=conditions)
        decision = decided(waiting, None)
        assert decision.problem is not None
        assert decision.problem.reason == Reason.ISSUING_INTERRUPTED


def test_an_interrupted_rotation_waits_for_the_minute_and_serves_meanwhile() -> None:
    made = NOW - timedelta(seconds=10)
    wanted = with_ledger(entry("a", ACTIVE), entry("b", PENDING), issueTime=rfc3339(made))
    decision = decided(wanted, "a")
    assert (decision.action, ids(decision), decision.problem) == (Action.KEEP, [("a", ACTIVE)], None)


def test_a_secret_of_somebody_else_is_left_alone() -> None:
    wanted = with_ledger(entry("a", ACTIVE))
    foreign = secret("ci", {"password": "a"}, owner_uid="x", owner_name="other")
    decision = decide(TokenObservation(wanted, foreign), CONTEXT)
    assert (decision.action, decision.credentials) == (Action.WAIT, ())
    assert decision.problem is not None
    assert decision.problem.reason == Reason.SECRET_CONFLICT


def test_a_foreign_second_secret_stops_nothing_that_works() -> None:
    wanted = with_ledger(entry("a", ACTIVE))
    observation = TokenObservation(wanted, own_secret(wanted, "a"), secret("ci-env", {}))
    decision = decide(observation, CONTEXT)
    assert (decision.action, ids(decision)) == (Action.WAIT, [("a", ACTIVE)])
    assert decide(TokenObservation(wanted, None, secret("ci-env", {})), CONTEXT).credentials == ()


def test_the_ledger_is_bounded_and_the_retiring_entry_that_ends_first_goes() -> None:
    entries = [entry(f"r{day}", RETIRING, ends=(40 - day) * DAY) for day in range(31)]
    wanted = with_ledger(entry("a", ACTIVE, ends=5 * DAY), *entries)
    observation = TokenObservation(wanted, own_secret(wanted, "a"))
    made = issue(observation, CONTEXT, decide(observation, CONTEXT), counting)
    kept = [item.token_id for item in made.credentials]
    assert len(kept) == ledger.MAX_ENTRIES
    assert "r30" not in kept
    assert {"a", "r0", "r29"} <= set(kept)


# Imported tokens


def test_issued_speaks_for_the_ledger() -> None:
    kept = decided(with_ledger(entry("a", ACTIVE)), "a")
    assert issued(kept, token(), NOW).is_true
    ended = with_ledger(entry("a", ACTIVE, ends=-DAY))
    assert issued(None, ended, NOW).reason == Reason.CREDENTIAL_EXPIRED
    assert issued(None, with_ledger(entry("a", ACTIVE)), NOW).is_true
    assert issued(None, token(), NOW).reason == Reason.WAITING_FOR_ACCEPTANCE
    minting = decided(token(), None)
    assert issued(minting, token(), NOW).status is Status.UNKNOWN
    waiting = decide(importing(value=None), CONTEXT)
    assert waiting.problem is not None
    assert issued(waiting, token(), NOW) == replace(waiting.problem, message=waiting.problem.message + waiting.note)


def test_an_expired_value_asks_for_a_new_one() -> None:
    problem = decide(importing(imported(VALUE, ACTIVE, ends=-DAY)), CONTEXT).problem
    assert problem is not None
    assert "new value in the source Secret" in problem.message


def test_ready_is_the_first_obstacle() -> None:
    good = [holds(kind) for kind in (ConditionType.ACCEPTED, ConditionType.SYNCED, ConditionType.ISSUED)]
    assert token_conditions(*good)[0].is_true
    for index, part in enumerate(good):
        parts = [*good[:index], fails(part.type, Reason.NOT_SYNCED, f"m{index}"), *good[index + 1 :]]
        ready = token_conditions(*parts)[0]
        assert (ready.type, ready.status, ready.message) == (ConditionType.READY, Status.FALSE, f"m{index}")
    assert token_conditions(good[0], not_synced(), good[2])[0].status is Status.FALSE


def test_ready_says_what_works_and_is_short_of_the_spec() -> None:
    short = holds(ConditionType.ACCEPTED, "but not lib", Reason.PROJECTS_NOT_GRANTED)
    ready = token_conditions(short, holds(ConditionType.SYNCED), holds(ConditionType.ISSUED, "here"))[0]
    assert (ready.is_true, ready.reason, ready.message) == (True, Reason.PROJECTS_NOT_GRANTED, "but not lib")
