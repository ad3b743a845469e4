"""The two Secrets of a RegistryToken through its life: rendered again without minting, never taken from anybody."""

from __future__ import annotations

import base64
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from tests.support.token_world import HOME, NAMESPACE, World, issued, states, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from registry_operator.cluster.kinds import Object

pytestmark = pytest.mark.anyio
OUTSIDE = {"type": "Ingress", "hostname": "packages.example", "tls": {"secretName": "tls"}}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def secret(here: World, name: str = "ci") -> Object:
    return here.kube.objects["Secret", NAMESPACE, name]


def value(here: World, key: str, name: str = "ci") -> str:
    return base64.b64decode(secret(here, name)["data"][key]).decode()


def put_ca(here: World, text: str) -> None:
    """The Secret with the certificate of the registry's host, and the issuer beside it."""
    data = {"ca.crt": base64.b64encode(text.encode()).decode()}
    here.kube.put({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": HOME, "name": "tls"}, "data": data})


async def test_another_address_or_issuer_is_rendered_without_minting_and_leaves_nothing_over(here: World) -> None:
    put_ca(here, "first")
    here.change_registry(exposure=OUTSIDE)
    password = await issued(here)
    assert value(here, "ca.crt") == "first"
    put_ca(here, "second")
    await here.passes()
    assert value(here, "ca.crt") == "second"
    here.change_registry(exposure={"type": "None"})
    await here.passes()
    assert value(here, "upload-url").startswith("http://demo.team-a.svc/")
    assert here.read("ci")["status"]["uploadURL"].startswith("http://demo.team-a.svc/")
    assert "ca.crt" not in secret(here)["data"]
    assert "PIP_CERT" not in secret(here, "ci-env")["data"]
    assert value(here, "PIP_TRUSTED_HOST", "ci-env") == "demo.team-a.svc"
    here.change_registry(exposure=OUTSIDE)
    await here.passes()
    assert value(here, "PIP_CERT", "ci-env") == "/etc/pypi/ca.crt"
    assert "PIP_TRUSTED_HOST" not in secret(here, "ci-env")["data"]
    assert (here.password("ci"), states(here)) == (password, ["Active"])
    assert await here.status_of(password) == 200


async def test_an_endpoint_that_changes_from_external_to_internal_is_rendered_again(here: World) -> None:
    password = await issued(here)
    assert value(here, "PIP_INDEX_URL", "ci-env").partition("@")[2].startswith("demo--team-a.registry.test/")
    here.token("ci", endpoint="Internal")
    await here.passes()
    assert value(here, "PIP_INDEX_URL", "ci-env").partition("@")[2].startswith("demo.team-a.svc/")
    assert here.password("ci") == password


async def test_labels_and_annotations_come_and_go_with_the_spec_and_others_stay(here: World) -> None:
    here.token("ci", secret={"labels": {"team": "b", "tier": "one"}, "annotations": {"note": "text"}})
    await here.passes()
    password = here.password("ci")
    for name in ("ci", "ci-env"):
        metadata = secret(here, name)["metadata"]
        metadata["labels"]["mine"] = "stays"
        metadata["annotations"]["mine"] = "stays"
    here.token("ci", secret={"labels": {"tier": "two"}})
    await here.passes()
    for name in ("ci", "ci-env"):
        metadata = secret(here, name)["metadata"]
        assert metadata["labels"]["tier"] == "two"
        assert (metadata["labels"]["mine"], metadata["annotations"]["mine"]) == ("stays", "stays")
        assert "team" not in metadata["labels"]
        assert "note" not in metadata["annotations"]
    assert here.password("ci") == password
    before = list(here.kube.writes)
    await here.passes()
    assert here.kube.writes == before


@pytest.mark.parametrize("name", ["ci", "ci-env"])
async def test_a_foreign_secret_under_either_name_stays_byte_for_byte_and_nothing_is_minted(
    here: World, name: str
) -> None:
    theirs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": NAMESPACE, "name": name}, "data": {}}
    before = here.kube.put(theirs)
    here.token("ci")
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "SecretConflict")
    assert secret(here, name) == before
    assert states(here) == []
    here.kube.remove("Secret", NAMESPACE, name)
    await here.passes()
    assert here.ready("ci")[:2] == ("True", "Succeeded")


async def test_of_two_tokens_for_one_secret_the_first_has_it_and_the_other_learns_whose_it_is(here: World) -> None:
    for name in ("first", "second"):
        here.token(name, secret={"name": "shared"})
    await here.passes(5)
    told = {here.ready(name)[:2]: name for name in ("first", "second")}
    winner, loser = told["True", "Succeeded"], told["False", "SecretConflict"]
    assert f"is RegistryToken {winner}'s" in here.ready(loser)[2]
    password = value(here, "password", "shared")
    assert value(here, "TWINE_PASSWORD", "shared-env") == password
    assert await here.status_of(password, user=winner) == 200
    assert states(here, loser) == []
    here.kube.remove("RegistryToken", NAMESPACE, winner)
    await here.passes(5)
    here.now += dt.timedelta(minutes=2)
    await here.passes(5)
    assert here.ready(loser)[:2] == ("True", "Succeeded")
    assert await here.status_of(password, user=winner) == 401


async def test_a_registry_that_is_made_again_finds_its_tokens_as_they_were(here: World) -> None:
    password = await issued(here)
    body = here.kube.objects["PyPIRegistry", HOME, "demo"]
    sync_secret = here.kube.objects["Secret", HOME, "demo-sync"]
    here.kube.remove("PyPIRegistry", HOME, "demo")
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "RegistryNotFound")
    assert (here.password("ci"), states(here)) == (password, ["Active"])
    metadata = {"namespace": HOME, "name": "demo", "uid": "made-again"}
    here.kube.put({key: item for key, item in body.items() if key != "metadata"} | {"metadata": metadata})
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "RegistryUnreachable")
    (owner,) = sync_secret["metadata"]["ownerReferences"]
    owners = {"ownerReferences": [owner | {"uid": "made-again"}]}
    here.kube.put(sync_secret | {"metadata": sync_secret["metadata"] | owners})
    await here.passes()
    assert here.ready("ci")[:2] == ("True", "Succeeded")
    assert (here.password("ci"), await here.status_of(password)) == (password, 200)
