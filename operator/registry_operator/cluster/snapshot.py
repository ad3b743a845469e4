"""One namespace as lists of the whole cluster showed it, for a pass that may only look.

To list a thousand namespaces at once costs a small part of what it costs to ask for each object of each of them.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from registry_operator.cluster.kinds import Kind, Object
from registry_operator.cluster.kube import Kube
from registry_operator.cluster.packed import KeptLists
from registry_operator.errors import WouldWriteError

# By kind, namespace (None for what has none) and name.
Known: TypeAlias = Mapping[tuple[Kind, str | None, str], Object]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A Kube that answers from what was read, asks `live` for all else, and raises WouldWriteError at each write.

    `own` holds all objects of its kinds in `namespace` that any pass looks for by labels; `known` single ones of any
    namespace; `kept` all of a kind in any namespace.
    """

    live: Kube
    namespace: str
    own: Mapping[Kind, Sequence[Object]]
    known: Known
    kept: KeptLists

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        for body in self._read(kind, namespace) or ():
            if body["metadata"]["name"] == name:
                return body
        return self.known.get((kind, namespace, name)) or await self.live.get(kind, namespace, name)

    async def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        found = self._read(kind, namespace)
        if found is None:
            return await self.live.find(kind, namespace, labels=labels)
        return [body for body in found if _is_selected(body, labels)]

    def _read(self, kind: Kind, namespace: str | None) -> Sequence[Object] | None:
        own = self.own.get(kind) if namespace == self.namespace else None
        return own if own is not None or namespace is None else self.kept.of(kind, namespace)

    def pages(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> AsyncIterator[list[Object]]:
        return self.live.pages(kind, namespace, labels=labels)

    async def create(self, body: Object) -> Object:
        raise WouldWriteError(_what("create", body))

    async def apply(self, body: Object, *, subresource: str | None = None) -> Object:
        raise WouldWriteError(_what(f"apply {subresource or ''}", body))

    async def patch(self, observed: Object, operations: list[Object]) -> Object:
        raise WouldWriteError(_what(f"patch {len(operations)} fields of", observed))

    async def delete(self, observed: Object) -> None:
        raise WouldWriteError(_what("delete", observed))


def _is_selected(body: Object, selector: str | None) -> bool:
    """Whether an object has a label, or a label of that value: the selectors that passes use."""
    if selector is None:
        return True
    key, _, value = selector.partition("=")
    labels = body["metadata"].get("labels", {})
    return key in labels and value in ("", labels[key])


def _what(verb: str, body: Object) -> str:
    return f"{verb} {body['kind']} {body['metadata']['name']}"
