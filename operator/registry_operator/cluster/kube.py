"""The Kubernetes API in the verbs that the operator needs: plain dicts in, plain dicts out.

The client's typed models are left aside: they refuse objects that lack a field which they expect. Every call has
a deadline, every list is read in pages, and every write names one field manager.
"""

import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeAlias

import aiohttp
from kubernetes.aio.client import ApiClient

from registry_operator.cluster.kinds import NAMESPACE, Kind, Object, is_name, kind_named
from registry_operator.errors import (
    AlreadyExistsError,
    ChangedMeanwhileError,
    ClusterError,
    ClusterUnavailableError,
    ForbiddenError,
    KindNotServedError,
    RejectedError,
)
from registry_operator.resources.names import FIELD_MANAGER

_PAGE: Final = 500
_APPLY: Final = "application/apply-patch+yaml"
_JSON_PATCH: Final = "application/json-patch+json"


class Kube(Protocol):
    """The verbs. Each raises ClusterError (see errors.py) and nothing else for a failed call."""

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """Read one object, live; None when there is none."""

    async def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        """Read all objects of a kind, of one namespace or of all; `labels` is a label selector."""

    def pages(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> AsyncIterator[list[Object]]:
        """Read what `find` reads page by page, in the order of namespaces: nobody has to hold it all."""

    async def create(self, body: Object) -> Object:
        """POST an object; raises AlreadyExistsError when its name is taken."""

    async def apply(self, body: Object, *, subresource: str | None = None) -> Object:
        """Apply server-side what exists: `metadata.uid` must be given, so that a deleted object stays deleted."""

    async def patch(self, observed: Object, operations: list[Object]) -> Object:
        """Change an object by a JSON patch, as long as it is still what was observed."""

    async def delete(self, observed: Object) -> None:
        """Delete exactly the object that was observed; its absence is success."""


# Told of each request its method, its HTTP status (None: there was no answer) and how many seconds it took.
Observe: TypeAlias = Callable[[str, int | None, float], None]


class APIServer:
    """The verbs over one connection to an API server."""

    def __init__(self, client: ApiClient, *, deadline: float, observe: Observe) -> None:
        """`deadline` bounds each call, in seconds."""
        self._client = client
        self._deadline = deadline
        self._observe = observe

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        if not is_name(name) or not (namespace is None or is_name(namespace)):
            return None  # nothing can be called so, and the path would lead elsewhere
        status, body = await self._call("GET", kind.path(namespace, name))
        return None if status == HTTPStatus.NOT_FOUND else _checked(status, body, f"{kind.name} {name}")

    async def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        return [body async for page in self.pages(kind, namespace, labels=labels) for body in page]

    async def pages(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> AsyncIterator[list[Object]]:
        query: dict[str, str] = {"limit": str(_PAGE)} | ({"labelSelector": labels} if labels else {})
        while True:
            status, body = await self._call("GET", kind.path(namespace), query=query)
            if status == HTTPStatus.NOT_FOUND:
                return  # the cluster does not serve this kind, such as Gateway API's
            page = _checked(status, body, kind.plural)
            # Items of a list carry neither apiVersion nor kind.
            yield [{"apiVersion": kind.api_version, "kind": kind.name} | item for item in page["items"]]
            following = page["metadata"].get("continue")
            if not following:
                return
            query = query | {"continue": following}

    async def create(self, body: Object) -> Object:
        kind, metadata = kind_named(body["kind"]), body["metadata"]
        query = {"fieldManager": FIELD_MANAGER}
        status, reply = await self._call("POST", kind.path(metadata.get("namespace")), query=query, body=body)
        what = f"{kind.name} {metadata['name']}"
        if status == HTTPStatus.CONFLICT:
            raise AlreadyExistsError(f"{what} exists already")
        if status == HTTPStatus.NOT_FOUND and reply.get("details", {}).get("kind") != NAMESPACE.plural:
            raise KindNotServedError(
                f"This cluster does not serve {kind.api_version}: install what defines {kind.name}."
            )
        return _checked(status, reply, what)

    async def apply(self, body: Object, *, subresource: str | None = None) -> Object:
        kind, metadata = kind_named(body["kind"]), body["metadata"]
        if not metadata.get("uid"):
            raise ValueError("an apply without metadata.uid could recreate or take over an object")
        path = kind.path(metadata.get("namespace"), metadata["name"], subresource)
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        status, reply = await self._call("PATCH", path, query=query, body=body, content_type=_APPLY)
        return _checked(status, reply, f"{kind.name} {metadata['name']}")

    async def patch(self, observed: Object, operations: list[Object]) -> Object:
        kind, metadata = kind_named(observed["kind"]), observed["metadata"]
        # Not a `test` operation: when one fails, the API server calls the patch invalid instead of a conflict.
        same = {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]}
        path = kind.path(metadata.get("namespace"), metadata["name"])
        query = {"fieldManager": FIELD_MANAGER}
        body = [same, *operations]
        status, reply = await self._call("PATCH", path, query=query, body=body, content_type=_JSON_PATCH)
        return _checked(status, reply, f"{kind.name} {metadata['name']}")

    async def delete(self, observed: Object) -> None:
        kind, metadata = kind_named(observed["kind"]), observed["metadata"]
        options = {"propagationPolicy": "Background", "preconditions": {"uid": metadata["uid"]}}
        path = kind.path(metadata.get("namespace"), metadata["name"])
        status, reply = await self._call("DELETE", path, body=options)
        if status != HTTPStatus.NOT_FOUND:
            _checked(status, reply, f"{kind.name} {metadata['name']}")

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Object | list[Object] | None = None,
        content_type: str = "application/json",
    ) -> tuple[int, Object]:
        request = self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Content-Type": content_type, "Accept": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        return await self._answer(method, request)

    async def _answer(self, method: str, request: Awaitable[tuple[Any, ...]]) -> tuple[int, Object]:
        # Any: the parts of a request, which the client passes to itself
        began, code = time.monotonic(), None
        try:
            response = await self._client.call_api(*await request, _request_timeout=self._deadline)
            content = await response.read()
            code = response.status
            if response.status == HTTPStatus.NOT_FOUND and not content.startswith(b"{"):
                return response.status, {}  # so it answers, in plain text, for a kind that it does not serve
            return response.status, json.loads(content or b"{}")
        except TimeoutError as error:
            raise ClusterUnavailableError(f"the API server did not answer within {self._deadline:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ClusterUnavailableError(f"the API server cannot be reached: {type(error).__name__}") from error
        finally:
            self._observe(method, code, time.monotonic() - began)


_ERRORS: Final[Mapping[int, type[ClusterError]]] = {
    HTTPStatus.UNAUTHORIZED: ForbiddenError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: ChangedMeanwhileError,
    HTTPStatus.CONFLICT: ChangedMeanwhileError,
    HTTPStatus.GONE: ChangedMeanwhileError,
    HTTPStatus.BAD_REQUEST: RejectedError,
    HTTPStatus.UNPROCESSABLE_ENTITY: RejectedError,
    HTTPStatus.TOO_MANY_REQUESTS: ClusterUnavailableError,
}
# So the API server's authorization speaks. Admission (a quota, a policy, a webhook) answers 403 too, in other words.
_NO_RIGHT: Final = re.compile(r'User "[^"]*" cannot ')
_SHOWN: Final = 500


def _checked(status: int, body: Object, what: str) -> Object:
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return body
    unavailable = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    error = ClusterUnavailableError if unavailable else _ERRORS.get(status, ClusterError)
    if status == HTTPStatus.FORBIDDEN and not _NO_RIGHT.search(str(body.get("message", ""))):
        error = RejectedError
    if any(cause.get("field") == "metadata.uid" for cause in body.get("details", {}).get("causes", [])):
        # To the API server an apply to an object that was made again meanwhile is an invalid change, no conflict.
        error = ChangedMeanwhileError
    raise error(f"{what}: {status} {_explanation(body)}"[:_SHOWN])


def _explanation(body: Mapping[str, Any]) -> str:  # Any: a Status object
    """What the API server says; for a Secret only the reason, because validation messages may quote values."""
    if body.get("details", {}).get("kind") == "Secret":
        return str(body.get("reason", ""))
    return str(body.get("message", ""))
