"""Operator, CRDs and a registry's image of different versions: nobody's token grows wider, nobody's dies by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.token_world import NAMESPACE, World, issued, states, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.mark.parametrize("later", [{"packages": ["ours-*"]}, {"projects": ["lib"]}])
async def test_an_old_image_serves_all_tokens_but_those_that_it_has_no_words_for(
    here: World, later: dict[str, list[str]]
) -> None:
    here.old_image = True
    here.token("limited", **later)
    plain = await issued(here, "plain")
    assert await here.status_of(plain, user="plain") == 200
    assert here.ready("limited")[:2] == ("False", "RegistryTooOld")
    assert "Set a newer spec.image on the PyPIRegistry" in here.ready("limited")[2]
    assert (here.password("limited"), states(here, "limited")) == (None, [])
    before = list(here.kube.writes)
    assert (await here.passes()).again_after == 30
    assert here.kube.writes == before
    here.old_image = False
    await here.passes()
    assert here.ready("limited")[0] == "True"
    assert await here.status_of(str(here.password("limited")), user="limited") == 200
    assert await here.status_of(plain, user="plain") == 200


async def test_the_first_token_of_a_namespace_on_an_old_image_makes_no_project_and_no_credential(here: World) -> None:
    here.old_image = True
    here.token("limited", packages=["ours-*"])
    await here.passes()
    assert here.ready("limited")[:2] == ("False", "RegistryTooOld")
    assert (here.password("limited"), states(here, "limited")) == (None, [])


async def test_a_token_that_is_narrowed_on_an_old_image_works_no_longer_and_again_after_the_upgrade(
    here: World,
) -> None:
    other, password = await issued(here, "other"), await issued(here)
    here.old_image = True
    before = here.kube.objects["Secret", NAMESPACE, "ci"]
    here.token("ci", packages=["ours-*"])
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "RegistryTooOld")
    assert here.kube.objects["Secret", NAMESPACE, "ci"] == before
    assert (await here.status_of(password), await here.status_of(other, user="other")) == (401, 200)
    here.old_image = False
    await here.passes()
    assert here.ready("ci")[:2] == ("True", "Succeeded")
    assert (here.password("ci"), await here.status_of(password)) == (password, 200)


async def test_a_token_with_a_part_that_cannot_be_read_keeps_its_credential_and_stops_no_other(here: World) -> None:
    password = await issued(here)
    here.token("ci", endpoint="Gateway")
    before = here.kube.objects["Secret", NAMESPACE, "ci"]
    other = await issued(here, "other")
    assert here.ready("ci")[:2] == ("False", "InvalidSpec")
    assert "spec.endpoint: 'Gateway' is not one of" in here.ready("ci")[2]
    assert here.kube.objects["Secret", NAMESPACE, "ci"] == before
    assert states(here) == ["Active"]
    assert (await here.status_of(password), await here.status_of(other, user="other")) == (200, 200)
    here.token("ci")
    await here.passes()
    assert (here.ready("ci")[:2], here.password("ci")) == (("True", "Succeeded"), password)


async def test_nothing_is_sent_while_a_token_whose_rights_cannot_be_read_would_die_by_it(here: World) -> None:
    password, other = await issued(here), await issued(here, "other")
    here.token("ci", type="Robot")
    here.token("new")
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "InvalidSpec")
    for name in ("other", "new"):
        assert here.ready(name)[:2] == ("False", "InvalidSpec")
        assert "RegistryToken ci of this namespace cannot be read" in here.ready(name)[2]
    assert (await here.status_of(password), await here.status_of(other, user="other")) == (200, 200)
    assert here.password("new") is None
    before = list(here.kube.writes)
    await here.passes()
    assert here.kube.writes == before
    here.kube.remove("RegistryToken", NAMESPACE, "ci")
    await here.passes()
    assert [here.ready(name)[:2] for name in ("other", "new")] == [("True", "Succeeded")] * 2
    assert await here.status_of(password) == 401


async def test_a_token_that_cannot_be_read_and_has_no_credential_is_told_so_and_stops_nobody(here: World) -> None:
    here.token("robot", type="Robot")
    await issued(here)
    assert here.ready("robot")[:2] == ("False", "InvalidSpec")
