"""One pass over the RegistryTokens of one namespace in one registry (design section 4, "Issuing" and "Syncing").

(0) the registry answers: its ETag is taken first, then everything is read live
(1) new credentials are made in memory, and their digests written to the ledgers as Pending
(2) a set that contains them is acknowledged
(3) the Secrets are written
(4) Pending → Active, the former Active → Retiring; what that changed is sent again
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from registry_operator.cluster.applying import apply_status
from registry_operator.cluster.kube import Kube
from registry_operator.cluster.snapshot import Snapshot
from registry_operator.errors import (
    ChangedMeanwhileError,
    ClusterError,
    RegistryError,
    RegistryRefusedError,
    SetChangedError,
)
from registry_operator.planning import ledger
from registry_operator.planning.acceptance import registry_ready
from registry_operator.planning.installation import Installation
from registry_operator.planning.ledger import IssuingContext
from registry_operator.planning.observed import ObservedSecret
from registry_operator.planning.resting import time_to_rest
from registry_operator.planning.secrets import SYNC_KEY
from registry_operator.planning.status import invalid_status
from registry_operator.planning.syncing import refused, unreachable
from registry_operator.reconcilers.census import Census, SeenToken, is_ready
from registry_operator.reconcilers.keys import TokenSetKey
from registry_operator.reconcilers.parallel import in_parallel
from registry_operator.reconcilers.sync_memory import RememberedSets, SyncMemory
from registry_operator.reconcilers.sync_port import SyncPort
from registry_operator.reconcilers.token_issuing import Issuer
from registry_operator.reconcilers.token_members import Member, Membership, decide_all, read_members
from registry_operator.reconcilers.token_observing import Surroundings, read_surroundings
from registry_operator.reconcilers.token_reporting import Reporter
from registry_operator.reconcilers.token_round import TokenRound
from registry_operator.reconcilers.token_syncing import Sets, SetSender
from registry_operator.resources.conditions import Condition, ConditionType, fails
from registry_operator.resources.reasons import Reason
from registry_operator.work_queue import Outcome

# Secrets without the watch label are noticed within this many seconds.
LOOK_AGAIN: Final = 30.0
_ATTEMPTS: Final = 3
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenSetReconciler:
    """Issues and syncs; `clock` gives aware datetimes, `random` bytes for secrets."""

    kube: Kube
    installation: Installation
    port: SyncPort
    memory: SyncMemory
    clock: Callable[[], dt.datetime]
    random: Callable[[int], bytes]
    census: Census = field(default_factory=Census)
    only_looks: bool = False

    def only_looking(self, snapshot: Snapshot) -> "TokenSetReconciler":
        """The same reconciler for one pass that may only look: WouldWriteError says that there is something to do."""
        return replace(self, kube=snapshot, port=self.port.only_looking(snapshot), only_looks=True)

    async def reconcile(self, key: TokenSetKey) -> Outcome:
        """Make one pass; it starts over when another set was written meanwhile.

        What a registry holds of a namespace that the operator does not watch is left as it is.
        """
        if not self.installation.watches(key.namespace):
            return Outcome()
        try:
            for _ in range(_ATTEMPTS):
                try:
                    return await self._pass(key)
                except SetChangedError as error:
                    _log.info("%s: starts over: %s", key, error, extra={"k8s_ref": key.reference})
        except ChangedMeanwhileError as error:
            _log.info("%s: %s", key, error, extra={"k8s_ref": key.reference})
        except ClusterError as error:
            _log.warning("%s: %s", key, error, extra={"k8s_ref": key.reference})
        return Outcome(failed=True)

    async def _pass(self, key: TokenSetKey) -> Outcome:
        around = await read_surroundings(self.kube, key, self.installation)
        secret = None if around.registry is None else await self.port.secret(around.registry)
        obstacle = _obstacle(around, secret)
        if obstacle is not None or around.registry is None or secret is None:
            await self._say(key, around, obstacle)
            return Outcome()
        try:
            if self.only_looks:
                remembered = RememberedSets(self.memory, key.registry)
                return await self._synchronize(key, remembered, around=around, secret=secret)
            async with self.port.open(around.registry, secret) as client:
                return await self._synchronize(key, client, around=around, secret=secret)
        except SetChangedError:
            raise
        except RegistryError as error:
            # The conditions say so; a registry that starts is no news for the log.
            _log.info("%s: %s", key, error, extra={"k8s_ref": key.reference})
            await self._say(key, around, _refusal(error, around))
            return Outcome(failed=True)

    async def _synchronize(
        self, key: TokenSetKey, client: Sets, *, around: Surroundings, secret: ObservedSecret
    ) -> Outcome:
        namespace = around.namespace
        held = None if namespace is None else await client.held_set(namespace.uid)
        # What was read for a look is the same whenever it is read.
        live = around if self.only_looks else await read_surroundings(self.kube, key, self.installation)
        if live.registry is None or (live.namespace != namespace and _uid(live) != _uid(around)):
            raise ChangedMeanwhileError("the registry or the namespace was replaced during the pass")
        sender = SetSender(key, client, self.memory)
        await sender.empty_former(_uid(live))
        if held is None:
            self.census.saw_tokens(key, (), self.clock())
            return Outcome()
        context = IssuingContext(self.clock(), frozenset(held.revoked), secret.data.get(SYNC_KEY, b""))
        membership = await read_members(self.kube, key, live, installation=self.installation)
        if membership.obstacle is not None:
            await self._say(key, live, membership.obstacle)
            return Outcome()
        await self._say_unreadable(membership)
        members = await decide_all(self.kube, membership.members, context)
        issuer = Issuer(self.kube, self.installation, live.registry, context, self.random)
        done = await TokenRound(issuer, sender, self._reporter(live, context.now), held).run(members)
        self._count(key, done, membership)
        return _outcome(done, context.now, time_to_rest(self.random(1)))

    async def _say(self, key: TokenSetKey, around: Surroundings, synced: Condition | None) -> None:
        """Report without a registry that answers: the ledgers stay as they are."""
        reporter = self._reporter(around, self.clock())
        membership = await read_members(self.kube, key, around, installation=self.installation)
        told = synced or fails(ConditionType.SYNCED, Reason.REGISTRY_NOT_FOUND, "See Accepted.")
        members = await in_parallel(lambda member: reporter.report(member, told), membership.members)
        await self._say_unreadable(membership)
        self._count(key, members, membership)

    async def _say_unreadable(self, membership: Membership) -> None:
        for one in membership.unreadable:
            await apply_status(self.kube, one.body, invalid_status(one.body, one.problem, self.clock()))

    def _count(self, key: TokenSetKey, members: Iterable[Member], membership: Membership) -> None:
        unreadable = (one.body["metadata"]["name"] for one in membership.unreadable)
        self.census.saw_tokens(key, map(_seen, members), self.clock(), unreadable=unreadable)

    def _reporter(self, around: Surroundings, now: dt.datetime) -> Reporter:
        home = around.registry_namespace
        return Reporter(self.kube, now, None if home is None else home.uid)


def _obstacle(around: Surroundings, secret: ObservedSecret | None) -> Condition | None:
    """Why the sync port cannot be asked."""
    if around.registry is None:
        return None
    return registry_ready(around.registry) or (
        unreachable("its sync Secret does not exist") if secret is None else None
    )


def _refusal(error: RegistryError, around: Surroundings) -> Condition:
    if isinstance(error, RegistryRefusedError) and around.namespace is not None:
        return refused(error.refusal, around.namespace)
    return unreachable(str(error))


def _seen(member: Member) -> SeenToken:
    before = member.token.status.credentials
    after = before if member.failure is not None else member.ledger
    current = ledger.active(after)
    due = None if current is None else ledger.rotation_time(member.token, current)
    return SeenToken(member.token.metadata.name, is_ready(member.body), before, after, due)


def _uid(around: Surroundings) -> str | None:
    return None if around.namespace is None else around.namespace.uid


def _outcome(members: list[Member], now: dt.datetime, rest: dt.timedelta) -> Outcome:
    if not members:
        return Outcome()
    if any(member.failure is not None for member in members):
        return Outcome(failed=True)
    looks = [member.decision.next_look for member in members if member.decision is not None]
    waits = [max(0.0, (look - now).total_seconds()) for look in looks if look is not None]
    waits += [LOOK_AGAIN] if any(member.needs_another_look for member in members) else []
    # A deletion of which no watch told must not leave a credential alive for ever.
    return Outcome(again_after=min([*waits, rest.total_seconds()]))
