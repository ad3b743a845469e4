"""What a registry has made of a namespace, as one value: without the namespace's name, without chance and time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from registry_operator.cluster.kinds import PERSISTENT_VOLUME_CLAIM, PYPI_REGISTRY, SECRET, Kind, kind_named
from registry_operator.planning.registry_plan import OWNED_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_server import ApiServer, Object

# UIDs, digests and the names made of them, times, and addresses that the API server hands out.
_CHANCE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\b[0-9a-f]{8,64}\b|\d{4}-\d\d-\d\dT[0-9:.]+Z|\b198\.19\.\d+\.\d+\b"
)
_OF_THE_SERVER = frozenset({"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"})
_KINDS = (*map(kind_named, OWNED_KINDS), SECRET, PERSISTENT_VOLUME_CLAIM)


def snapshot(server: ApiServer, namespace: str) -> dict[str, str]:
    """All that the operator makes there, and what it says of the registries, by kind and name."""
    made = dict(_made(server, namespace))
    for body in _found(server, PYPI_REGISTRY, namespace):
        said = [(one["type"], one["status"], one["reason"]) for one in body.get("status", {}).get("conditions", [])]
        made["PyPIRegistry"] = json.dumps(sorted(said))
    return {_plain(name, namespace): _plain(body, namespace) for name, body in made.items()}


def _made(server: ApiServer, namespace: str) -> Iterator[tuple[str, str]]:
    for kind in _KINDS:
        for body in _found(server, kind, namespace):
            yield f"{kind.name}/{body['metadata']['name']}", json.dumps(_chosen(body), sort_keys=True)


def _found(server: ApiServer, kind: Kind, namespace: str) -> list[Object]:
    listed = server.call("GET", kind.path(namespace))
    return [] if listed is None else list(listed["items"])


def _chosen(body: Object) -> dict[str, Any]:  # Any: fields of a manifest
    metadata = {key: value for key, value in body["metadata"].items() if key not in _OF_THE_SERVER}
    rest = {key: value for key, value in body.items() if key not in ("metadata", "data", "status")}
    # Of a Secret or ConfigMap the keys: what is under them is random, or a digest of it is in the pods' template.
    return rest | {"metadata": metadata, "keys": sorted(body.get("data") or {})}


def _plain(text: str, namespace: str) -> str:
    return _CHANCE.sub("…", re.sub(rf"\b{re.escape(namespace)}\b", "NAMESPACE", text))
