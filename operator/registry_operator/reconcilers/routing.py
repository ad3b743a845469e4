"""From events to keys.

What an event says is used for nothing else: passes read everything again. The index below only finds the keys
that an event concerns; it is filled by the watches' first listing and lost with the process.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from registry_operator.reconcilers.keys import Key, RegistryKey, TokenSetKey
from registry_operator.reconcilers.listed import Listed
from registry_operator.resources import names

Event: TypeAlias = Mapping[str, Any]  # Any: an event of a watch, JSON as the API server sends it


class Routing:
    """Turns what changed into keys and hands them to `add`, the work queue's entrance."""

    def __init__(self, add: Callable[[Key], None], listed: Listed | None = None) -> None:
        """`listed` tells how far the watches have come."""
        self._enter = add
        self._quiet = False
        self.listed = listed or Listed()
        self._registries: dict[str, dict[RegistryKey, object]] = defaultdict(dict)
        self._tokens: dict[tuple[str, str], RegistryKey] = {}
        self._sets: dict[str, dict[TokenSetKey, set[str]]] = defaultdict(dict)
        self._members: dict[RegistryKey, set[TokenSetKey]] = defaultdict(set)
        self._changed: set[RegistryKey] = set()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """What is told in this block fills the index and asks for nothing."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def token_sets(self, registry: RegistryKey) -> frozenset[TokenSetKey]:
        """The keys of all RegistryTokens that refer to a registry."""
        return frozenset(self._members.get(registry, ()))

    def all_keys(self) -> Iterator[Key]:
        """All registries and token sets."""
        for registries in self._registries.values():
            yield from registries
        for token_sets in self._sets.values():
            yield from token_sets

    def count_tokens(self, registry: RegistryKey) -> int | None:
        """How many RegistryTokens refer to a registry; None while they are being listed."""
        if not self.listed.whole:
            return None
        return sum(len(self._sets[key.namespace][key]) for key in self.token_sets(registry))

    def take_change(self, key: RegistryKey) -> bool:
        """Whether an event concerned a registry since this was last asked."""
        changed = key in self._changed
        self._changed.discard(key)
        return changed

    def registry_changed(self, key: RegistryKey, seen: object, *, gone: bool) -> None:
        """A PyPIRegistry was made, changed or deleted.

        Its token sets follow only when `seen` differs: the spec's generation and the reasons of the conditions.
        """
        if gone:
            self._registries[key.namespace].pop(key, None)
            self.registry_moved(key)
        elif self._registries[key.namespace].get(key) != seen:
            self._registries[key.namespace][key] = seen
            self.registry_moved(key)
        self._add_changed(key)

    def registry_moved(self, key: RegistryKey) -> None:
        """Something about a registry changed that all its token sets depend on."""
        for token_set in sorted(self._members.get(key, ())):
            self._add(token_set)

    def set_differs(self, key: TokenSetKey) -> None:
        """A registry holds another set than the one that it last acknowledged."""
        self._add(key)

    def token_changed(self, namespace: str, name: str, registry: RegistryKey, *, gone: bool) -> None:
        """A RegistryToken was made, changed or deleted."""
        former = self._tokens.get((namespace, name))
        if former is not None and (gone or former != registry):
            # Made again under the same name with another registry: the former set must lose it.
            self._leave(TokenSetKey(former, namespace), name)
        if not gone:
            self._join(TokenSetKey(registry, namespace), name)
        self._add(TokenSetKey(registry, namespace))

    def namespace_changed(self, namespace: str) -> None:
        """A namespace got other labels, or came, or went: selectors may decide otherwise."""
        for token_set in sorted(self._sets.get(namespace, ())):
            self._add(token_set)

    def child_changed(self, namespace: str, labels: Mapping[str, str]) -> None:
        """An object of a registry's was changed or deleted."""
        registry = labels.get(names.REGISTRY_LABEL) or labels.get(names.RETAIN_LABEL)
        if registry:
            self._add_changed(RegistryKey(namespace, registry))

    def secret_changed(self, namespace: str, labels: Mapping[str, str]) -> None:
        """A watched Secret was changed or deleted: one of ours, or one that people refer to."""
        token = self._tokens.get((namespace, labels.get(names.TOKEN_LABEL, "")))
        if token is not None:
            self._add(TokenSetKey(token, namespace))
        elif names.REGISTRY_LABEL in labels or names.RETAIN_LABEL in labels:
            self.child_changed(namespace, labels)
        else:
            for registry in sorted(self._registries.get(namespace, ())):
                self._add_changed(registry)
            self.namespace_changed(namespace)

    def _add(self, key: Key) -> None:
        if not self._quiet:
            self._enter(key)

    def _add_changed(self, key: RegistryKey) -> None:
        if not self._quiet:
            self._changed.add(key)
            self._enter(key)

    def _join(self, key: TokenSetKey, name: str) -> None:
        self._tokens[key.namespace, name] = key.registry
        self._sets[key.namespace].setdefault(key, set()).add(name)
        self._members[key.registry].add(key)

    def _leave(self, key: TokenSetKey, name: str) -> None:
        del self._tokens[key.namespace, name]
        left = self._sets[key.namespace][key]
        left.discard(name)
        if not left:
            del self._sets[key.namespace][key]
            self._members[key.registry].discard(key)
        self._add(key)
