"""Issuing and syncing (design section 4), with the operator stopped after every single write that it makes."""

from __future__ import annotations

import base64
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from tests.support.token_world import KEY, NAMESPACE, Crash, Interruption, World, address, issued, states, world

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

pytestmark = pytest.mark.anyio

# More than any pass below makes, and fewer: status, set, Secrets, status.
MOST_WRITES, LEAST_WRITES = 30, 4


async def test_a_token_is_issued_and_a_settled_cluster_sees_no_write(here: World) -> None:
    password = await issued(here)
    assert await here.status_of(password) == 200
    assert states(here) == ["Active"]
    status = here.read("ci")["status"]
    assert status["project"] == NAMESPACE
    assert isinstance(status["projectID"], int)
    env = here.kube.objects["Secret", NAMESPACE, "ci-env"]["data"]
    assert base64.b64decode(env["TWINE_PASSWORD"]).decode() == password
    before = list(here.kube.writes)
    assert not (await here.passes()).failed
    assert here.kube.writes == before


async def first(here: World) -> None:
    here.token("ci")


async def secret_deleted(here: World) -> None:
    await issued(here)
    here.now += dt.timedelta(minutes=2)
    here.kube.remove("Secret", NAMESPACE, "ci")


async def rotation_due(here: World) -> None:
    await issued(here)
    here.now += dt.timedelta(days=80)


async def rotation_triggered(here: World) -> None:
    await issued(here)
    here.now += dt.timedelta(minutes=2)
    here.token("ci", rotation={"trigger": "monday", "overlapSeconds": 0})


@pytest.mark.parametrize("arrange", [first, secret_deleted, rotation_due, rotation_triggered])
async def test_wherever_the_operator_dies_no_secret_holds_an_unregistered_token_and_the_next_one_mends_it(
    tmp_path: Path, arrange: Callable[[World], Awaitable[None]]
) -> None:
    for write in range(1, MOST_WRITES):
        folder = tmp_path / str(write)
        folder.mkdir()
        async with world(folder) as here:
            await arrange(here)
            interruption = Interruption(at=write)
            try:
                await here.operator(interruption).reconcile(KEY)
            except Crash:
                await _holds_only_what_works(here)
            else:
                assert interruption.writes == write - 1 > LEAST_WRITES
                break
            here.now += dt.timedelta(minutes=2)
            await here.passes(5)
            await _holds_only_what_works(here)
            assert here.ready("ci")[0] == "True", (write, here.ready("ci"))
            assert states(here).count("Active") == 1
            assert "Pending" not in states(here)
    else:
        pytest.fail("MOST_WRITES is too small to stop at every write")


async def _holds_only_what_works(here: World) -> None:
    password = here.password("ci")
    if password is not None:
        assert await here.status_of(password) == 200


async def test_a_deleted_token_is_refused_after_one_pass_also_by_an_operator_that_just_started(here: World) -> None:
    kept, password = await issued(here, "other"), await issued(here)
    here.kube.remove("RegistryToken", NAMESPACE, "ci")
    await here.operator().reconcile(KEY)
    assert await here.status_of(password) == 401
    assert await here.status_of(kept, user="other") == 200


async def test_a_deleted_secret_means_a_new_token_and_the_old_one_dead(here: World) -> None:
    old = await issued(here)
    here.now += dt.timedelta(minutes=2)
    here.kube.remove("Secret", NAMESPACE, "ci")
    await here.passes()
    new = here.password("ci")
    assert new is not None
    assert (await here.status_of(old), await here.status_of(new)) == (401, 200)


async def test_a_secret_that_is_deleted_again_and_again_is_contended_and_costs_one_token_a_minute(here: World) -> None:
    await issued(here)
    here.kube.remove("Secret", NAMESPACE, "ci")
    outcome = await here.passes()
    assert here.ready("ci")[:2] == ("False", "SecretContended")
    assert here.password("ci") is None
    assert outcome.again_after is not None
    assert 0 < outcome.again_after <= 60


async def test_an_altered_password_is_never_registered(here: World) -> None:
    await issued(here)
    here.now += dt.timedelta(minutes=2)
    secret = here.kube.objects["Secret", NAMESPACE, "ci"]
    planted = "pyr_d_0000000000000000_planted"
    here.kube.put(secret | {"data": secret["data"] | {"password": base64.b64encode(planted.encode()).decode()}})
    await here.passes()
    new = here.password("ci")
    assert new not in (None, planted)
    assert await here.status_of(planted) == 401
    assert await here.status_of(str(new)) == 200


async def test_a_lost_status_means_a_new_token(here: World) -> None:
    old = await issued(here)
    body = here.read("ci")
    here.kube.put({key: value for key, value in body.items() if key != "status"})
    await here.passes()
    new = here.password("ci")
    assert new not in (None, old)
    assert (await here.status_of(old), await here.status_of(str(new))) == (401, 200)


async def test_an_emptied_registry_is_right_after_the_next_pass(here: World) -> None:
    password = await issued(here)
    async with here.operator().port.connect(address(here)) as client:
        summary = (await client.sets())[0]
        await client.put_set(summary.namespace_uid, b'{"namespace":"team-b"}', summary.etag)
    assert await here.status_of(password) == 401
    await here.operator().reconcile(KEY)
    assert await here.status_of(password) == 200
    assert here.password("ci") == password


async def test_rotation_lets_the_former_token_live_on_for_the_overlap(here: World) -> None:
    old = await issued(here)
    here.now += dt.timedelta(days=80)
    await here.passes()
    new = here.password("ci")
    assert new not in (None, old)
    assert (await here.status_of(old), await here.status_of(str(new))) == (200, 200)
    assert sorted(states(here)) == ["Active", "Retiring"]
    here.now += dt.timedelta(days=2)
    await here.passes()
    assert states(here) == ["Active"]
    assert await here.status_of(old) == 401


async def test_a_trigger_mints_at_once_and_only_once(here: World) -> None:
    old = await issued(here)
    here.now += dt.timedelta(minutes=2)
    here.token("ci", rotation={"trigger": "monday", "overlapSeconds": 600})
    await here.passes()
    new = here.password("ci")
    assert new not in (None, old)
    assert (await here.status_of(old), await here.status_of(str(new))) == (200, 200)
    assert here.read("ci")["status"]["rotationTrigger"] == "monday"
    assert here.ready("ci")[:2] == ("True", "Succeeded")
    retiring = next(one for one in here.read("ci")["status"]["credentials"] if one["state"] == "Retiring")
    assert dt.datetime.fromisoformat(retiring["notAfter"]) == here.now + dt.timedelta(minutes=10)
    here.now += dt.timedelta(minutes=11)
    await here.passes()
    assert here.password("ci") == new
    assert await here.status_of(old) == 401


async def test_a_trigger_without_an_overlap_ends_the_former_credential_at_once(here: World) -> None:
    old = await issued(here)
    here.token("ci", rotation={"trigger": "leaked", "overlapSeconds": 0})
    outcome = await here.passes()
    assert here.ready("ci")[:2] == ("False", "Progressing")
    assert outcome.again_after is not None
    assert 0 < outcome.again_after <= 60
    here.now += dt.timedelta(seconds=outcome.again_after)
    await here.passes()
    assert (await here.status_of(old), await here.status_of(str(here.password("ci")))) == (401, 200)
    assert states(here) == ["Active"]


async def test_a_token_that_is_not_rotated_ends_and_a_trigger_revives_it(here: World) -> None:
    here.token("ci", rotation={"mode": "Disabled"})
    await here.passes()
    old = here.password("ci")
    assert "rotationTime" not in here.read("ci")["status"]
    here.now += dt.timedelta(days=91)
    outcome = await here.passes()
    assert here.password("ci") == old
    assert here.ready("ci")[:2] == ("False", "CredentialExpired")
    assert outcome.again_after is not None
    assert outcome.again_after >= 30
    here.token("ci", rotation={"mode": "Disabled", "trigger": "again"})
    await here.passes()
    assert here.ready("ci")[:2] == ("True", "Succeeded")
    assert here.password("ci") != old


async def test_a_foreign_secret_stays_as_it_is_and_stops_no_other_token(here: World) -> None:
    theirs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": NAMESPACE, "name": "ci"},
        "data": {"password": "dGhlaXJz"},
    }
    before = here.kube.put(theirs)
    here.token("ci")
    other = await issued(here, "other")
    assert here.ready("ci")[:2] == ("False", "SecretConflict")
    assert here.kube.objects["Secret", NAMESPACE, "ci"] == before
    assert await here.status_of(other, user="other") == 200


async def test_what_the_registry_does_not_grant_is_said_until_it_does(here: World) -> None:
    here.token("ci", projects=["lib"], packages=["ours-*"], index="Group")
    await here.passes()
    assert here.ready("ci")[:2] == ("True", "ProjectsNotGranted")
    assert "grant it lib" in here.ready("ci")[2]
    env = here.kube.objects["Secret", NAMESPACE, "ci-env"]["data"]
    assert base64.b64decode(env["PIP_INDEX_URL"]).endswith(b"/api/v4/groups/demo/-/packages/pypi/simple")
    here.change_registry(
        access=[{"name": "lib", "namespaces": [NAMESPACE], "projects": ["lib"], "permissions": ["Read"]}]
    )
    await here.passes()
    assert here.ready("ci")[:2] == ("True", "Succeeded")


async def test_what_a_person_added_to_a_secret_stays_and_a_changed_key_is_put_right(here: World) -> None:
    password = await issued(here)
    secret = here.kube.objects["Secret", NAMESPACE, "ci"]
    here.kube.put(secret | {"data": secret["data"] | {"mine": "bWluZQ==", "pip.conf": "b29wcw=="}})
    await here.passes()
    after = here.kube.objects["Secret", NAMESPACE, "ci"]["data"]
    assert after["mine"] == "bWluZQ=="
    assert after["pip.conf"] == secret["data"]["pip.conf"]
    assert here.password("ci") == password


async def test_a_deletion_of_which_no_watch_told_is_noticed_within_the_hour(here: World) -> None:
    password = await issued(here)
    outcome = await here.passes()
    assert 1800 <= (outcome.again_after or 0) <= 3600
    here.kube.remove("RegistryToken", NAMESPACE, "ci")
    outcome = await here.passes()
    assert await here.status_of(password) == 401
    assert outcome.again_after is None, "an empty set is forgotten"
