"""The connection that Kopf watches with: what is listed goes straight to the routing, most of it without its content.

For each listed object Kopf starts a task and keeps a memory, which for ten thousand of them takes minutes that nobody
has after a restart. So it is told that lists are empty and watches from there; a change goes the usual way.

What an event says of a child, a Secret or a namespace but its name and labels is read by nobody: no value of a Secret
comes that way, and a list is a fraction of its size. Before the first looks, which read all of these, a list is wanted
only for the version from which the watch goes on, and is cut to one object. Of our own kinds it is what the looks see,
and comes from the API server's cache, which costs it a fifth of what it costs to read pages from etcd.
https://kubernetes.io/docs/reference/using-api/api-concepts/ tells of such representations and of versions.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from http import HTTPMethod
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import kopf

from registry_operator.cluster.connecting import UNCOMPRESSED
from registry_operator.cluster.kinds import (
    NAMESPACE,
    PERSISTENT_VOLUME_CLAIM,
    PYPI_REGISTRY,
    REGISTRY_TOKEN,
    SECRET,
    Object,
    kind_named,
)
from registry_operator.cluster.list_reader import ListReader
from registry_operator.cluster.packed import Packed
from registry_operator.handlers import children, resources
from registry_operator.planning.registry_plan import OWNED_KINDS
from registry_operator.reconcilers.listed import Listed
from registry_operator.reconcilers.routing import Event, Routing

Route: TypeAlias = Callable[[Event, Routing], None]

_METADATA: Final[Mapping[str, Route]] = {
    **{kind_named(kind).plural: children.route for kind in OWNED_KINDS},
    PERSISTENT_VOLUME_CLAIM.plural: children.route,
    SECRET.plural: resources.route_secret,
    NAMESPACE.plural: resources.route_namespace,
}
_WHOLE: Final[Mapping[str, Route]] = {
    PYPI_REGISTRY.plural: resources.route_registry,
    REGISTRY_TOKEN.plural: resources.route_token,
}
# By the last part of a list's path.
ROUTES: Final = {**_METADATA, **_WHOLE}
_ACCEPT: Final = "application/json;as={};g=meta.k8s.io;v=v1"
# One object of a list that is wanted for its version only.
_CUT: Final = "1"
# The list as the API server's own cache has it, in one piece.
_CACHED: Final = "0"


@dataclass(frozen=True, kw_only=True)
class Session(kopf.AiohttpSession):
    """A connection that is the same as another one if its login is: one that was refused is not tried for ever."""

    login: kopf.ConnectionInfo
    aiohttp_session: aiohttp.ClientSession = field(compare=False)


def session(login: kopf.ConnectionInfo, routing: Routing) -> Session:
    """The connection that Kopf would make of a login, but for lists of ROUTES."""
    connector = aiohttp.TCPConnector(limit=0, ssl=login.as_ssl_context())
    return Session(
        server=login.server,
        default_namespace=login.default_namespace,
        priority=login.priority,
        expiration=login.expiration,
        login=login,
        aiohttp_session=aiohttp.ClientSession(
            connector=connector,
            headers=login.as_http_headers() | UNCOMPRESSED,
            proxy=login.proxy_url,
            middlewares=(partial(_ask, routing.listed, login.server),),
            response_class=_response_class(login.server, routing),
        ),
    )


def _response_class(server: str, routing: Routing) -> type[aiohttp.ClientResponse]:
    class Response(aiohttp.ClientResponse):
        async def json(self, **options: Any) -> Any:  # Any: aiohttp's options, and JSON
            route, query = ROUTES.get(self.url.name), self.request_info.url.query
            if route is None or not self.ok:
                return await super().json(**options)
            path = path_below(server, self.url.path)
            if query.get("resourceVersion") == _CACHED:
                return await _take_whole(self.content, path, route=route, routing=routing)
            content = await super().json(**options)
            if query.get("limit") == _CUT:
                return content | {"items": [], "metadata": content["metadata"] | {"continue": ""}}
            return _take_page(content, path, route=route, routing=routing)

    return Response


def path_below(server: str, path: str) -> str:
    """A path as the API server has it, also where a kubeconfig's `server` is a path of a proxy."""
    return path.removeprefix(urlsplit(server).path.rstrip("/"))


async def _ask(
    listed: Listed, server: str, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    name, watches = request.url.name, "watch" in request.url.query
    if request.method != HTTPMethod.GET or name not in ROUTES:
        return await send(request)
    if name in _METADATA:
        request.headers["Accept"] = _ACCEPT.format("PartialObjectMetadata" + ("" if watches else "List"))
        return await (send(request) if watches or listed.begun else _cut(listed, request, send))
    if not watches and listed.try_whole(path_below(server, request.url.path)):
        request.url = request.url.without_query_params("limit").update_query(resourceVersion=_CACHED)
    return await send(request)


async def _cut(
    listed: Listed, request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    with listed.cutting():
        request.url = request.url.update_query(limit=_CUT)
        response = await send(request)
        await response.read()
        return response


async def _take_whole(content: aiohttp.StreamReader, path: str, *, route: Route, routing: Routing) -> Object:
    """Route and keep a list while it comes; returns what is left of it."""
    reader, kept = ListReader(), Packed()
    async for chunk in content.iter_any():
        with routing.quiet():
            for text, body in reader.feed(chunk):
                kept.add(body["metadata"]["namespace"], text)
                route({"type": None, "object": body}, routing)
    rest: Object = reader.rest()
    kept.close()
    routing.listed.finish(path, kept)
    return rest


def _take_page(content: Object, path: str, *, route: Route, routing: Routing) -> Object:
    """Route a page; returns what is left of it. Only what the first looks do not see asks for a pass."""
    with routing.quiet() if routing.listed.expects(path) else nullcontext():
        for body in content["items"] or ():  # an empty list of metadata is `null`
            route({"type": None, "object": body}, routing)
    if not content["metadata"].get("continue"):
        routing.listed.finish(path)
    return content | {"items": []}
