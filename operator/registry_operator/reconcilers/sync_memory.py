"""What the operator last knew of the sets that each registry holds.

Kept in memory only: after a restart nothing is known, so every set is compared once with what it should be.
That is also how a RegistryToken that was deleted meanwhile is revoked.
"""

from collections.abc import Iterable, Mapping
from typing import NoReturn

from registry_operator.errors import WouldWriteError
from registry_operator.reconcilers.keys import RegistryKey
from registry_service.contract.sync import NEVER_WRITTEN, SetSummary


class SyncMemory:
    """Summaries by registry and namespace UID."""

    def __init__(self) -> None:
        self._held: dict[RegistryKey, dict[str, SetSummary]] = {}
        # The namespaces, by UID, of what is news that nobody has looked at.
        self._news: dict[RegistryKey, dict[str, str]] = {}

    def knows(self, registry: RegistryKey) -> bool:
        """Whether the registry's sets were read since the operator started."""
        return registry in self._held

    def held(self, registry: RegistryKey) -> Mapping[str, SetSummary]:
        """What the registry holds, by namespace UID."""
        return self._held.get(registry, {})

    def learn(self, registry: RegistryKey, summaries: Iterable[SetSummary]) -> None:
        """Remember what the registry says that it holds; what is new of it stays news until it is compared."""
        before, now = self.held(registry), {summary.namespace_uid: summary for summary in summaries}
        changed = {uid for uid in before.keys() | now.keys() if before.get(uid) != now.get(uid)}
        self._held[registry] = now
        self._news.setdefault(registry, {}).update({uid: (now.get(uid) or before[uid]).namespace for uid in changed})

    def replace(self, registry: RegistryKey, summaries: Iterable[SetSummary]) -> frozenset[str]:
        """Remember what the registry says that it holds; returns the namespaces of which that is news."""
        self.learn(registry, summaries)
        return frozenset(self._news.pop(registry).values())

    def note(self, registry: RegistryKey, summary: SetSummary) -> None:
        """Remember a set that the registry has just acknowledged."""
        self._held.setdefault(registry, {})[summary.namespace_uid] = summary
        self._news.get(registry, {}).pop(summary.namespace_uid, None)

    def forget(self, registry: RegistryKey) -> None:
        """Drop everything about a registry."""
        self._held.pop(registry, None)
        self._news.pop(registry, None)


class RememberedSets:
    """What a registry said that it holds, in place of its sync port: for a pass that may only look."""

    def __init__(self, memory: SyncMemory, registry: RegistryKey) -> None:
        """Raises WouldWriteError when the registry has not said it yet."""
        if not memory.knows(registry):
            raise WouldWriteError(f"{registry} was not asked yet")
        self._held = memory.held(registry)

    async def sets(self) -> tuple[SetSummary, ...]:
        return tuple(self._held.values())

    async def held_set(self, namespace_uid: str) -> SetSummary:
        return self._held.get(namespace_uid, SetSummary("", namespace_uid, "", NEVER_WRITTEN))

    async def put_set(self, namespace_uid: str, body: bytes, etag: str) -> NoReturn:
        raise WouldWriteError(f"a set of {len(body)} bytes for {namespace_uid} in place of {etag}")
