"""The operator's watches on a real API server: what they list is routed, and of Secrets they carry metadata only."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import kopf
import pytest

from registry_operator.handlers import watching
from registry_operator.reconcilers.keys import Key, RegistryKey
from registry_operator.reconcilers.listed import Listed
from registry_operator.reconcilers.routing import Routing
from registry_operator.resources import names
from tests.support.api_server import ADMIN

if TYPE_CHECKING:
    from tests.support.api_server import ApiServer

pytestmark = pytest.mark.anyio

SECRETS = "/api/v1/namespaces/default/secrets"
NAMESPACES = "/api/v1/namespaces"


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


async def test_what_is_listed_is_routed_page_by_page_and_a_watch_sees_no_value(api_server: ApiServer) -> None:
    for name in ("demo", "other"):
        labels = {names.REGISTRY_LABEL: name, "listed": "yes"}
        secret = {"kind": "Secret", "metadata": {"name": name, "labels": labels}, "stringData": {"password": "s3cret"}}
        api_server.call("POST", SECRETS, secret)
    added: list[Key] = []
    routing = Routing(added.append)
    try:
        first = await get(api_server, SECRETS, routing, labelSelector="listed", limit="1")
        assert first["items"] == []
        assert added == [RegistryKey("default", "demo")]
        await get(api_server, SECRETS, routing, labelSelector="listed", **{"continue": first["metadata"]["continue"]})
        assert added == [RegistryKey("default", "demo"), RegistryKey("default", "other")]
        event = await get(api_server, SECRETS, routing, labelSelector="listed", watch="true")
        assert (event["type"], event["object"]["kind"]) == ("ADDED", "PartialObjectMetadata")
        assert set(event["object"]) == {"metadata", "kind", "apiVersion"}
    finally:
        for name in ("demo", "other"):
            api_server.call("DELETE", f"{SECRETS}/{name}")


async def test_an_empty_list_is_one_and_complete(api_server: ApiServer) -> None:
    path = "/apis/apps/v1/namespaces/default/statefulsets"
    listed = Listed({path})
    assert (await get(api_server, path, Routing(lambda _: None, listed)))["items"] == []
    assert listed.whole


async def test_other_kinds_come_whole(api_server: ApiServer) -> None:
    namespaces = (await get(api_server, NAMESPACES, Routing(lambda _: None)))["items"]
    assert namespaces
    assert all("spec" in one for one in namespaces)


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
