"""Failures: what is free, when it is free again, what is counted together, and how much is remembered."""

from datetime import UTC, datetime, timedelta

import pytest

from registry_service.memory.failures import PER_ADDRESS, PER_TOKEN, FailureCounts, Failures, network_of

_START = datetime(2026, 1, 1, tzinfo=UTC)


def test_some_failures_are_free_and_then_somebody_has_to_wait_until_the_window_ends() -> None:
    counts = FailureCounts(2, timedelta(seconds=60))
    times = [0.0, 10.0, 20.5, 59.9, 60.0, 61.0, 62.0]
    assert [counts.count("a", _START + timedelta(seconds=one)) for one in times] == [0, 0, 40, 1, 0, 0, 58]


def test_keys_have_nothing_to_do_with_each_other() -> None:
    counts = FailureCounts(1)
    assert [counts.count(key, _START) for key in ("a", "b", "a")] == [0, 0, 300]


def test_only_the_latest_keys_are_remembered() -> None:
    counts = FailureCounts(0, max_keys=2)
    for key in ("a", "b", "a", "c"):
        counts.count(key, _START)
    assert list(counts._counts) == ["a", "c"]  # noqa: SLF001 - what it holds is the point


def test_an_address_counts_only_where_it_is_known_to_be_the_clients() -> None:
    alone = Failures()
    assert {alone.count(None, "192.0.2.1", _START) for _ in range(PER_ADDRESS + 1)} == {0}
    behind = Failures(by_address=FailureCounts(PER_ADDRESS))
    assert {behind.count(None, "192.0.2.1", _START) for _ in range(PER_ADDRESS)} == {0}
    assert behind.count(None, "192.0.2.1", _START) == 300
    assert behind.count(None, "192.0.2.2", _START) == 0


def test_a_token_id_counts_from_wherever_it_comes() -> None:
    failures = Failures(by_address=FailureCounts(PER_ADDRESS))
    waits = [failures.count("id", f"192.0.2.{number}", _START) for number in range(PER_TOKEN + 1)]
    assert waits == [0] * PER_TOKEN + [300]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::1", "::/64"),
        ("<script>", ""),
        ("", ""),
    ],
)
def test_what_is_counted_together(address: str, network: str) -> None:
    assert network_of(address) == network
