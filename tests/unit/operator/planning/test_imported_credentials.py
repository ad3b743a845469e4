"""What becomes of a value from a Secret that somebody else writes (design section 4, "Imported tokens")."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry_operator.planning import ledger
from registry_operator.planning.credentials import Action, TokenObservation, decide, issue, promote
from registry_operator.planning.ledger import IssuingContext
from registry_operator.planning.observed import ObservedSecret
from registry_operator.planning.token_readiness import issued
from registry_operator.resources.reasons import Reason
from registry_service.contract import tokens
from tests.unit.operator.planning.bodies import NOW, counting, secret, token
from tests.unit.operator.planning.ledgers import (
    ACTIVE,
    CONTEXT,
    DAY,
    OTHER_VALUE,
    PENDING,
    RETIRING,
    VALUE,
    imported,
    importing,
)


def test_a_value_is_entered_promoted_and_kept() -> None:
    observation = importing()
    entering = decide(observation, CONTEXT)
    assert (entering.action, entering.password) == (Action.ENTER, VALUE)
    made = issue(observation, CONTEXT, entering, counting)
    (pending,) = made.credentials
    assert pending.digest == tokens.imported_digest(VALUE, b"sync-key")
    assert pending.token_id == pending.digest[:16]
    done = promote(observation, CONTEXT, made)
    assert [item.state for item in done.credentials] == [ACTIVE]
    kept = decide(importing(imported(VALUE, ACTIVE)), CONTEXT)
    assert (kept.action, kept.password) == (Action.KEEP, VALUE)
    assert kept.next_look == NOW + 80 * DAY


def test_a_line_break_at_the_end_is_not_part_of_the_value() -> None:
    assert decide(importing(value=f"{VALUE}\n"), CONTEXT).password == VALUE


def test_a_pending_value_is_promoted() -> None:
    assert decide(importing(imported(VALUE, PENDING)), CONTEXT).action is Action.PROMOTE


def test_a_new_value_leaves_the_old_one_an_hour() -> None:
    observation = importing(imported(OTHER_VALUE, ACTIVE))
    made = issue(observation, CONTEXT, decide(observation, CONTEXT), counting)
    done = promote(observation, CONTEXT, made)
    assert [item.state for item in done.credentials] == [RETIRING, ACTIVE]
    assert ledger.ends(done.credentials[0]) == NOW + timedelta(hours=1)


def test_a_value_that_returns_within_its_overlap_is_one_entry() -> None:
    observation = importing(imported(VALUE, RETIRING), imported(OTHER_VALUE, ACTIVE))
    made = issue(observation, CONTEXT, decide(observation, CONTEXT), counting)
    assert len({item.token_id for item in made.credentials}) == len(made.credentials) == 2


@pytest.mark.parametrize(
    ("observation", "context", "reason"),
    [
        (importing(imported(VALUE, ACTIVE), value=None), CONTEXT, Reason.CREDENTIAL_SOURCE_MISSING),
        (importing(value="short"), CONTEXT, Reason.CREDENTIAL_REFUSED),
        (importing(value="pyr_j_0123456789abcdef_x"), CONTEXT, Reason.CREDENTIAL_REFUSED),
        (importing(imported(VALUE, ACTIVE, ends=-DAY)), CONTEXT, Reason.CREDENTIAL_EXPIRED),
        (
            importing(imported(VALUE, ACTIVE)),
            replace(CONTEXT, revoked=frozenset({imported(VALUE, ACTIVE)["tokenID"]})),
            Reason.CREDENTIAL_REVOKED,
        ),
    ],
)
def test_a_value_that_cannot_serve_says_why_and_keeps_what_works(
    observation: TokenObservation, context: IssuingContext, reason: Reason
) -> None:
    decision = decide(observation, context)
    assert decision.action is Action.WAIT
    assert decision.problem is not None
    assert decision.problem.reason == reason
    assert decision.credentials == observation.token.status.credentials
    assert VALUE not in decision.problem.message


def test_a_missing_key_and_bytes_that_are_no_text_are_told_apart() -> None:
    observation = importing()
    other = decide(replace(observation, source=secret("ci-job", {"other": VALUE})), CONTEXT).problem
    assert other is not None
    assert "has no key token" in other.message
    binary = ObservedSecret("ci-job", "u", {"token": b"\xff" * 30})
    refused = decide(replace(observation, source=binary), CONTEXT).problem
    assert refused is not None
    assert (refused.reason, "UTF-8" in refused.message) == (Reason.CREDENTIAL_REFUSED, True)


def test_a_resource_made_again_takes_an_expired_value_anew() -> None:
    assert decide(importing(), CONTEXT).action is Action.ENTER


def test_a_reference_that_the_schema_would_refuse_is_a_missing_source() -> None:
    wanted = token({"type": "Job", "source": {"type": "Secret"}})
    problem = decide(TokenObservation(wanted), CONTEXT).problem
    assert problem is not None
    assert problem.reason == Reason.CREDENTIAL_SOURCE_MISSING


@pytest.mark.parametrize("value", [VALUE, None])
def test_a_condition_says_how_soon_a_new_value_is_noticed(value: str | None) -> None:
    kept = importing(imported(VALUE, ACTIVE), value=value)
    slow = issued(decide(kept, CONTEXT), kept.token, NOW)
    assert slow.is_true is (value is not None)
    assert 'within 30 s; with the label pypiregistry.dev/watch: "true" there, at once' in slow.message
    labelled = {"pypiregistry.dev/watch": "true"}
    watched = replace(kept, source=secret("ci-job", {} if value is None else {"token": value}, labels=labelled))
    assert issued(decide(watched, CONTEXT), watched.token, NOW).message.endswith("ci-job is noticed at once.")


# Conditions
