"""The connection that Kopf watches with: what is listed goes straight to the routing, most of it without its content.

For each listed object Kopf starts a task and keeps a memory, which for ten thousand of them takes minutes that nobody
has after a restart. So it is told that lists are empty and watches from there; a change goes the usual way.

What an event says of a child or a Secret but its name and labels is read by nobody: no value of a Secret comes that
way, and a list is a fraction of its size. https://kubernetes.io/docs/reference/using-api/api-concepts/ tells of such
representations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPMethod
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import kopf

from registry_operator.cluster.connecting import UNCOMPRESSED
from registry_operator.cluster.kinds import PERSISTENT_VOLUME_CLAIM, PYPI_REGISTRY, REGISTRY_TOKEN, SECRET, kind_named
from registry_operator.handlers import children, resources
from registry_operator.planning.registry_plan import OWNED_KINDS
from registry_operator.reconcilers.listed import Event
from registry_operator.reconcilers.routing import Routing

Route: TypeAlias = Callable[[Event, Routing], None]

_METADATA: Final[Mapping[str, Route]] = {
    **{kind_named(kind).plural: children.route for kind in OWNED_KINDS},
    PERSISTENT_VOLUME_CLAIM.plural: children.route,
    SECRET.plural: resources.route_secret,
}
_WHOLE: Final[Mapping[str, Route]] = {
    PYPI_REGISTRY.plural: resources.route_registry,
    REGISTRY_TOKEN.plural: resources.route_token,
}
# By the last part of a list's path.
ROUTES: Final = {**_METADATA, **_WHOLE}
_ACCEPT: Final = "application/json;as={};g=meta.k8s.io;v=v1"


@dataclass(frozen=True, kw_only=True)
class Session(kopf.AiohttpSession):
    """A connection that is the same as another one if its login is: one that was refused is not tried for ever."""

    login: kopf.ConnectionInfo
    aiohttp_session: aiohttp.ClientSession = field(compare=False)


def session(login: kopf.ConnectionInfo, routing: Routing) -> Session:
    """The connection that Kopf would make of a login, but for lists of ROUTES."""

    class Response(aiohttp.ClientResponse):
        async def json(self, **options: Any) -> Any:  # Any: aiohttp's options, and JSON
            content = await super().json(**options)
            route = ROUTES.get(self.url.name)
            if route is not None and "items" in content:
                for body in content["items"] or ():  # an empty list of metadata is `null`
                    route({"type": None, "object": body}, routing)
                content["items"] = []
                if not content["metadata"].get("continue"):
                    routing.listed.finish(path_below(login.server, self.url.path))
            return content

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
            middlewares=(_ask,),
            response_class=Response,
        ),
    )


def path_below(server: str, path: str) -> str:
    """A path as the API server has it, also where a kubeconfig's `server` is a path of a proxy."""
    return path.removeprefix(urlsplit(server).path.rstrip("/"))


async def _ask(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    if request.method == HTTPMethod.GET and request.url.name in _METADATA:
        watches = "watch" in request.url.query
        request.headers["Accept"] = _ACCEPT.format("PartialObjectMetadata" + ("" if watches else "List"))
    return await send(request)
