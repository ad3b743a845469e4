"""Leading among several operators, by a Lease; and writing only while one leads."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

from registry_operator.cluster.kinds import LEASE, Kind, Object
from registry_operator.cluster.kube import Kube
from registry_operator.errors import ClusterError, ClusterUnavailableError
from registry_operator.planning import leadership
from registry_operator.planning.leadership import LOOK, RENEWAL, Sighting

# A call that takes longer cannot renew in time; the next one may.
_CALL_SECONDS: Final = 3.0
_log: Final = logging.getLogger(__name__)


class Leadership:
    """One candidate's view of a Lease. `clock` gives aware datetimes, `monotonic` seconds."""

    def __init__(
        self, kube: Kube, key: tuple[str, str], identity: str, *,
        clock: Callable[[], dt.datetime], monotonic: Callable[[], float],
    ) -> None:  # fmt: skip
        """`key` is the Lease's namespace and name; `identity` is the candidate's, different from all others'."""
        self._kube = kube
        self._namespace, self._name = key
        self._identity = identity
        self._clock = clock
        self._monotonic = monotonic
        self._seen: Sighting | None = None
        self._lease: Object | None = None
        self._until = float("-inf")

    def holds(self) -> bool:
        """Whether this candidate leads: no other one can before LEASE has passed since the last renewal."""
        return self._monotonic() < self._until

    async def acquire(self) -> None:
        """Wait until this candidate leads."""
        while True:
            if await self.attempt():
                return
            await asyncio.sleep(LOOK)

    async def keep(self) -> None:
        """Renew as long as that is possible; returns when this candidate leads no more."""
        while self.holds():
            await asyncio.sleep(LOOK)
            await self.attempt()

    async def attempt(self) -> bool:
        """Take or renew the Lease once, if that may be; whether it was."""
        began = self._monotonic()
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                if not await self._written():
                    self._until = float("-inf")
                    return False
        except (ClusterError, TimeoutError) as error:
            self._lease = None  # what is there now has to be read
            _log.warning("the Lease %s was not renewed: %s", self._name, str(error) or "no answer in time")
            return False
        self._until = began + RENEWAL
        return True

    async def release(self) -> None:
        """Let the next candidate begin at once; call it when nothing is under way any more."""
        if self._lease is None or not self.holds():
            return
        self._until = float("-inf")
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                await self._write(self._lease, leadership.released(self._lease["spec"], self._clock()))
        except (ClusterError, TimeoutError) as error:
            _log.warning("the Lease %s was not released: %s", self._name, str(error) or "no answer in time")

    async def _written(self) -> bool:
        lease = self._lease or await self._kube.get(LEASE, self._namespace, self._name)
        spec = {} if lease is None else lease.get("spec", {})
        self._seen = leadership.sighted(spec, self._seen, self._monotonic())
        if not leadership.may_hold(self._seen, self._identity, self._monotonic()):
            return False
        wanted = leadership.held(spec, self._identity, self._clock())
        self._lease = await (self._create(wanted) if lease is None else self._write(lease, wanted))
        return True

    async def _create(self, spec: Object) -> Object:
        metadata = {"namespace": self._namespace, "name": self._name}
        body = {"apiVersion": LEASE.api_version, "kind": LEASE.name, "metadata": metadata, "spec": spec}
        return await self._kube.create(body)

    async def _write(self, lease: Object, spec: Object) -> Object:
        return await self._kube.patch(lease, [{"op": "add", "path": "/spec", "value": spec}])


class Fenced:
    """A Kube that writes only while `may_write`: a process that was held up must not write beside its successor."""

    def __init__(self, kube: Kube, may_write: Callable[[], bool]) -> None:
        self._kube = kube
        self._may_write = may_write

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        return await self._kube.get(kind, namespace, name)

    async def find(self, kind: Kind, namespace: str | None = None, *, labels: str | None = None) -> list[Object]:
        return await self._kube.find(kind, namespace, labels=labels)

    def pages(
        self, kind: Kind, namespace: str | None = None, *, labels: str | None = None
    ) -> AsyncIterator[list[Object]]:
        return self._kube.pages(kind, namespace, labels=labels)

    async def create(self, body: Object) -> Object:
        self._require()
        return await self._kube.create(body)

    async def apply(self, body: Object, *, subresource: str | None = None) -> Object:
        self._require()
        return await self._kube.apply(body, subresource=subresource)

    async def patch(self, observed: Object, operations: list[Object]) -> Object:
        self._require()
        return await self._kube.patch(observed, operations)

    async def delete(self, observed: Object) -> None:
        self._require()
        await self._kube.delete(observed)

    def _require(self) -> None:
        if not self._may_write():
            raise ClusterUnavailableError("this operator leads no more: another one writes")
