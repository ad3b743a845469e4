"""What is remembered of uses: one of each token and hour, and no more tokens than fit."""

from datetime import UTC, datetime, timedelta

from registry_service.memory.uses import PERIOD, Uses

_NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_one_use_of_each_token_in_a_period_is_told_once() -> None:
    uses = Uses()
    for _ in range(3):
        uses.note("a", _NOW)
        uses.note("b", _NOW)
    assert uses.take() == {"a", "b"}
    uses.note("a", _NOW + PERIOD - timedelta(seconds=1))
    assert uses.take() == frozenset()
    uses.note("a", _NOW + PERIOD)
    assert uses.take() == {"a"}


def test_the_tokens_that_were_used_last_are_remembered() -> None:
    uses = Uses(max_tokens=2)
    for token in ("a", "b", "c"):
        uses.note(token, _NOW)
    assert uses.take() == {"b", "c"}
    uses.note("a", _NOW)
    assert uses.take() == {"a"}
