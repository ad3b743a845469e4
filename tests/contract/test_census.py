"""What passes over real ledgers, Secrets and a real registry are counted as."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from tests.support.token_world import KEY, NAMESPACE, world

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def test_credentials_are_counted_from_their_issue_to_their_end(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        operator = here.operator()

        async def counted() -> tuple[int, ...]:
            assert not (await operator.reconcile(KEY)).failed
            assert not (await operator.reconcile(KEY)).failed
            counts = operator.census.credentials()
            return counts["issued"], counts["rotated"], counts["revoked"]

        here.token("ci")
        assert await counted() == (1, 0, 0)
        assert operator.census.resources()["RegistryToken", True] == 1
        here.now += dt.timedelta(days=80)
        assert operator.census.overdue(here.now) == 1
        assert await counted() == (1, 1, 0)
        assert operator.census.overdue(here.now) == 0
        here.now += dt.timedelta(days=2)
        assert await counted() == (1, 1, 0), "the former one had come to its end"
        here.kube.remove("Secret", NAMESPACE, "ci")
        assert await counted() == (1, 2, 1), "a Secret that is lost costs its credential"
        here.kube.remove("RegistryToken", NAMESPACE, "ci")
        assert await counted() == (1, 2, 2)
        assert sum(operator.census.resources().values()) == 0


async def test_a_token_that_no_registry_admits_is_not_ready(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.allow(**{"from": "Same"})
        here.token("ci")
        operator = here.operator()
        await operator.reconcile(KEY)
        assert operator.census.resources()["RegistryToken", False] == 1
        assert set(operator.census.credentials().values()) == {0}
