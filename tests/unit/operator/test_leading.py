"""Leading by a Lease: one at a time, and nothing is written by one that leads no more."""

import datetime as dt
from dataclasses import dataclass, field

import pytest

from registry_operator.cluster.kinds import LEASE, Object
from registry_operator.cluster.leading import Fenced, Leadership
from registry_operator.errors import ClusterUnavailableError
from registry_operator.planning.leadership import LEASE as LEASE_SECONDS
from registry_operator.planning.leadership import RENEWAL
from tests.support.fake_kube import FakeKube

pytestmark = pytest.mark.anyio

_NAMESPACE, _NAME = "pypi-system", "operator"


class Reached(FakeKube):
    """An API server that can be out of reach."""

    reached = True

    async def patch(self, observed: Object, operations: list[Object]) -> Object:
        if not self.reached:
            raise ClusterUnavailableError("out of reach")
        return await super().patch(observed, operations)


@dataclass
class Place:
    """An API server and the time there."""

    kube: Reached = field(default_factory=Reached)
    now: float = 1000.0

    def candidate(self, identity: str) -> Leadership:
        moment = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
        return Leadership(
            self.kube,
            (_NAMESPACE, _NAME),
            identity,
            clock=lambda: moment + dt.timedelta(seconds=self.now),
            monotonic=lambda: self.now,
        )

    def holder(self) -> object:
        return self.kube.objects[LEASE.name, _NAMESPACE, _NAME]["spec"]["holderIdentity"]


async def test_the_first_leads_as_long_as_it_renews_and_the_other_stands_ready() -> None:
    place = Place()
    one, two = place.candidate("one"), place.candidate("two")
    assert await one.attempt()
    for _ in range(10):
        place.now += RENEWAL - 1
        assert await one.attempt()
        assert not await two.attempt()
    assert (one.holds(), two.holds(), place.holder()) == (True, False, "one")


async def test_a_dead_holder_is_followed_only_after_it_has_stopped_by_itself() -> None:
    place = Place()
    one, two = place.candidate("one"), place.candidate("two")
    assert await one.attempt()
    assert not await two.attempt()
    place.now += RENEWAL
    assert not one.holds()
    assert not await two.attempt()
    place.now += LEASE_SECONDS - RENEWAL
    assert await two.attempt()
    assert not await one.attempt()
    assert (one.holds(), two.holds()) == (False, True)


async def test_whom_the_api_server_does_not_hear_stops_and_may_come_back() -> None:
    place = Place()
    one = place.candidate("one")
    await one.acquire()
    place.kube.reached = False
    assert not await one.attempt()
    assert one.holds()
    place.now += RENEWAL
    await one.keep()
    assert not one.holds()
    place.kube.reached = True
    assert await one.attempt()


async def test_whom_another_one_has_replaced_stops_at_once() -> None:
    place = Place()
    one = place.candidate("one")
    assert await one.attempt()
    place.kube.remove(LEASE.name, _NAMESPACE, _NAME)
    assert await place.candidate("two").attempt()
    assert not await one.attempt()
    assert not await one.attempt()
    assert not one.holds()


async def test_a_released_lease_is_free_at_once() -> None:
    place = Place()
    one, two = place.candidate("one"), place.candidate("two")
    await two.release()
    assert await one.attempt()
    assert not await two.attempt()
    await one.release()
    assert not one.holds()
    assert await two.attempt()


async def test_a_release_that_is_not_heard_frees_nothing() -> None:
    place = Place()
    one = place.candidate("one")
    assert await one.attempt()
    place.kube.reached = False
    await one.release()
    assert (one.holds(), place.holder()) == (False, "one")


async def test_only_who_leads_writes() -> None:
    kube, leads = FakeKube(), True
    fenced = Fenced(kube, lambda: leads)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "a", "name": "b"}, "data": {"k": "v"}}
    made = await fenced.create(body)
    leads = False
    for write in (fenced.create(body), fenced.apply(made), fenced.patch(made, []), fenced.delete(made)):
        with pytest.raises(ClusterUnavailableError):
            await write
    assert kube.writes == ["create ConfigMap b"]
    leads = True
    assert await fenced.apply(made | {"data": {"k": "w"}})
    await fenced.delete(made)
    assert len(kube.writes) == 3
