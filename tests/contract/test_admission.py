"""Which namespaces and values the operator lets into a registry, and what it says to the others."""

from __future__ import annotations

import base64
import datetime as dt

import pytest

from tests.support.token_world import HOME, NAMESPACE, World, address, issued, states

pytestmark = pytest.mark.anyio


async def test_a_namespace_that_is_not_allowed_leaves_no_trace_and_works_once_it_is(here: World) -> None:
    here.allow(**{"from": "Same"})
    here.token("ci")
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "NamespaceNotAllowed")
    assert await _sets(here) == []
    here.allow(**{"from": "Selector", "selector": {"matchLabels": {"team": NAMESPACE}}})
    await here.passes()
    password = here.password("ci")
    assert password is not None
    assert await here.status_of(password) == 200
    here.allow(**{"from": "Same"})
    await here.passes()
    assert await here.status_of(password) == 401
    assert here.ready("ci")[:2] == ("False", "NamespaceNotAllowed")


async def test_a_namespace_made_again_inherits_nothing_until_the_owner_says_so(here: World) -> None:
    old = await issued(here)
    here.kube.remove("RegistryToken", NAMESPACE, "ci")
    here.kube.remove("Namespace", None, NAMESPACE)
    await here.passes()
    assert await here.status_of(old) == 401
    made = here.kube.put(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": {"team": NAMESPACE}}}
    )
    here.token("ci")
    await here.passes()
    status, reason, message = here.ready("ci")
    assert (status, reason) == ("False", "ProjectOwnedByFormerNamespace")
    line = f"{{namespace: {NAMESPACE}, uid: {made['metadata']['uid']}}}"
    assert line in message
    assert here.password("ci") is None
    assert states(here) == []
    await _bind(here, made["metadata"]["uid"])
    await here.passes()
    assert here.ready("ci")[0] == "True"
    assert await here.status_of(str(here.password("ci"))) == 200


async def test_a_revoked_token_is_replaced(here: World) -> None:
    old = await issued(here)
    await here.service.minting.revoke_token(old.split("_")[2])
    here.now += dt.timedelta(minutes=2)
    await here.passes()
    new = here.password("ci")
    assert new not in (None, old)
    assert (await here.status_of(old), await here.status_of(str(new))) == (401, 200)


async def test_an_imported_token_works_and_its_follower_too(here: World) -> None:
    _source(here, "glpat-first-token-of-the-job")
    spec = {"type": "Secret", "secret": {"name": "job", "key": "token"}}
    here.token("ci", type="Job", source=spec)
    outcome = await here.passes()
    assert here.ready("ci")[0] == "True", here.ready("ci")
    assert outcome.again_after is not None
    assert outcome.again_after <= 30, "a source without the watch label is looked at again"
    assert await here.status_of("glpat-first-token-of-the-job", "gitlab-ci-token") == 200
    _source(here, "glpat-second-token-of-the-job")
    await here.passes()
    for value in ("glpat-first-token-of-the-job", "glpat-second-token-of-the-job"):
        assert await here.status_of(value, "gitlab-ci-token") == 200
    _source(here, "short")
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "CredentialRefused")
    assert "glpat" not in str(here.kube.objects["RegistryToken", NAMESPACE, "ci"])


async def test_a_registry_that_is_gone_or_not_ready_is_said_so_and_keeps_the_ledger(here: World) -> None:
    await issued(here)
    ledger = here.read("ci")["status"]["credentials"]
    registry = here.kube.objects.pop(("PyPIRegistry", HOME, "demo"))
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "RegistryNotFound")
    waiting = [{"type": "Available", "status": "False", "reason": "WaitingForInputs", "message": ""}]
    here.kube.put(registry | {"status": {"conditions": waiting}})
    await here.passes()
    assert here.ready("ci")[:2] == ("False", "RegistryNotReady")
    assert here.read("ci")["status"]["credentials"] == ledger


async def _sets(here: World) -> list[object]:
    async with here.operator().port.connect(address(here)) as client:
        return list(await client.sets())


async def _bind(here: World, uid: str) -> None:
    async with here.operator().port.connect(address(here)) as client:
        body = f'{{"bindings":[{{"namespace":"{NAMESPACE}","uid":"{uid}"}}]}}'.encode()
        await client.put_rules(body, (await client.rules()).etag)


def _source(here: World, value: str) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": NAMESPACE, "name": "job"}}
    here.kube.put(body | {"data": {"token": base64.b64encode(value.encode()).decode()}})
