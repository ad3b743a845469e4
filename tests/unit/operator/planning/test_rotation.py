"""When a credential is replaced: by time, by trigger, or not at all (`spec.rotation`)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry_operator.planning import ledger
from registry_operator.planning.credentials import Action, TokenObservation, decide, issue, promote
from registry_operator.planning.ledger import IssuingContext
from registry_operator.planning.status import TokenReport, token_status
from registry_operator.planning.token_readiness import issued
from registry_operator.resources.conditions import Status, rfc3339
from registry_operator.resources.reasons import Reason
from registry_operator.resources.token import RegistryToken
from tests.unit.operator.planning.bodies import NOW, Spec, counting
from tests.unit.operator.planning.ledgers import (
    ACTIVE,
    CONTEXT,
    DAY,
    IMPORTING,
    PENDING,
    RETIRING,
    decided,
    entry,
    ids,
    own_secret,
    with_ledger,
)

DISABLED = {"rotation": {"mode": "Disabled"}}
TRIGGERED = {"rotation": {"trigger": "monday"}}


def rotating(rotation: Spec, *entries: Spec, lifetime: timedelta = 90 * DAY, **status: str) -> RegistryToken:
    spec = {"rotation": rotation, "expirationSeconds": int(lifetime.total_seconds())}
    return with_ledger(*entries, spec=spec, **status)


@pytest.mark.parametrize(
    ("before", "lifetime", "earliest", "latest"),
    [
        (None, 90 * DAY, 33 * DAY, 30 * DAY),
        (10 * DAY, 90 * DAY, 11 * DAY, 10 * DAY),
        # What would be rotated all the time with a tenth of `before` is spread over what there is.
        (timedelta(seconds=590), timedelta(seconds=600), timedelta(seconds=591), timedelta(seconds=590)),
        # The schema refuses it; no time before the lifetime comes out of it.
        (20 * DAY, 10 * DAY, 20 * DAY, 20 * DAY),
    ],
)
def test_the_time_before_the_end_is_the_specs_or_a_third_and_spread_by_a_tenth(
    before: timedelta | None, lifetime: timedelta, earliest: timedelta, latest: timedelta
) -> None:
    rotation = {} if before is None else {"beforeExpirySeconds": int(before.total_seconds())}
    for name in "abcdefgh":
        wanted = rotating(rotation, entry(name, ACTIVE, ends=lifetime), lifetime=lifetime)
        (current,) = wanted.status.credentials
        due = ledger.rotation_time(wanted, current)
        assert due is not None
        assert ledger.ends(current) - earliest <= due <= ledger.ends(current) - latest


@pytest.mark.parametrize(
    ("spec", "overlap"),
    [
        ({}, DAY),
        ({"rotation": {"overlapSeconds": 60}}, timedelta(minutes=1)),
        ({"rotation": {"overlapSeconds": 86400}, "expirationSeconds": 600}, DAY),
        (IMPORTING, timedelta(hours=1)),
        (IMPORTING | {"rotation": {"overlapSeconds": 7200}}, timedelta(hours=2)),
    ],
)
def test_the_overlap_is_the_specs_or_follows_from_the_lifetime(spec: Spec, overlap: timedelta) -> None:
    assert ledger.overlap(with_ledger(spec=spec)) == overlap


def test_without_an_overlap_the_former_credential_ends_at_once() -> None:
    wanted = rotating({"overlapSeconds": 0}, entry("a", ACTIVE), entry("b", PENDING))
    observation = TokenObservation(wanted, own_secret(wanted, "b"))
    assert ids(promote(observation, CONTEXT, decide(observation, CONTEXT))) == [("b", ACTIVE)]


def test_each_new_trigger_mints_once_and_is_remembered_with_the_new_ledger_entry() -> None:
    wanted = with_ledger(entry("a", ACTIVE), spec=TRIGGERED, rotationTrigger="sunday")
    observation = TokenObservation(wanted, own_secret(wanted, "a"))
    decision = decide(observation, CONTEXT)
    assert (decision.action, decision.trigger) == (Action.MINT, "sunday")
    made = issue(observation, CONTEXT, decision, counting)
    assert made.trigger == "monday"
    assert promote(observation, CONTEXT, made).trigger == "monday"
    done = with_ledger(entry("a", ACTIVE), spec=TRIGGERED, rotationTrigger="monday")
    assert decided(done, "a").action is Action.KEEP


def test_a_trigger_that_was_taken_away_is_no_new_one() -> None:
    kept = decided(with_ledger(entry("a", ACTIVE), rotationTrigger="sunday"), "a")
    assert (kept.action, kept.trigger) == (Action.KEEP, "sunday")


def test_a_trigger_within_a_minute_waits_for_it_and_issued_says_so() -> None:
    made = NOW - timedelta(seconds=10)
    wanted = with_ledger(entry("a", ACTIVE), spec=TRIGGERED, issueTime=rfc3339(made))
    decision = decided(wanted, "a")
    assert (decision.action, decision.next_look) == (Action.KEEP, made + ledger.MINT_INTERVAL)
    condition = issued(decision, wanted, NOW)
    assert (condition.status, condition.reason) == (Status.UNKNOWN, Reason.PROGRESSING)
    assert "spec.rotation.trigger" in condition.message
    assert issued(replace(decision, trigger="monday"), wanted, NOW).is_true


def test_a_credential_that_is_not_renewed_says_when_it_ends() -> None:
    wanted = with_ledger(entry("a", ACTIVE, ends=DAY), spec=DISABLED)
    decision = decided(wanted, "a")
    assert (decision.action, decision.next_look) == (Action.KEEP, NOW + DAY)
    condition = issued(decision, wanted, NOW)
    assert condition.is_true
    assert rfc3339(NOW + DAY) in condition.message
    status = token_status(wanted, TokenReport((condition,), decision.credentials, rotation_trigger="x"), NOW)
    assert "rotationTime" not in status
    assert status["rotationTrigger"] == "x"


def test_a_credential_that_was_not_renewed_ends_and_a_person_decides_about_the_next_one() -> None:
    entries = (entry("a", ACTIVE, ends=-DAY), entry("o", RETIRING), entry("p", RETIRING, ends=-DAY))
    decision = decided(with_ledger(*entries, spec=DISABLED), "a")
    assert (decision.action, ids(decision)) == (Action.WAIT, [("a", ACTIVE), ("o", RETIRING)])
    assert decision.problem is not None
    assert decision.problem.reason == Reason.CREDENTIAL_EXPIRED
    assert "another text in spec.rotation.trigger" in decision.problem.message


@pytest.mark.parametrize(
    ("rotation", "held", "more", "context"),
    [
        ({"mode": "Disabled", "trigger": "now"}, "a", (), CONTEXT),
        ({"mode": "Disabled"}, None, (), CONTEXT),
        ({"mode": "Disabled"}, "altered", (), CONTEXT),
        ({"mode": "Disabled"}, "a", (entry("b", PENDING),), CONTEXT),
        ({"mode": "Disabled"}, "a", (), replace(CONTEXT, revoked=frozenset({"a"}))),
        ({"mode": "Automatic"}, "a", (), CONTEXT),
    ],
)
def test_all_else_means_a_new_credential_also_after_the_end(
    rotation: Spec, held: str | None, more: tuple[Spec, ...], context: IssuingContext
) -> None:
    wanted = rotating(rotation, entry("a", ACTIVE, ends=-DAY), *more)
    assert decided(wanted, held, context).action is Action.MINT


def test_a_new_token_with_rotation_disabled_gets_its_first_credential() -> None:
    assert decided(with_ledger(spec=DISABLED), None).action is Action.MINT
