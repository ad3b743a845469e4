"""What the passes last saw of all resources, and what became of credentials: in numbers, for metrics.

Kept in memory only. An operator that stands ready has seen nothing, so that the numbers of all operators add up.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from registry_operator.planning import ledger
from registry_operator.planning.ledger import Credentials
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from registry_operator.resources import names
from registry_operator.resources.conditions import ConditionType, Status
from registry_operator.resources.token import CredentialState

_NOTHING: Final[Credentials] = ()


class CredentialEvent(StrEnum):
    """What became of a credential."""

    ISSUED = "issued"
    """The first one of a RegistryToken."""
    ROTATED = "rotated"
    """One in place of another."""
    REVOKED = "revoked"
    """One whose end came early: by the registry, or with its RegistryToken, its Secret or its ledger's entry."""


@dataclass(frozen=True, slots=True)
class SeenToken:
    """A RegistryToken after a pass: its ledger `before` and `after`, and when a new credential is due."""

    name: str
    ready: bool
    before: Credentials = ()
    after: Credentials = ()
    due: dt.datetime | None = None


class Census:
    """Counts; one for all passes."""

    def __init__(self) -> None:
        self._registries: dict[RegistryKey, bool] = {}
        self._tokens: dict[TokenSetKey, dict[str, SeenToken]] = {}
        self._events: Counter[CredentialEvent] = Counter()

    def saw_registry(self, key: RegistryKey, *, ready: bool) -> None:
        """A pass left a PyPIRegistry ready or not."""
        self._registries[key] = ready

    def lost_registry(self, key: RegistryKey) -> None:
        """A PyPIRegistry is no more."""
        self._registries.pop(key, None)

    def saw_tokens(
        self, key: TokenSetKey, tokens: Iterable[SeenToken], now: dt.datetime, *, unreadable: Iterable[str] = ()
    ) -> None:
        """A pass saw all RegistryTokens of a set; one that was there before and is not now is no more.

        Those that are `unreadable` keep the credentials that they had.
        """
        former, present = self._tokens.pop(key, {}), {token.name: token for token in tokens}
        for name in unreadable:
            known = former.get(name, SeenToken(name, ready=False))
            present[name] = replace(known, ready=False, before=known.after)
        if present:
            self._tokens[key] = present
        for name in former.keys() | present.keys():
            self._count(former.get(name), present.get(name), now)

    def resources(self) -> Mapping[tuple[str, bool], int]:
        """How many resources there are, by kind and whether they are ready."""
        counts = {(kind, ready): 0 for kind in (names.REGISTRY_KIND, names.TOKEN_KIND) for ready in (True, False)}
        for is_ready in self._registries.values():
            counts[names.REGISTRY_KIND, is_ready] += 1
        for tokens in self._tokens.values():
            for token in tokens.values():
                counts[names.TOKEN_KIND, token.ready] += 1
        return counts

    def credentials(self) -> Mapping[str, int]:
        """How many credentials each became of, since the start."""
        return {event: self._events[event] for event in CredentialEvent}

    def overdue(self, now: dt.datetime) -> int:
        """How many credentials should have been replaced by now."""
        seen = (token for tokens in self._tokens.values() for token in tokens.values())
        return sum(token.due is not None and token.due < now for token in seen)

    def _count(self, former: SeenToken | None, present: SeenToken | None, now: dt.datetime) -> None:
        before = _NOTHING if present is None else present.before
        after = _NOTHING if present is None else present.after
        old, new = ledger.active(before), ledger.active(after)
        if new is not None and (old is None or old.token_id != new.token_id):
            self._events[CredentialEvent.ISSUED if old is None else CredentialEvent.ROTATED] += 1
        # One that was Pending reached nobody.
        known = ledger.without((*(_NOTHING if former is None else former.after), *before), CredentialState.PENDING)
        ends = {entry.token_id: ledger.ends(entry) for entry in known}
        dropped = ends.keys() - {entry.token_id for entry in after}
        self._events[CredentialEvent.REVOKED] += sum(ends[token_id] > now for token_id in dropped)


def is_ready(body: Mapping[str, Any]) -> bool:  # Any: a resource as the API server has it
    """Whether a resource's status says that it is ready."""
    conditions = body.get("status", {}).get("conditions", [])
    return any(one["type"] == ConditionType.READY and one["status"] == Status.TRUE for one in conditions)
