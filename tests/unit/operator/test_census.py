"""What the passes last saw, in numbers."""

import datetime as dt

import pytest

from registry_operator.reconcilers.census import Census, SeenToken, is_ready
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from registry_operator.resources.conditions import rfc3339
from registry_operator.resources.token import Credential, CredentialState

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=30)
REGISTRY = RegistryKey("home", "demo")
KEY = TokenSetKey(REGISTRY, "team-a")


def entry(token_id: str, state: CredentialState = CredentialState.ACTIVE, ends: dt.datetime = LATER) -> Credential:
    return Credential(token_id, "digest", state, rfc3339(ends))


def seen(*after: Credential, before: tuple[Credential, ...] | None = None) -> SeenToken:
    return SeenToken("ci", True, after if before is None else before, after)


def events(*passes: SeenToken | None, now: dt.datetime = NOW) -> tuple[int, ...]:
    """What a census counts of one RegistryToken; None: it is no more."""
    census = Census()
    for token in passes:
        census.saw_tokens(KEY, () if token is None else (token,), now)
    counts = census.credentials()
    return counts["issued"], counts["rotated"], counts["revoked"]


OLD = entry("old")
RETIRING = entry("old", CredentialState.RETIRING)
PENDING = entry("new", CredentialState.PENDING)
NEW = entry("new")
ENDED = entry("old", ends=NOW - dt.timedelta(seconds=1))


@pytest.mark.parametrize(
    ("passes", "counted"),
    [
        ([seen(OLD), seen(OLD)], (0, 0, 0)),
        ([seen(before=())], (0, 0, 0)),
        ([seen(OLD, before=())], (1, 0, 0)),
        ([seen(PENDING, before=()), seen(NEW, before=(PENDING,))], (1, 0, 0)),
        ([seen(NEW, RETIRING, before=(OLD,)), seen(NEW, RETIRING)], (0, 1, 0)),
        ([seen(NEW, RETIRING), seen(NEW)], (0, 0, 1)),
        ([seen(NEW, ENDED), seen(NEW)], (0, 0, 0)),
        ([seen(OLD), None, None], (0, 0, 1)),
        ([seen(PENDING), None], (0, 0, 0)),
        ([seen(before=(OLD,))], (0, 0, 1)),
        ([seen(OLD), seen(NEW, before=())], (1, 0, 1)),
    ],
    ids=[
        *("settled", "nothing", "first", "first-in-two-passes", "rotated", "cut-off", "ended", "deleted"),
        *("deleted-pending", "altered", "status-lost"),
    ],
)
def test_what_became_of_credentials_is_told_by_ledgers(
    passes: list[SeenToken | None], counted: tuple[int, int, int]
) -> None:
    assert events(*passes) == counted


def test_a_token_that_cannot_be_read_is_not_ready_and_keeps_its_credentials() -> None:
    census = Census()
    census.saw_tokens(KEY, (seen(OLD, before=()),), NOW)
    for _ in range(2):
        census.saw_tokens(KEY, (), NOW, unreadable=("ci", "other"))
    assert (census.resources()["RegistryToken", True], census.resources()["RegistryToken", False]) == (0, 2)
    assert census.credentials() == {"issued": 1, "rotated": 0, "revoked": 0}


def test_resources_are_counted_as_they_were_last_seen() -> None:
    census = Census()
    assert set(census.resources().values()) == {0}
    other = RegistryKey("home", "other")
    census.saw_registry(REGISTRY, ready=False)
    census.saw_registry(other, ready=True)
    census.saw_registry(REGISTRY, ready=True)
    assert (census.resources()["PyPIRegistry", True], census.resources()["PyPIRegistry", False]) == (2, 0)
    census.lost_registry(other)
    census.lost_registry(other)
    assert census.resources()["PyPIRegistry", True] == 1


def test_a_credential_is_overdue_once_its_time_is_past() -> None:
    census = Census()
    due = [SeenToken("a", True, due=LATER), SeenToken("b", True), SeenToken("c", True, due=NOW)]
    census.saw_tokens(KEY, due, NOW)
    assert [census.overdue(NOW), census.overdue(LATER), census.overdue(LATER + dt.timedelta(1))] == [0, 1, 2]


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        (None, False),
        ({}, False),
        ({"conditions": [{"type": "Ready", "status": "True"}]}, True),
        ({"conditions": [{"type": "Ready", "status": "False"}, {"type": "Issued", "status": "True"}]}, False),
    ],
)
def test_readiness_is_what_the_status_says(status: dict[str, object] | None, ready: bool) -> None:
    assert is_ready({} if status is None else {"status": status}) is ready
