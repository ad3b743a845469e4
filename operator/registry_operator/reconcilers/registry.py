"""One pass over one PyPIRegistry: observe → decide → act → push the rules → report.

Nothing is ever raised out of a pass: what went wrong is a condition, and the queue looks again.
"""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from registry_operator.cluster.applying import apply_status
from registry_operator.cluster.kinds import NAMESPACE, PYPI_REGISTRY, Object
from registry_operator.cluster.kube import Kube
from registry_operator.cluster.snapshot import Snapshot
from registry_operator.errors import ChangedMeanwhileError, ClusterError, RegistryError
from registry_operator.planning.failures import failure
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import ObjectKey, ObservedSecret, RegistryObservation
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.registry_plan import RegistryPlan, migration_name, plan
from registry_operator.planning.resting import Rest, fraction, may_rest, time_to_rest
from registry_operator.planning.rollout import held, motion
from registry_operator.planning.status import RegistryReport, invalid_status, registry_status
from registry_operator.reconcilers.census import Census
from registry_operator.reconcilers.hostnames import Hostnames
from registry_operator.reconcilers.keys import RegistryKey
from registry_operator.reconcilers.registry_acting import act, generate_secrets, mark_kept
from registry_operator.reconcilers.registry_observing import RegistryView, observe
from registry_operator.reconcilers.registry_syncing import RegistrySyncing
from registry_operator.reconcilers.registry_volume import ensure_volume
from registry_operator.reconcilers.rollout import Rollout
from registry_operator.resources import names
from registry_operator.resources.conditions import ConditionType, merge_conditions
from registry_operator.resources.reading import InvalidResourceError
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.work_queue import Outcome

# Design section 4: sets are compared, and Secrets without the watch label are noticed, within 30 s.
LOOK_AGAIN: Final = 30.0
# A name that is taken may be that of an object which the garbage collector is about to remove.
LOOK_AGAIN_AT_CONFLICT: Final = 5.0
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RegistryReconciler:
    """Brings a registry's children to its spec; `clock` gives aware datetimes, `random` bytes for secrets."""

    kube: Kube
    installation: Installation
    syncing: RegistrySyncing
    clock: Callable[[], dt.datetime]
    random: Callable[[int], bytes]
    hostnames: Hostnames
    rollout: Rollout
    census: Census = field(default_factory=Census)
    _attempts: dict[RegistryKey, tuple[str, int]] = field(default_factory=dict)
    _resting: dict[RegistryKey, Rest] = field(default_factory=dict)

    def only_looking(self, snapshot: Snapshot) -> "RegistryReconciler":
        """The same reconciler for one pass that may only look: WouldWriteError says that there is something to do."""
        return replace(self, kube=snapshot, syncing=self.syncing.only_looking(snapshot))

    async def reconcile(self, key: RegistryKey) -> Outcome:
        """Make one pass, or only compare rules and sets where nothing changed since a pass that had nothing to do."""
        changed, rest = self.syncing.routing.take_change(key), self._resting.pop(key, None)
        try:
            if rest is not None and not changed and await self._still_rests(key, rest):
                self._resting[key] = rest
                return Outcome(again_after=LOOK_AGAIN)
            body = await self.kube.get(PYPI_REGISTRY, key.namespace, key.name)
            if body is None:
                self._forget(key)
                return Outcome()
            return await self._pass(key, body)
        except ChangedMeanwhileError as error:
            _log.info("%s: %s", key, error, extra={"k8s_ref": key.reference})
        except ClusterError as error:
            _log.warning("%s: %s", key, error, extra={"k8s_ref": key.reference})
        return Outcome(failed=True)

    async def _pass(self, key: RegistryKey, body: Object) -> Outcome:
        try:
            registry = PyPIRegistry.parse(body)
        except InvalidResourceError as error:
            self.census.saw_registry(key, ready=False)
            self.rollout.leave(key, self.clock())
            await apply_status(self.kube, body, invalid_status(body, str(error), self.clock()))
            return Outcome()
        if registry.metadata.terminating:
            self.rollout.leave(key, self.clock())
            return Outcome()
        try:
            return await self._bring_about(key, body, registry)
        except ChangedMeanwhileError:
            raise
        except ClusterError as error:
            await self._report_failure(body, registry, error)
            raise

    async def _bring_about(self, key: RegistryKey, body: Object, registry: PyPIRegistry) -> Outcome:
        namespace = await self.kube.get(NAMESPACE, None, key.namespace)
        if namespace is None or "deletionTimestamp" in namespace["metadata"]:
            self.rollout.leave(key, self.clock())
            return Outcome()  # nothing can be made any more, and all that is there goes
        secret = await self.syncing.port.ensure_secret(registry)
        conflicts = [ObjectKey("Secret", names.sync(key.name))] if secret is None else []
        namespace_uid = namespace["metadata"]["uid"]
        view = await observe(self.kube, registry, installation=self.installation, namespace_uid=namespace_uid)
        view = replace(view, hostname_holder=await self.hostnames.holder(self.kube, registry, self.clock()))
        if not registry.spec.paused:
            conflicts += await generate_secrets(self.kube, registry, view, random=self.random)
            conflicts += await ensure_volume(self.kube, registry, view)
        decided = self._decide(key, registry, view)
        seen = view.observation(registry, self.installation)
        if await self.rollout.must_wait(self.kube, key, motion(decided, seen), self.clock()):
            decided, view = held(decided, seen), replace(view, moved_at_once=self.rollout.most)
        conflicts += await act(self.kube, decided, view)
        await mark_kept(self.kube, registry)
        seen = replace(view.observation(registry, self.installation), conflicts=tuple(conflicts))
        if secret is not None and seen.deployment is not None:
            seen = await self._synchronize(registry, secret, seen)
        ready = await self._report(body, registry, seen, image=decided.image)
        if ready:
            self.rollout.leave(key, self.clock())
        if ready and secret is not None and decided.next_look is None and may_rest(registry, seen):
            return self._come_to_rest(key, registry, secret, seen)
        return self._outcome(seen, decided.next_look)

    def _come_to_rest(
        self, key: RegistryKey, registry: PyPIRegistry, secret: ObservedSecret, seen: RegistryObservation
    ) -> Outcome:
        until = self.clock() + time_to_rest(self.random(1))
        self._resting[key] = Rest(registry, secret, seen, self._counts(key, registry), until)
        # All that were looked at after a start would else be compared at the same time, and hold changes up.
        return Outcome(again_after=LOOK_AGAIN * fraction(self.random(1)))

    async def _still_rests(self, key: RegistryKey, rest: Rest) -> bool:
        """Whether all that no event tells is as it was; raises ClusterError."""
        if not self.syncing.routing.listed.over:
            return True  # nobody is compared a second time before all were looked at once
        now, seen = self.clock(), rest.seen
        if now >= rest.until or await self.hostnames.holder(self.kube, rest.registry, now) != seen.hostname_holder:
            return False
        try:
            digest = await self.syncing.compare(rest.registry, rest.secret)
        except RegistryError:
            return False  # the whole pass that follows says so
        return digest == seen.rules_digest and self._counts(key, rest.registry) == rest.counts

    def _counts(self, key: RegistryKey, registry: PyPIRegistry) -> tuple[int, int]:
        """How many projects and tokens there are; as long as the latter are being listed, how many there were."""
        tokens = self.syncing.routing.count_tokens(key)
        return len(self.syncing.memory.held(key)), registry.status.tokens if tokens is None else tokens

    def _decide(self, key: RegistryKey, registry: PyPIRegistry, view: RegistryView) -> RegistryPlan:
        """Plan the pass; the count of a failed Job's attempts outlives the Job, but not the operator."""
        seen = view.observation(registry, self.installation)
        name = migration_name(registry, self.installation, seen)
        counted, previous = self._attempts.get(key, (None, 0))
        decided = plan(
            registry,
            self.installation,
            seen,
            now=self.clock(),
            previous_attempt=previous if counted == name else 0,
        )
        if name is not None and seen.migration is not None:
            self._attempts[key] = (name, seen.migration.attempt)
        return decided

    async def _synchronize(
        self, registry: PyPIRegistry, secret: ObservedSecret, seen: RegistryObservation
    ) -> RegistryObservation:
        try:
            return replace(seen, rules_digest=await self.syncing.synchronize(registry, secret))
        except RegistryError as error:
            return replace(seen, sync_problem=str(error))

    async def _report(
        self, body: Object, registry: PyPIRegistry, seen: RegistryObservation, *, image: str | None
    ) -> bool:
        """Write the status; whether the registry is ready."""
        conditions = registry_conditions(registry, self.installation, seen)
        key = RegistryKey(registry.metadata.namespace, registry.metadata.name)
        projects, tokens = self._counts(key, registry)
        report = RegistryReport(
            conditions=conditions,
            observation=seen,
            installation=self.installation,
            projects=projects,
            tokens=tokens,
            image=image,
        )
        ready = any(condition.type is ConditionType.READY and condition.is_true for condition in conditions)
        self.census.saw_registry(key, ready=ready)
        await apply_status(self.kube, body, registry_status(registry, report, self.clock()))
        return ready

    async def _report_failure(self, body: Object, registry: PyPIRegistry, error: ClusterError) -> None:
        """Say what the API server refused, and leave the rest of the status; the next pass sees to a failure here."""
        failed = failure(ConditionType.READY, error.reason, str(error))
        self.census.saw_registry(RegistryKey(registry.metadata.namespace, registry.metadata.name), ready=False)
        generation = registry.metadata.generation
        merged = merge_conditions(registry.status.conditions, (failed,), now=self.clock(), generation=generation)
        status = body.get("status", {}) | {"conditions": [condition.body() for condition in merged]}
        try:
            await apply_status(self.kube, body, status)
        except ClusterError as second:
            _log.warning("%s: the status cannot be written: %s", registry.metadata.name, second)

    def _outcome(self, seen: RegistryObservation, next_look: dt.datetime | None) -> Outcome:
        if seen.sync_problem is not None:
            return Outcome(failed=True)
        longest = LOOK_AGAIN_AT_CONFLICT if seen.conflicts else LOOK_AGAIN
        if next_look is None:
            return Outcome(again_after=longest)
        return Outcome(again_after=min(longest, max(0.0, (next_look - self.clock()).total_seconds())))

    def _forget(self, key: RegistryKey) -> None:
        self._attempts.pop(key, None)
        self.rollout.leave(key, self.clock())
        self.census.lost_registry(key)
        self.syncing.memory.forget(key)
