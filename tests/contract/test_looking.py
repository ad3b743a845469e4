"""The first look at a token set after a restart: what its registry has just said is compared, and nothing written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from registry_operator.cluster.kinds import REGISTRY_TOKEN, SECRET
from registry_operator.cluster.packed import KeptLists
from registry_operator.cluster.snapshot import Snapshot
from registry_operator.errors import WouldWriteError
from registry_operator.resources.registry import PyPIRegistry
from tests.support.token_world import KEY, NAMESPACE, World, issued

if TYPE_CHECKING:
    from registry_operator.reconcilers.token_set import TokenSetReconciler

pytestmark = pytest.mark.anyio


async def looking(here: World) -> TokenSetReconciler:
    """An operator that has just started and asked the registry what it holds; it may only look."""
    operator = here.operator()
    registry = PyPIRegistry.parse(here.kube.objects["PyPIRegistry", KEY.registry.namespace, KEY.registry.name])
    secret = await operator.port.secret(registry)
    assert secret is not None
    async with operator.port.open(registry, secret) as client:
        operator.memory.learn(KEY.registry, await client.sets())
    return operator.only_looking(await snapshot(here))


async def snapshot(here: World) -> Snapshot:
    own = {kind: await here.kube.find(kind, NAMESPACE) for kind in (REGISTRY_TOKEN, SECRET)}
    return Snapshot(here.kube, NAMESPACE, own, {}, KeptLists())


async def test_a_settled_set_is_looked_at_without_a_word_to_the_registry(here: World) -> None:
    await issued(here)
    operator = await looking(here)
    before = list(here.kube.writes)
    with patch.object(World, "_connect", side_effect=AssertionError("the registry was asked")):
        assert not (await operator.reconcile(KEY)).failed
    assert here.kube.writes == before
    with pytest.raises(WouldWriteError, match="was not asked yet"):
        await here.operator().only_looking(await snapshot(here)).reconcile(KEY)


async def test_a_look_at_a_set_that_differs_writes_nothing(here: World) -> None:
    await issued(here)
    before, (held,) = list(here.kube.writes), await sets(here)
    here.token("ci", scopes=["read_package_registry"])
    with pytest.raises(WouldWriteError, match="a set of"):
        await (await looking(here)).reconcile(KEY)
    here.token("late")
    with pytest.raises(WouldWriteError):
        await (await looking(here)).reconcile(KEY)
    assert here.kube.writes == before
    assert await sets(here) == [held]


async def sets(here: World) -> list[str]:
    """What the registry holds."""
    return [held.digest for held in (await looking(here)).memory.held(KEY.registry).values()]
