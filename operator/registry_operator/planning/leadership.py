"""Which of several operators works: what stands in their Lease, and who may take it.

The rules and the times are those of client-go's leader election, which other controllers have: nobody compares two
machines' clocks, a holder counts as gone when it was seen to renew nothing for as long as its Lease lasts.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# How long a holder that has gone silent is waited for: with a look every LOOK, less than 20 s without an operator.
LEASE: Final = 15.0
# A holder that could not renew for this long works no more: the rest of LEASE is for what it has under way.
RENEWAL: Final = 10.0
LOOK: Final = 2.0

Spec = Mapping[str, Any]  # Any: a Lease's spec, as the API server has it


@dataclass(frozen=True, slots=True)
class Sighting:
    """A holder as it was last seen, and the monotonic time in seconds when it was first seen so."""

    holder: str | None
    renewed: str | None
    at: float


def sighted(spec: Spec, former: Sighting | None, now: float) -> Sighting:
    """What is known of a holder after another look."""
    seen = Sighting(spec.get("holderIdentity") or None, spec.get("renewTime"), now)
    same = former is not None and (former.holder, former.renewed) == (seen.holder, seen.renewed)
    return former if same and former is not None else seen


def may_hold(seen: Sighting, identity: str, now: float) -> bool:
    """Whether `identity` may write itself into the Lease: nobody else holds it, or that one has gone silent."""
    return seen.holder in (None, identity) or now - seen.at >= LEASE


def held(spec: Spec, identity: str, now: dt.datetime) -> dict[str, Any]:  # Any: as Spec
    """The Lease's spec once `identity` has taken or renewed it."""
    moment = now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    same = spec.get("holderIdentity") == identity
    return {
        "holderIdentity": identity,
        "leaseDurationSeconds": int(LEASE),
        "acquireTime": spec.get("acquireTime", moment) if same else moment,
        "renewTime": moment,
        "leaseTransitions": spec.get("leaseTransitions", 0) + (0 if same or not spec else 1),
    }


def released(spec: Spec, now: dt.datetime) -> dict[str, Any]:  # Any: as Spec
    """The Lease's spec once its holder has gone: the next one need not wait."""
    return held(spec, "", now) | {"leaseDurationSeconds": 1}
