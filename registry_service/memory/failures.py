"""How often a credential has failed lately, by token id and by address (numbers of the public index).

Failures are counted, never attempts: who has the right token is let in however many others tried to guess it, or
share the address. So a guesser learns nothing but to wait, and nobody can lock another out.
"""

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=5)
PER_TOKEN: Final = 10
# Behind one address may be a whole office, or every job of a cluster.
PER_ADDRESS: Final = 100
MAX_KEYS: Final = 10_000
# Of an IPv6 network a single person commonly has all addresses.
_IPV6_PREFIX: Final = 64


@dataclass(slots=True)
class _Counted:
    since: datetime
    failures: int = 0


@dataclass(slots=True)
class FailureCounts:
    """Counts failures by a key, for the `max_keys` keys that failed last; `limit` of them are free in each window."""

    limit: int
    window: timedelta = WINDOW
    max_keys: int = MAX_KEYS
    _counts: OrderedDict[str, _Counted] = field(default_factory=OrderedDict)

    def count(self, key: str, now: datetime) -> int:
        """Count one failure: 0, or the whole seconds until the key is free again when it is one too many."""
        counted = self._counts.pop(key, None)
        if counted is None or now - counted.since >= self.window:
            counted = _Counted(now)
        counted.failures += 1
        self._counts[key] = counted
        if len(self._counts) > self.max_keys:
            self._counts.popitem(last=False)
        if counted.failures <= self.limit:
            return 0
        return math.ceil((counted.since + self.window - now).total_seconds())


@dataclass(frozen=True, slots=True)
class Failures:
    """What one replica remembers. `by_address` is None where an address may be a proxy's, and so everybody's."""

    by_token: FailureCounts = field(default_factory=lambda: FailureCounts(PER_TOKEN))
    by_address: FailureCounts | None = None

    def count(self, token_id: str | None, address: str, now: datetime) -> int:
        """Count one failure of a token that says its id, or of none, from an address: seconds to wait, or 0."""
        waits = [0 if token_id is None else self.by_token.count(token_id, now)]
        if self.by_address is not None:
            waits.append(self.by_address.count(network_of(address), now))
        return max(waits)


def network_of(address: str) -> str:
    """What is counted together: an IPv4 address, the /64 of an IPv6 address; all that is no address is one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((int(parsed), _IPV6_PREFIX), strict=False))
