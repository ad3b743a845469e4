"""Who may take a Lease, and what stands in it then."""

import datetime as dt

import pytest

from registry_operator.planning.leadership import LEASE, Sighting, held, may_hold, released, sighted

NOW = dt.datetime(2026, 11, 24, 12, 0, 0, 5, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(minutes=1)


def test_a_lease_is_taken_renewed_released_and_taken_by_another() -> None:
    taken = held({}, "one", NOW)
    moment = "2026-11-24T12:00:00.000005Z"
    assert taken == {
        "holderIdentity": "one",
        "leaseDurationSeconds": int(LEASE),
        "acquireTime": moment,
        "renewTime": moment,
        "leaseTransitions": 0,
    }
    renewed = held(taken, "one", LATER)
    assert (renewed["acquireTime"], renewed["renewTime"]) == (moment, "2026-11-24T12:01:00.000005Z")
    assert renewed["leaseTransitions"] == 0
    free = released(renewed, LATER)
    assert (free["holderIdentity"], free["leaseDurationSeconds"]) == ("", 1)
    assert held(free, "two", LATER)["leaseTransitions"] == 2


@pytest.mark.parametrize(
    ("holder", "silent", "allowed"),
    [(None, 0.0, True), ("me", 0.0, True), ("other", 0.0, False), ("other", LEASE - 1, False), ("other", LEASE, True)],
)
def test_who_is_heard_of_keeps_the_lease(holder: str | None, silent: float, *, allowed: bool) -> None:
    assert may_hold(Sighting(holder, "then", 100.0), "me", 100.0 + silent) is allowed


def test_each_renewal_is_heard_and_silence_is_counted_from_the_last_one() -> None:
    spec = held({}, "other", NOW)
    first = sighted(spec, None, 100.0)
    assert sighted(spec, first, 110.0) is first
    assert sighted(held(spec, "other", LATER), first, 112.0).at == 112.0
    assert sighted({}, first, 113.0) == Sighting(None, None, 113.0)
