"""Thousands of objects in little memory: as compressed JSON, to be unpacked a namespace at a time."""

import json
import zlib
from collections import defaultdict
from typing import Final

from registry_operator.cluster.kinds import Kind, Object

# Most of an object is what all of its kind have alike, which the fastest level finds.
_LEVEL: Final = 1


class Packed:
    """Objects that were added in the order of their namespaces, or nearly so."""

    def __init__(self) -> None:
        self._packed: dict[str, list[bytes]] = defaultdict(list)
        self._open: tuple[str, list[str]] = ("", [])
        self._last: tuple[str, list[Object]] = ("", [])
        self._dropped: set[str] = set()

    def add(self, namespace: str, text: str) -> None:
        """Add an object, as JSON."""
        if namespace != self._open[0]:
            self.close()
            self._open = (namespace, [])
        self._open[1].append(text)

    def close(self) -> None:
        """Pack what was added last."""
        namespace, texts = self._open
        if texts:
            self._packed[namespace].append(zlib.compress(",".join(texts).encode(), _LEVEL))
        self._open = ("", [])

    def drop(self, namespace: str) -> None:
        """Forget a namespace's objects."""
        self._packed.pop(namespace, None)
        self._dropped.add(namespace)

    def of(self, namespace: str) -> list[Object] | None:
        """All objects of a namespace, once closed, None for one that was dropped.

        The list is the same again for the namespace that was asked for last.
        """
        if namespace in self._dropped:
            return None
        if namespace != self._last[0]:
            texts = (zlib.decompress(packed).decode() for packed in self._packed.get(namespace, ()))
            self._last = (namespace, json.loads(f"[{','.join(texts)}]"))
        return self._last[1]


class KeptLists:
    """Whole lists of kinds, by where they were listed: of a namespace or of all."""

    def __init__(self) -> None:
        self._lists: dict[str, Packed] = {}

    def keep(self, path: str, packed: Packed | None) -> None:
        """Keep what was listed at a path, or nothing."""
        self._lists.pop(path, None)
        if packed is not None:
            self._lists[path] = packed

    def drop(self, kind: Kind, namespace: str) -> None:
        """Forget what was listed of a kind in a namespace."""
        packed = self._list(kind, namespace)
        if packed is not None:
            packed.drop(namespace)

    def of(self, kind: Kind, namespace: str) -> list[Object] | None:
        """What was listed of a kind in a namespace; None when nobody knows that."""
        packed = self._list(kind, namespace)
        return None if packed is None else packed.of(namespace)

    def _list(self, kind: Kind, namespace: str) -> Packed | None:
        return self._lists.get(kind.path(None)) or self._lists.get(kind.path(namespace))
