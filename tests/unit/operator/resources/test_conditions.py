"""Conditions tell when something changed, not when we last looked."""

import ast
import inspect
from datetime import UTC, datetime, timedelta, timezone

import pytest

from registry_operator.resources import conditions, reasons
from registry_operator.resources.conditions import (
    MAX_MESSAGE,
    Condition,
    ConditionType,
    Status,
    fails,
    find,
    holds,
    merge_conditions,
    parse_rfc3339,
    rfc3339,
    unknown,
)
from registry_operator.resources.reasons import Reason

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def merged(old: list[Condition], new: list[Condition], now: datetime = LATER) -> dict[ConditionType, Condition]:
    return {item.type: item for item in merge_conditions(old, new, now=now, generation=7)}


def stamped(condition: Condition, now: datetime = NOW) -> Condition:
    return merged([], [condition], now)[condition.type]


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (holds(ConditionType.READY), holds(ConditionType.READY, "still"), False),
        (holds(ConditionType.READY), fails(ConditionType.READY, Reason.PROGRESSING, "no"), True),
        (fails(ConditionType.READY, Reason.PROGRESSING, ""), fails(ConditionType.READY, Reason.PAUSED, ""), False),
        (unknown(ConditionType.READY, Reason.PROGRESSING, ""), holds(ConditionType.READY), True),
    ],
)
def test_the_transition_time_moves_with_the_status_only(before: Condition, after: Condition, moved: bool) -> None:
    result = merged([stamped(before)], [after])[ConditionType.READY]
    assert result.last_transition_time == rfc3339(LATER if moved else NOW)
    assert (result.reason, result.message, result.observed_generation) == (after.reason, after.message, 7)


def test_a_condition_without_a_time_gets_one() -> None:
    assert merged([holds(ConditionType.READY)], [holds(ConditionType.READY)])[ConditionType.READY].last_transition_time


def test_what_another_pass_reports_is_kept() -> None:
    before = stamped(holds(ConditionType.ISSUED))
    assert merged([before], [holds(ConditionType.READY)])[ConditionType.ISSUED] == before


def test_the_order_is_settled() -> None:
    one, other = holds(ConditionType.READY), holds(ConditionType.STALLED)
    assert merge_conditions([], [other, one], now=NOW, generation=1) == merge_conditions(
        [], [one, other], now=NOW, generation=1
    )


def test_a_long_message_is_cut() -> None:
    assert len(stamped(fails(ConditionType.READY, Reason.PROGRESSING, "x" * 5000)).message) == MAX_MESSAGE


def test_the_body_is_the_apis() -> None:
    assert stamped(fails(ConditionType.READY, Reason.PAUSED, "m")).body() == {
        "type": "Ready",
        "status": "False",
        "reason": "Paused",
        "message": "m",
        "observedGeneration": 7,
        "lastTransitionTime": "2026-11-24T12:00:00Z",
    }


def test_times_are_utc_with_whole_seconds() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert rfc3339(moment) == "2026-01-02T01:04:05Z"
    assert parse_rfc3339("2026-01-02T01:04:05Z") == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)


def test_a_condition_is_found_by_its_type() -> None:
    held = holds(ConditionType.READY)
    assert find([held], ConditionType.READY) is held
    assert find([held], ConditionType.ISSUED) is None
    assert held.is_true
    assert held.status is Status.TRUE


@pytest.mark.parametrize(("module", "name"), [(reasons, "Reason"), (conditions, "ConditionType")])
def test_every_reason_and_type_is_documented(module: object, name: str) -> None:
    source = ast.parse(inspect.getsource(module))  # type: ignore[arg-type] # inspect's stub wants a module by name
    body = next(node for node in source.body if isinstance(node, ast.ClassDef) and node.name == name).body
    for member, text in zip(body[1::2], body[2::2], strict=True):
        assert isinstance(member, ast.Assign)
        assert isinstance(text, ast.Expr)
