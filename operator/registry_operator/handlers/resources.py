"""Events of the two custom resources and of what they depend on."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import kopf

from registry_operator.reconcilers.keys import RegistryKey
from registry_operator.resources import names

Event: TypeAlias = Mapping[str, Any]  # Any: an event of a watch, JSON as the API server sends it
_DELETED: Final = "DELETED"


@kopf.on.event(names.GROUP, names.VERSION, names.REGISTRY_PLURAL)
async def registry_event(event: Event, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A PyPIRegistry changed."""
    metadata, status = event["object"]["metadata"], event["object"].get("status", {})
    conditions = [(condition["type"], condition["reason"]) for condition in status.get("conditions", [])]
    key = RegistryKey(metadata["namespace"], metadata["name"])
    memo.routing.registry_changed(key, (metadata["generation"], conditions), gone=event["type"] == _DELETED)


@kopf.on.event(names.GROUP, names.VERSION, names.TOKEN_PLURAL)
async def token_event(event: Event, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A RegistryToken changed."""
    metadata, reference = event["object"]["metadata"], event["object"]["spec"]["registryRef"]
    registry = RegistryKey(reference.get("namespace", metadata["namespace"]), reference["name"])
    memo.routing.token_changed(metadata["namespace"], metadata["name"], registry, gone=event["type"] == _DELETED)


async def namespace_event(name: str, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A namespace changed."""
    memo.routing.namespace_changed(name)


def watch_namespaces() -> None:
    """Notice other labels of a namespace at once; that takes the right to see all of them."""
    kopf.on.event("", "v1", "namespaces")(namespace_event)


@kopf.on.event("", "v1", "secrets")
async def secret_event(event: Event, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A Secret with the watch label changed; the API server filters, see `lifecycle`."""
    metadata = event["object"]["metadata"]
    memo.routing.secret_changed(metadata["namespace"], metadata.get("labels", {}))
