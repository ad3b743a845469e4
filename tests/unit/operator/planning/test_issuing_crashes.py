"""Issuing survives an end between any two of its steps (design section 4): a model of status, registry and Secret.

The model runs passes that stop after any number of steps, while people alter and delete the Secret and revoke
credentials. What must hold at each moment, and what must be true again after one whole pass, is the property.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from registry_operator.planning import ledger
from registry_operator.planning.credentials import Action, TokenObservation, decide, issue, promote
from registry_operator.planning.ledger import Credentials, IssuingContext
from registry_operator.planning.token_set import token_set
from registry_operator.resources.token import CredentialState, RegistryToken
from registry_service.contract import tokens
from tests.unit.operator.planning.bodies import NOW, secret, token


@dataclass(slots=True)
class World:
    """The three places that hold something, and the clock."""

    now: datetime = NOW
    credentials: Credentials = ()
    issue_time: str | None = None
    registered: frozenset[str] = frozenset()
    revoked: frozenset[str] = frozenset()
    password: str | None = None
    minted: list[datetime] = field(default_factory=list)
    counter: int = 0

    def token(self) -> RegistryToken:
        wanted = token({"expirationSeconds": 3600})
        status = replace(wanted.status, credentials=self.credentials, issue_time=self.issue_time)
        return replace(wanted, status=status)

    def context(self) -> IssuingContext:
        return IssuingContext(self.now, revoked=self.revoked)

    def random(self, number: int) -> bytes:
        self.counter += 1
        return self.counter.to_bytes(number)

    def synchronize(self) -> None:
        made = token_set("team-a", [(self.token(), self.credentials)], self.context())
        self.registered = frozenset(entry.digest for entry in made.tokens)

    def steps(self) -> Iterator[None]:
        """One pass, which may be left at each yield."""
        wanted = self.token()
        held = None if self.password is None else secret("ci", {"password": self.password}, owner_uid="u-ci")
        observation, context = TokenObservation(wanted, held), self.context()
        decision = issue(observation, context, found := decide(observation, context), self.random)
        self.minted += [self.now] if found.action is Action.MINT else []
        self.credentials, self.issue_time = decision.credentials, decision.issue_time
        yield
        self.synchronize()
        yield
        if decision.action is Action.PROMOTE and decision.password is not None:
            # Nothing that a pod can mount ever holds an unregistered token.
            assert tokens.digest(decision.password) in self.registered
            self.password = decision.password
            yield
            decision = promote(observation, context, decision)
            self.credentials = decision.credentials
            yield
            self.synchronize()

    def serves(self) -> bool:
        """Whether the Secret's value is taken by the registry."""
        return self.password is not None and tokens.digest(self.password) in self.registered


EVENTS = st.one_of(
    st.integers(0, 5).map(lambda stop: ("pass", stop)),
    st.sampled_from([("alter", 0), ("delete", 0), ("revoke", 0), ("lose status", 0), ("lose registry", 0)]),
    st.integers(1, 5000).map(lambda seconds: ("wait", seconds)),
)


def happen(world: World, event: tuple[str, int]) -> None:
    kind, number = event
    if kind == "pass":
        for step, _ in enumerate(world.steps()):
            if step == number:
                return
    elif kind == "alter":
        world.password = "altered"
    elif kind == "delete":
        world.password = None
    elif kind == "revoke":
        current = ledger.active(world.credentials)
        world.revoked |= frozenset() if current is None else {current.token_id}
    elif kind == "lose status":
        world.credentials, world.issue_time = (), None
    elif kind == "lose registry":
        world.registered = frozenset()
    else:
        world.now += timedelta(seconds=number)


@given(st.lists(EVENTS, max_size=12))
def test_a_whole_pass_after_anything_at_all_makes_it_right(events: list[tuple[str, int]]) -> None:
    world = World()
    for event in events:
        happen(world, event)
    world.now += ledger.MINT_INTERVAL
    happen(world, ("pass", 99))
    assert world.serves()
    states = [entry.state for entry in world.credentials]
    assert states.count(CredentialState.ACTIVE) == 1
    assert CredentialState.PENDING not in states
    current = ledger.active(world.credentials)
    assert current is not None
    assert world.password is not None
    assert current.digest == tokens.digest(world.password)
    assert len(states) <= ledger.MAX_ENTRIES
    assert world.registered == {entry.digest for entry in world.credentials}


@given(st.lists(EVENTS.filter(lambda event: event[0] != "lose status"), max_size=12))
def test_never_more_than_one_new_credential_a_minute(events: list[tuple[str, int]]) -> None:
    world = World()
    for event in events:
        happen(world, event)
    assert all(
        later - earlier >= ledger.MINT_INTERVAL for earlier, later in zip(world.minted, world.minted[1:], strict=False)
    )


def test_a_running_client_survives_a_rotation() -> None:
    world = World()
    happen(world, ("pass", 99))
    old = world.password
    assert old is not None
    world.now += timedelta(minutes=45)
    happen(world, ("pass", 99))
    assert world.password != old
    assert tokens.digest(old) in world.registered
    world.now += timedelta(minutes=21)
    happen(world, ("pass", 99))
    assert tokens.digest(old) not in world.registered


def test_a_deleted_secret_ends_the_old_credential() -> None:
    world = World()
    happen(world, ("pass", 99))
    old = world.password
    assert old is not None
    world.now += timedelta(minutes=2)
    happen(world, ("delete", 0))
    happen(world, ("pass", 99))
    assert world.serves()
    assert tokens.digest(old) not in world.registered
