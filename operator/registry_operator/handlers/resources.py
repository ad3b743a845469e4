"""Events of the two custom resources and of what they depend on."""

from typing import Any, Final

import kopf

from registry_operator.reconcilers.keys import RegistryKey
from registry_operator.reconcilers.routing import Event, Routing
from registry_operator.reconcilers.token_observing import token_set_of
from registry_operator.resources import names

_DELETED: Final = "DELETED"


@kopf.on.event(names.GROUP, names.VERSION, names.REGISTRY_PLURAL)
async def registry_event(event: Event, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A PyPIRegistry changed."""
    route_registry(event, memo.routing)


def route_registry(event: Event, routing: Routing) -> None:
    """Tell the routing of a PyPIRegistry."""
    metadata, status = event["object"]["metadata"], event["object"].get("status", {})
    conditions = [(condition["type"], condition["reason"]) for condition in status.get("conditions", [])]
    key = RegistryKey(metadata["namespace"], metadata["name"])
    routing.registry_changed(key, (metadata["generation"], conditions), gone=event["type"] == _DELETED)


@kopf.on.event(names.GROUP, names.VERSION, names.TOKEN_PLURAL)
async def token_event(event: Event, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A RegistryToken changed."""
    route_token(event, memo.routing)


def route_token(event: Event, routing: Routing) -> None:
    """Tell the routing of a RegistryToken."""
    name, key = event["object"]["metadata"]["name"], token_set_of(event["object"])
    routing.token_changed(key.namespace, name, key.registry, gone=event["type"] == _DELETED)


async def namespace_event(event: Event, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A namespace changed."""
    route_namespace(event, memo.routing)


def route_namespace(event: Event, routing: Routing) -> None:
    """Tell the routing of a namespace."""
    routing.namespace_changed(event["object"]["metadata"]["name"])


def watch_namespaces() -> None:
    """Notice other labels of a namespace at once; that takes the right to see all of them."""
    kopf.on.event("", "v1", "namespaces")(namespace_event)


@kopf.on.event("", "v1", "secrets")
async def secret_event(event: Event, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A Secret with the watch label changed; the API server filters, see `lifecycle`."""
    route_secret(event, memo.routing)


def route_secret(event: Event, routing: Routing) -> None:
    """Tell the routing of a Secret with the watch label."""
    metadata = event["object"]["metadata"]
    routing.secret_changed(metadata["namespace"], metadata.get("labels", {}))
