"""What others change in the middle of a pass, after any write that it makes: the passes that follow put it right."""

from __future__ import annotations

import base64
import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.outcomes import issue_6
from tests.support.token_world import HOME, KEY, NAMESPACE, Interruption, World, issued, states, world

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(issue_6.STOPPED)]

# More writes than a rotation makes, and fewer.
MOST_WRITES, LEAST_WRITES = 15, 4
YESTERDAY = "yesterday.db"


@dataclass
class Meanwhile(Interruption):
    """Does something right after the `at`-th write, and lets the pass go on."""

    change: Callable[[], Awaitable[None]] | None = None

    async def through(self, call: Callable[[], Any], *, writing: bool) -> Any:  # Any: whatever the call returns
        answer = await call()
        if writing:
            self.writes += 1
            if self.writes == self.at and self.change is not None:
                await self.change()
        return answer


async def secret_deleted(here: World) -> None:
    here.kube.objects.pop(("Secret", NAMESPACE, "ci"), None)


async def secret_altered(here: World) -> None:
    secret = here.kube.objects["Secret", NAMESPACE, "ci"]
    planted = base64.b64encode(b"pyr_d_0000000000000000_planted").decode()
    here.kube.put(secret | {"data": secret["data"] | {"password": planted}})


async def resource_deleted(here: World) -> None:
    here.kube.remove("RegistryToken", NAMESPACE, "ci")


async def resource_made_again(here: World) -> None:
    here.kube.remove("RegistryToken", NAMESPACE, "ci")
    here.token("ci")


async def namespace_terminating(here: World) -> None:
    body = here.kube.objects["Namespace", None, NAMESPACE]
    here.kube.put(body | {"metadata": body["metadata"] | {"deletionTimestamp": "2026-11-24T00:00:00Z"}})


async def registry_gone(here: World) -> None:
    here.kube.remove("PyPIRegistry", HOME, "demo")


async def database_restored(here: World) -> None:
    with closing(sqlite3.connect(here.folder / YESTERDAY)) as old, closing(_database(here)) as live:
        old.backup(live)


async def database_emptied(here: World) -> None:
    with closing(_database(here)) as live:
        live.executescript("DELETE FROM token; DELETE FROM token_set;")


async def status_lost(here: World) -> None:
    here.kube.put({key: value for key, value in here.read("ci").items() if key != "status"})


async def another_operator(here: World) -> None:
    await here.operator().reconcile(KEY)


@pytest.mark.parametrize(
    "change",
    [
        secret_deleted, secret_altered, resource_deleted, resource_made_again, namespace_terminating, registry_gone,
        database_restored, database_emptied, status_lost, another_operator,
    ],
)  # fmt: skip
async def test_whatever_changes_in_the_middle_of_a_rotation_nothing_unlisted_lives_and_no_dead_token_is_served(
    tmp_path: Path, change: Callable[[World], Awaitable[None]]
) -> None:
    for write in range(1, MOST_WRITES):
        folder = tmp_path / str(write)
        folder.mkdir()
        async with world(folder) as here:
            await issued(here)
            with closing(sqlite3.connect(folder / YESTERDAY)) as copy, closing(_database(here)) as live:
                live.backup(copy)
            here.now += dt.timedelta(days=80)
            meanwhile = Meanwhile(at=write, change=lambda here=here: change(here))  # type: ignore[misc]  # mypy infers no type for a default
            await here.operator(meanwhile).reconcile(KEY)
            if meanwhile.writes < write:
                assert write > LEAST_WRITES
                return
            await _settle(here)
            await _is_right(here, change)
    pytest.fail("MOST_WRITES is too small to change something after every write")


async def _settle(here: World) -> None:
    for _ in range(2):
        _collect(here)
        await here.passes(6)
        here.now += dt.timedelta(minutes=2)
    await here.passes(6)


def _collect(here: World) -> None:
    """Remove what names an owner that is no more, as the garbage collector does."""
    alive = {body["metadata"]["uid"] for body in here.kube.objects.values()}
    for key, body in list(here.kube.objects.items()):
        owners = {owner["uid"] for owner in body["metadata"].get("ownerReferences", [])}
        if owners and not owners & alive:
            here.kube.remove(*key)


async def _is_right(here: World, change: Callable[[World], Awaitable[None]]) -> None:
    if change in (resource_deleted, namespace_terminating):
        assert _living(here) == set()
        return
    if change is registry_gone:
        assert here.ready("ci")[:2] == ("False", "RegistryNotFound")
        return
    assert here.ready("ci")[0] == "True", here.ready("ci")
    password = here.password("ci")
    assert password is not None
    assert await here.status_of(password) == 200
    assert states(here).count("Active") == 1
    assert "Pending" not in states(here)
    assert _living(here) <= {entry["tokenID"] for entry in here.read("ci")["status"]["credentials"]}


def _living(here: World) -> set[str]:
    """The ids of the tokens that the registry holds for the namespace, by its own database."""
    with closing(_database(here)) as live:
        return {str(row[0]) for row in live.execute("SELECT id FROM token WHERE revoked_at IS NULL")}


def _database(here: World) -> sqlite3.Connection:
    return sqlite3.connect(here.folder / "registry.db", timeout=20)
