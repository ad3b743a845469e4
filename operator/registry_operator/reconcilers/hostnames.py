"""The claims of all registries to host names, read from the API server once for many passes.

Every registry that names its host asks in every pass; a list for each would cost the square of their number.
"""

import asyncio
import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from registry_operator.cluster.kinds import PYPI_REGISTRY, Object
from registry_operator.cluster.kube import Kube
from registry_operator.planning.hostnames import HostClaim, holder
from registry_operator.resources.reading import InvalidResourceError
from registry_operator.resources.registry import PyPIRegistry

# How old the claims of others may be.
FRESH: Final = dt.timedelta(seconds=5)


class Hostnames:
    """Who has which host; one for all passes. It looks into all namespaces, or into the `watched` ones."""

    def __init__(self, watched: Sequence[str] = ()) -> None:
        self._watched = watched or (None,)
        self._reading = asyncio.Lock()
        self._claims: dict[str, HostClaim] = {}
        self._read_at: dt.datetime | None = None

    async def holder(self, kube: Kube, registry: PyPIRegistry, now: dt.datetime) -> str | None:
        """The other registry (`namespace/name`) that has this one's host, if any; raises ClusterError."""
        own = HostClaim.of(registry)
        if own is None:
            return None
        async with self._reading:
            # What was read before this claim was made cannot tell what was claimed before it.
            known = self._claims.get(own.uid)
            if known is None or known.hostname != own.hostname or self._read_at is None or now - self._read_at > FRESH:
                found = [body for namespace in self._watched for body in await kube.find(PYPI_REGISTRY, namespace)]
                self._claims = {claim.uid: claim for claim in map(_claim, found) if claim}
                self._read_at = now
        return holder(own, self._claims.values())


def _claim(body: Object) -> HostClaim | None:
    # What this version cannot read has a condition of its own, and never got an Ingress from it.
    with suppress(InvalidResourceError):
        return HostClaim.of(PyPIRegistry.parse(body))
    return None
