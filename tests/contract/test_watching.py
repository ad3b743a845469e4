"""The operator's watches on a real API server: what they list is routed, and of Secrets they carry metadata only."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import kopf
import pytest

from registry_operator.cluster.kinds import REGISTRY_TOKEN
from registry_operator.handlers import watching
from registry_operator.reconcilers.keys import Key, RegistryKey, TokenSetKey
from registry_operator.reconcilers.listed import Listed
from registry_operator.reconcilers.routing import Routing
from registry_operator.resources import names
from tests.support.api_server import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_server import ApiServer

pytestmark = pytest.mark.anyio

MERGE = "application/merge-patch+json"
SECRETS = "/api/v1/namespaces/default/secrets"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TOKENS = REGISTRY_TOKEN.path("default")
DEMO = RegistryKey("default", "demo")
SECONDS = 30
NAMES = ("demo", "else", "other")


def log_in(server: ApiServer) -> kopf.ConnectionInfo:
    pair = server.authority.pair("user-admin", ADMIN)
    return kopf.ConnectionInfo(
        server=server.url,
        ca_path=server.authority.certificate,
        certificate_path=pair.certificate,
        private_key_path=pair.key,
    )


async def get(server: ApiServer, path: str, routing: Routing, **query: str) -> Any:  # Any: JSON
    """The first JSON document that a path answers to Kopf's session."""
    session = watching.session(log_in(server), routing).aiohttp_session
    async with session, session.get(server.url + path, params=query) as reply:
        reply.raise_for_status()
        return json.loads(await reply.content.readline()) if "watch" in query else await reply.json()


@contextmanager
def secrets(server: ApiServer) -> Iterator[None]:
    for name in NAMES:
        labels = {names.REGISTRY_LABEL: name, "listed": "yes"}
        secret = {"kind": "Secret", "metadata": {"name": name, "labels": labels}, "stringData": {"password": "s3cret"}}
        server.call("POST", SECRETS, secret)
    try:
        yield
    finally:
        for name in NAMES:
            server.call("DELETE", f"{SECRETS}/{name}")


async def test_what_is_listed_is_routed_page_by_page_and_a_watch_sees_no_value(api_server: ApiServer) -> None:
    added: list[Key] = []
    routing = Routing(added.append)
    keys = [RegistryKey("default", name) for name in NAMES]
    with secrets(api_server):
        first = await get(api_server, SECRETS, routing, labelSelector="listed", limit="2")
        assert first["items"] == []
        assert added == keys[:2]
        await get(api_server, SECRETS, routing, labelSelector="listed", **{"continue": first["metadata"]["continue"]})
        assert added == keys
        event = await get(api_server, SECRETS, routing, labelSelector="listed", watch="true")
        assert (event["type"], event["object"]["kind"]) == ("ADDED", "PartialObjectMetadata")
        assert set(event["object"]) == {"metadata", "kind", "apiVersion"}


async def test_before_the_first_looks_a_list_says_only_where_its_watch_goes_on(api_server: ApiServer) -> None:
    added: list[Key] = []
    routing = Routing(added.append, Listed(frozenset()))
    with secrets(api_server):
        before = await get(api_server, SECRETS, routing, limit="500", labelSelector="listed")
        assert (before["items"], before["metadata"]["continue"]) == ([], "")
        await routing.listed.begin()
        api_server.call("PATCH", f"{SECRETS}/demo", {"stringData": {"password": "other"}}, kind=MERGE)
        version = before["metadata"]["resourceVersion"]
        event = await get(api_server, SECRETS, routing, labelSelector="listed", watch="true", resourceVersion=version)
        assert (event["type"], event["object"]["metadata"]["name"]) == ("MODIFIED", "demo")
        after = await get(api_server, SECRETS, routing, limit="500", labelSelector="listed")
        assert after["items"] == []
        assert added == [RegistryKey("default", name) for name in NAMES]


def cached(server: ApiServer) -> bool:
    """Whether the API server has filled its cache of a kind that it was first asked for just now."""
    try:
        return server.call("GET", f"{TOKENS}?resourceVersion=0") is not None
    except HTTPError as error:
        error.close()
        return False


async def test_the_first_list_of_our_kinds_is_kept_and_asks_for_nothing(api_server: ApiServer) -> None:
    added: list[Key] = []
    routing = Routing(added.append, Listed({TOKENS}))
    reference, keys = {"registryRef": {"name": "demo"}, "type": "Deploy"}, [TokenSetKey(DEMO, "default")]
    token = {"apiVersion": REGISTRY_TOKEN.api_version, "kind": "RegistryToken", "spec": reference}
    async with asyncio.timeout(SECONDS):
        while not cached(api_server):  # noqa: ASYNC110 - it sets no event here
            await asyncio.sleep(0.1)  # another program's readiness can only be asked for
    empty = await get(api_server, TOKENS, Routing(lambda _: None, Listed({TOKENS})), limit="1")
    for name in NAMES:
        api_server.call("POST", TOKENS, token | {"metadata": {"name": name}})
    try:
        assert (await get(api_server, TOKENS, routing, limit="1"))["metadata"].get("continue", "") == ""
        assert added == []
        assert list(routing.all_keys()) == keys
        kept = routing.listed.kept.of(REGISTRY_TOKEN, "default")
        assert kept is not None
        assert [body["metadata"]["name"] for body in kept] == list(NAMES)
        assert all(body["spec"]["registryRef"] == {"name": "demo"} for body in kept)
        version = empty["metadata"]["resourceVersion"]
        event = await get(api_server, TOKENS, routing, watch="true", resourceVersion=version)
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", NAMES[0])
        await get(api_server, TOKENS, routing, limit="500")
        assert added == keys * len(NAMES)
        assert routing.listed.kept.of(REGISTRY_TOKEN, "default") is None
    finally:
        for name in NAMES:
            api_server.call("DELETE", f"{TOKENS}/{name}")


async def test_a_list_that_broke_off_is_read_in_pages_the_next_time(api_server: ApiServer) -> None:
    routing = Routing(lambda _: None, Listed({TOKENS}))
    assert routing.listed.try_whole(TOKENS)
    await get(api_server, TOKENS, routing, limit="500")
    assert routing.listed.whole
    assert routing.listed.kept.of(REGISTRY_TOKEN, "default") is None


async def test_an_empty_list_of_metadata_is_one(api_server: ApiServer) -> None:
    path = "/apis/apps/v1/namespaces/default/statefulsets"
    assert (await get(api_server, path, Routing(lambda _: None)))["items"] == []


async def test_what_is_refused_is_no_list(api_server: ApiServer) -> None:
    routing = Routing(lambda _: None, Listed({TOKENS}))
    session = watching.session(log_in(api_server), routing).aiohttp_session
    async with session, session.get(api_server.url + TOKENS, params={"labelSelector": "=no"}) as reply:
        assert (reply.status, (await reply.json())["kind"]) == (400, "Status")
    assert not routing.listed.whole


async def test_other_kinds_come_whole(api_server: ApiServer) -> None:
    definitions = (await get(api_server, DEFINITIONS, Routing(lambda _: None)))["items"]
    assert definitions
    assert all("spec" in one for one in definitions)


async def test_a_login_that_was_refused_is_known_again(api_server: ApiServer) -> None:
    routing, login = Routing(lambda _: None), log_in(api_server)
    sessions = [watching.session(one, routing) for one in (login, login, replace(login, token="other"))]
    assert [one == sessions[0] for one in sessions] == [True, True, False]
    for one in sessions:
        await one.aiohttp_session.close()


def test_a_path_is_the_api_servers_also_behind_a_proxy() -> None:
    path = "/apis/pypiregistry.dev/v1alpha1/registrytokens"
    for server in ("https://api.example", "https://api.example/", "https://proxy.example/clusters/one/"):
        assert watching.path_below(server, urlsplit(server.rstrip("/") + path).path) == path
