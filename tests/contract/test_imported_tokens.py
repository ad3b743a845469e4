"""A CI system's own job token, through the operator into a registry that really answers (design, "Imported tokens")."""

from __future__ import annotations

import base64
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import tokens
from tests.support.token_world import KEY, NAMESPACE, World, states, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
USER = "gitlab-ci-token"
FIRST, SECOND = "glcbt-64_aaaaaaaaaaaaaaaa", "glcbt-64_bbbbbbbbbbbbbbbb"
SPEC = {"type": "Job", "source": {"type": "Secret", "secret": {"name": "pipeline", "key": "token"}}}
WATCHED = {"pypiregistry.dev/watch": "true"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def pipeline(here: World, value: str, *, key: str = "token", labels: dict[str, str] | None = None) -> None:
    """Write the Secret as a CI system does for each pipeline."""
    metadata = {"namespace": NAMESPACE, "name": "pipeline", "labels": labels or {}}
    data = {key: base64.b64encode(value.encode()).decode()}
    here.kube.put({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


async def imported(here: World, name: str = "ci", **spec: object) -> None:
    here.token(name, **SPEC | spec)
    await here.passes()


async def test_a_new_value_works_at_once_and_the_old_one_for_its_overlap(here: World) -> None:
    pipeline(here, FIRST, labels=WATCHED)
    await imported(here)
    assert here.ready("ci")[:2] == ("True", "Succeeded")
    assert here.ready("ci")[2].endswith("A new value in Secret pipeline is noticed at once.")
    assert (here.password("ci"), await here.status_of(FIRST, USER)) == (FIRST, 200)
    pipeline(here, SECOND, labels=WATCHED)
    # One pass is what the watch's event brings.
    await here.operator().reconcile(KEY)
    assert here.password("ci") == SECOND
    assert [await here.status_of(value, USER) for value in (FIRST, SECOND)] == [200, 200]
    here.now += dt.timedelta(minutes=59)
    await here.passes()
    assert await here.status_of(FIRST, USER) == 200
    here.now += dt.timedelta(minutes=2)
    await here.passes()
    assert [await here.status_of(value, USER) for value in (FIRST, SECOND)] == [401, 200]


async def test_an_overlap_of_ones_own_counts(here: World) -> None:
    pipeline(here, FIRST)
    await imported(here, rotation={"overlapSeconds": 0})
    pipeline(here, SECOND)
    await here.passes()
    assert [await here.status_of(value, USER) for value in (FIRST, SECOND)] == [401, 200]


async def test_without_the_label_another_look_comes_within_half_a_minute_and_the_message_says_so(here: World) -> None:
    pipeline(here, FIRST)
    await imported(here)
    outcome = await here.passes()
    assert outcome.again_after == 30
    assert "within 30 s; with the label pypiregistry.dev/watch" in here.ready("ci")[2]
    pipeline(here, FIRST, labels=WATCHED)
    assert (await here.passes()).again_after != 30
    assert "at once" in here.ready("ci")[2]


async def test_a_deleted_source_says_so_and_kills_no_running_pipeline(here: World) -> None:
    pipeline(here, FIRST)
    await imported(here)
    here.kube.remove("Secret", NAMESPACE, "pipeline")
    outcome = await here.passes()
    assert outcome.again_after == 30
    assert here.ready("ci")[:2] == ("False", "CredentialSourceMissing")
    assert "Secret pipeline does not exist" in here.ready("ci")[2]
    assert await here.status_of(FIRST, USER) == 200
    pipeline(here, SECOND)
    await here.passes()
    assert here.ready("ci")[:2] == ("True", "Succeeded")
    assert await here.status_of(SECOND, USER) == 200


async def test_a_missing_key_is_named(here: World) -> None:
    pipeline(here, FIRST, key="other")
    await imported(here)
    assert here.ready("ci")[:2] == ("False", "CredentialSourceMissing")
    assert "Secret pipeline has no key token" in here.ready("ci")[2]
    assert (here.password("ci"), states(here)) == (None, [])


async def test_a_deleted_secret_of_ours_is_written_again_with_the_same_value(here: World) -> None:
    pipeline(here, FIRST)
    await imported(here)
    here.kube.remove("Secret", NAMESPACE, "ci")
    await here.passes()
    assert (here.password("ci"), states(here)) == (FIRST, ["Active"])
    assert await here.status_of(FIRST, USER) == 200


async def test_a_revoked_value_stays_dead_until_another_one_comes(here: World) -> None:
    pipeline(here, FIRST)
    await imported(here)
    token_id = here.read("ci")["status"]["credentials"][0]["tokenID"]
    await here.service.minting.revoke_token(token_id)
    assert await here.status_of(FIRST, USER) == 401
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "CredentialRevoked")
    assert await here.status_of(FIRST, USER) == 401
    pipeline(here, SECOND)
    await here.passes()
    assert here.ready("ci")[:2] == ("True", "Succeeded")
    assert [await here.status_of(value, USER) for value in (FIRST, SECOND)] == [401, 200]


async def test_one_value_in_two_tokens_works_until_both_are_gone(here: World) -> None:
    pipeline(here, FIRST)
    for name in ("one", "two"):
        await imported(here, name)
        assert here.ready(name)[:2] == ("True", "Succeeded")
    for name, status in (("one", 200), ("two", 401)):
        here.kube.remove("RegistryToken", NAMESPACE, name)
        await here.passes()
        assert await here.status_of(FIRST, USER) == status


async def test_an_imported_value_is_nobodys_generated_token(here: World) -> None:
    pipeline(here, tokens.mint(tokens.TokenType.JOB, bytes))
    await imported(here)
    assert here.ready("ci")[:2] == ("False", "CredentialRefused")
