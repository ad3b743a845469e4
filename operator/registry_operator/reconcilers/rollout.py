"""Whose turn it is to be moved: at most so many registries at a time, first come, first served.

Kept in memory only. After a restart, what the cluster shows to be on its way has its place before anybody else.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from registry_operator.cluster.kinds import DEPLOYMENT, JOB, Object
from registry_operator.cluster.kube import Kube
from registry_operator.planning.observed import JobState, MigrationJob, Workload, controller
from registry_operator.planning.rollout import Motion
from registry_operator.reconcilers.keys import RegistryKey
from registry_operator.resources import names

# How long a move keeps its place: one that is stuck must not hold up the others.
LONGEST_HOLD: Final = dt.timedelta(minutes=10)
# One that waits asks again every half minute, or a bit later while it fails; who does not is passed over.
PATIENCE: Final = dt.timedelta(seconds=90)


class Rollout:
    """The places, and the queue for them; one for all passes. It looks into all namespaces, or the `watched` ones."""

    def __init__(self, most: int, wake: Callable[[RegistryKey], None], watched: Sequence[str] = ()) -> None:
        self.most = most
        self._wake = wake
        self._watched = watched or (None,)
        self._reading = asyncio.Lock()
        self._surveyed = False
        # Each with the moment of its beginning; a dict keeps the order of arrival.
        self._moving: dict[RegistryKey, dt.datetime] = {}
        # Each with the moment at which it last asked.
        self._waiting: dict[RegistryKey, dt.datetime] = {}
        self._overdue: set[RegistryKey] = set()

    async def must_wait(self, kube: Kube, key: RegistryKey, motion: Motion, now: dt.datetime) -> bool:
        """Whether a registry may not go on yet; raises ClusterError. To be asked in each of its passes."""
        self._expire(now)
        if motion in (Motion.AT_REST, Motion.FAILED):
            self.leave(key, now)
            return False
        if motion is not Motion.DUE:
            self._waiting.pop(key, None)
            if motion is Motion.UNDER_WAY and key not in self._overdue:
                self._moving.setdefault(key, now)
            return False
        await self._survey(kube, now)
        return not self._admit(key, now)

    def leave(self, key: RegistryKey, now: dt.datetime) -> None:
        """A registry is done, has failed, or is no more: the next one may go."""
        self._overdue.discard(key)
        if {self._moving.pop(key, None), self._waiting.pop(key, None)} != {None}:
            self._call(now)

    def _admit(self, key: RegistryKey, now: dt.datetime) -> bool:
        if key in self._moving:
            return True
        self._waiting[key] = now
        if key not in self._next(now):
            return False
        del self._waiting[key]
        self._overdue.discard(key)
        self._moving[key] = now
        return True

    def _next(self, now: dt.datetime) -> list[RegistryKey]:
        """Those who wait and for whom there is a place."""
        present = [key for key, asked in self._waiting.items() if now - asked <= PATIENCE]
        return present[: max(0, self.most - len(self._moving))]

    def _expire(self, now: dt.datetime) -> None:
        late = [key for key, since in self._moving.items() if now - since > LONGEST_HOLD]
        for key in late:
            del self._moving[key]
            self._overdue.add(key)
        if late:
            self._call(now)

    def _call(self, now: dt.datetime) -> None:
        for key in self._next(now):
            self._wake(key)

    async def _survey(self, kube: Kube, now: dt.datetime) -> None:
        """Count once what another process began."""
        async with self._reading:
            if self._surveyed:
                return
            for namespace in self._watched:
                deployments = await kube.find(DEPLOYMENT, namespace, labels=names.REGISTRY_LABEL)
                jobs = await kube.find(JOB, namespace, labels=names.REGISTRY_LABEL)
                for key in _on_their_way(deployments, jobs):
                    self._moving.setdefault(key, now)
            self._surveyed = True


def _on_their_way(deployments: Sequence[Object], jobs: Sequence[Object]) -> Iterator[RegistryKey]:
    serving = {_registry(body) for body in deployments}
    for body in deployments:
        if not Workload.parse(body).settled and (key := _registry(body)):
            yield key
    for body in jobs:
        if MigrationJob.parse(body, ()).state is JobState.RUNNING and (key := _registry(body)) in serving and key:
            yield key


def _registry(body: Object) -> RegistryKey | None:
    """The registry that controls an object: a label alone is anybody's word."""
    owner = controller(body["metadata"])
    ours = owner.get("kind") == names.REGISTRY_KIND
    return RegistryKey(body["metadata"]["namespace"], owner["name"]) if ours else None
