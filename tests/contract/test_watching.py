"""The operator's watches on a real API server: what they list is routed, and of Secrets they carry metadata only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

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


async def get(server: ApiServer, path: str, routing: Routing, **query: str) -> Any:  # Any: JSON
    """The first JSON document that a path answers to Kopf's session."""
    pair = server.authority.pair("user-admin", ADMIN)
    login = kopf.ConnectionInfo(
        server=server.url,
        ca_path=server.authority.certificate,
        certificate_path=pair.certificate,
        private_key_path=pair.key,
    )
    session = watching.session(login, routing).aiohttp_session
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
