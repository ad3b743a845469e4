"""What the operator last knew of the sets that each registry holds.

Kept in memory only: after a restart nothing is known, so every set is compared once with what it should be.
That is also how a RegistryToken that was deleted meanwhile is revoked.
"""

from collections.abc import Iterable, Mapping

from registry_operator.reconcilers.keys import RegistryKey
from registry_service.contract.sync import SetSummary


class SyncMemory:
    """Summaries by registry and namespace UID."""

    def __init__(self) -> None:
        self._held: dict[RegistryKey, dict[str, SetSummary]] = {}
        self._unchecked: dict[RegistryKey, set[str]] = {}

    def knows(self, registry: RegistryKey) -> bool:
        """Whether the registry's sets were read since the operator started."""
        return registry in self._held

    def held(self, registry: RegistryKey) -> Mapping[str, SetSummary]:
        """What the registry holds, by namespace UID."""
        return self._held.get(registry, {})

    def learn(self, registry: RegistryKey, summaries: Iterable[SetSummary]) -> None:
        """Remember what the registry says that it holds, and that nobody has compared it yet: it stays news."""
        self._held[registry] = {summary.namespace_uid: summary for summary in summaries}
        self._unchecked[registry] = set(self._held[registry])

    def replace(self, registry: RegistryKey, summaries: Iterable[SetSummary]) -> frozenset[str]:
        """Remember what the registry says that it holds; returns the namespaces of which that is news."""
        before, now = self.held(registry), {summary.namespace_uid: summary for summary in summaries}
        self._held[registry] = now
        changed = {uid for uid in before.keys() | now.keys() if before.get(uid) != now.get(uid)}
        changed |= self._unchecked.pop(registry, set())
        return frozenset((now.get(uid) or before[uid]).namespace for uid in changed)

    def note(self, registry: RegistryKey, summary: SetSummary) -> None:
        """Remember a set that the registry has just acknowledged."""
        self._held.setdefault(registry, {})[summary.namespace_uid] = summary
        self._unchecked.get(registry, set()).discard(summary.namespace_uid)

    def forget(self, registry: RegistryKey) -> None:
        """Drop everything about a registry."""
        self._held.pop(registry, None)
        self._unchecked.pop(registry, None)
