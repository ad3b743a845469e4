"""The first look at everything after a start: in lists of the whole cluster, and with no right to write.

A pass asks the API server a few dozen times, and what was settled before a restart nearly always still is. So each
registry and each token set is first looked at in what a few lists show of all of them, namespace by namespace. A look
that finds anything to do, or that an event overtook, becomes a pass that reads everything live.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from registry_operator.cluster.kinds import (
    NAMESPACE,
    POD,
    PYPI_REGISTRY,
    REGISTRY_TOKEN,
    SECRET,
    Kind,
    Object,
    kind_named,
)
from registry_operator.cluster.kube import Kube
from registry_operator.cluster.snapshot import Known, Snapshot
from registry_operator.planning.registry_plan import OWNED_KINDS
from registry_operator.planning.retention import KEPT_KINDS
from registry_operator.reconcilers.keys import Key, RegistryKey, TokenSetKey
from registry_operator.reconcilers.listed import Listed
from registry_operator.reconcilers.routing import Routing
from registry_operator.resources import names

K = TypeVar("K", RegistryKey, TokenSetKey)

# How many keys may wait with what was read for them.
_AHEAD: Final = 32
_JOBS_PODS: Final = f"{names.NAME_LABEL}={names.APP_NAME},{names.COMPONENT_LABEL}={names.MIGRATION_COMPONENT}"
# What passes look for by labels, by the labels of all that they may find.
_OF_SETS: Final[Mapping[Kind, str | None]] = {SECRET: names.TOKEN_LABEL}
_OF_REGISTRIES: Final[Mapping[Kind, str | None]] = {
    **{kind_named(kind): names.RETAIN_LABEL for kind in KEPT_KINDS},
    **{kind_named(kind): names.REGISTRY_LABEL for kind in OWNED_KINDS},
    SECRET: f"{names.WATCH_LABEL},!{names.TOKEN_LABEL}",
    POD: _JOBS_PODS,
}
_KNOWN: Final[Mapping[Kind, str | None]] = {
    SECRET: f"{names.REGISTRY_LABEL},{names.WATCH_LABEL}",
    NAMESPACE: None,
}
_log: Final = logging.getLogger(__name__)


class FirstLooks:
    """Hands each key to the queue, `add`, with what was read for it; lives in one event loop and needs no lock."""

    def __init__(self, kube: Kube, add: Callable[[Key], None], watched: Sequence[str] = ()) -> None:
        """It looks into all namespaces, or into the `watched` ones."""
        self._kube = kube
        self._add = add
        self._watched: Sequence[str | None] = [*sorted(watched, key=_place)] or [None]
        self.listed = Listed(self._paths(PYPI_REGISTRY) | self._paths(REGISTRY_TOKEN))
        self._snapshots: dict[Key, Snapshot] = {}
        self._touched: set[Key] = set()
        self._room = asyncio.Semaphore(_AHEAD)

    def touch(self, key: Key) -> None:
        """Have `key` passed because something happened: what was or is being read for its first look is old.

        Before the looks have begun it is enough to read that again, since each of them is still to come.
        """
        if not self.listed.begun:
            self.listed.kept.drop(PYPI_REGISTRY if isinstance(key, RegistryKey) else REGISTRY_TOKEN, key.namespace)
            return
        self.take(key)
        if not self.listed.over:
            self._touched.add(key)
        self._add(key)

    def take(self, key: Key) -> Snapshot | None:
        """What was read for the first look at `key`, if this is to be one."""
        snapshot = self._snapshots.pop(key, None)
        if snapshot is not None:
            self._room.release()
        return snapshot

    async def run(self, routing: Routing) -> None:
        """Hand over all that the watches' first listing told `routing`: what comes later comes with an event.

        If the lists cannot be read, all get passes of their own.
        """
        try:
            await self._hand_over_all(routing)
        except Exception:  # noqa: BLE001 - whatever keeps lists from being read, passes of their own do without
            _log.exception("Each registry is read by itself, since all together could not be listed")
            for key in list(routing.all_keys()):
                self.touch(key)
        finally:
            self.listed.end()
            self._touched.clear()

    async def _hand_over_all(self, routing: Routing) -> None:
        # Registries first: what they say that they hold is what the sets are compared with.
        await self.listed.wait(self._paths(PYPI_REGISTRY))
        await self.listed.begin()
        known = await self._read_known()
        registries = _by_namespace(key for key in routing.all_keys() if isinstance(key, RegistryKey))
        await self._hand_over_by(registries, self._snapshots_of(_OF_REGISTRIES, registries, known))
        await self.listed.wait()
        token_sets = _by_namespace(key for key in routing.all_keys() if isinstance(key, TokenSetKey))
        await self._hand_over_by(token_sets, self._snapshots_of(_OF_SETS, token_sets, known))

    async def _hand_over_by(self, keys: Mapping[str, Sequence[Key]], snapshots: AsyncIterator[Snapshot]) -> None:
        async for snapshot in snapshots:
            for key in keys[snapshot.namespace]:
                await self._hand_over(key, snapshot)

    async def _hand_over(self, key: Key, snapshot: Snapshot) -> None:
        await self._room.acquire()
        if key in self._touched:
            self._room.release()
        else:
            self._snapshots[key] = snapshot
            self._add(key)

    async def _read_known(self) -> Known:
        """What is small and wanted by many: registries' Secrets and, where all may be seen, namespaces."""
        wanted = [kind for kind in _KNOWN if kind.namespaced or self._watched == [None]]
        known = {}
        for kind, found in zip(wanted, await asyncio.gather(*map(self._read_all, wanted)), strict=True):
            for body in found:
                metadata = body["metadata"]
                known[kind, metadata.get("namespace"), metadata["name"]] = body
        return known

    async def _read_all(self, kind: Kind) -> list[Object]:
        return [body async for body in self._all(kind, _KNOWN[kind])]

    async def _snapshots_of(
        self, lists: Mapping[Kind, str | None], namespaces: Iterable[str], known: Known
    ) -> AsyncIterator[Snapshot]:
        """Each of the namespaces, in the order in which the API server lists them."""
        cursors = {kind: _Cursor(self._all(kind, labels)) for kind, labels in lists.items()}
        for namespace in sorted(namespaces, key=_place):
            read = await asyncio.gather(*(cursor.read(namespace) for cursor in cursors.values()))
            own = dict(zip(cursors, read, strict=True))
            yield Snapshot(self._kube, namespace, own, known, self.listed.kept)

    def _paths(self, kind: Kind) -> frozenset[str]:
        return frozenset(kind.path(namespace) for namespace in self._watched)

    async def _all(self, kind: Kind, labels: str | None) -> AsyncIterator[Object]:
        for namespace in self._watched:
            async for page in self._kube.pages(kind, namespace, labels=labels):
                for body in page:
                    yield body


def _by_namespace(keys: Iterable[K]) -> dict[str, list[K]]:
    found: dict[str, list[K]] = defaultdict(list)
    for key in sorted(keys):
        found[key.namespace].append(key)
    return found


class _Cursor:
    """Reads a list that is ordered by namespace, one namespace at a time."""

    def __init__(self, bodies: AsyncIterator[Object]) -> None:
        self._bodies = bodies
        self._next: Object | None = None

    async def read(self, namespace: str) -> list[Object]:
        """All objects of a namespace; those of earlier ones are passed over for good."""
        found: list[Object] = []
        while True:
            body = self._next or await anext(self._bodies, None)
            self._next = body
            if body is None or _place(body["metadata"]["namespace"]) > _place(namespace):
                return found
            self._next = None
            if body["metadata"]["namespace"] == namespace:
                found.append(body)


def _place(namespace: str) -> str:
    """What namespaces are ordered by: etcd's keys go on with a slash, which comes after a hyphen."""
    return f"{namespace}/"
