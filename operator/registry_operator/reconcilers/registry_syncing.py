"""What a registry holds against what it should hold: rules are pushed, sets that differ get a pass of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from registry_operator.cluster.snapshot import Snapshot
from registry_operator.errors import RegistryUnreachableError
from registry_operator.planning.observed import ObservedSecret
from registry_operator.planning.rules import rules
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from registry_operator.reconcilers.routing import Routing
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.reconcilers.sync_port import SyncPort
from registry_operator.registry_client import RegistryClient
from registry_operator.resources.registry import PyPIRegistry
from registry_service.contract import sync, wire

# For all calls of a pass together: a registry that is slow page by page must not hold a worker for minutes.
DEADLINE: Final = 20.0


@dataclass(frozen=True, slots=True)
class RegistrySyncing:
    """The registry's part of design section 4, "Syncing"."""

    port: SyncPort
    routing: Routing
    memory: SyncMemory

    def only_looking(self, snapshot: Snapshot) -> "RegistrySyncing":
        """The same for a pass that may only look."""
        return replace(self, port=self.port.only_looking(snapshot))

    async def synchronize(self, registry: PyPIRegistry, secret: ObservedSecret) -> str | None:
        """Have the registry obey the current rules and compare all its sets; returns the digest that it obeys.

        Raises RegistryError.
        """
        async with self._opened(registry, secret) as client:
            state = await self._push_rules(registry, client)
            self._compare(RegistryKey(registry.metadata.namespace, registry.metadata.name), await client.sets())
            return state.digest

    async def compare(self, registry: PyPIRegistry, secret: ObservedSecret) -> str | None:
        """Compare all sets and change nothing; returns the digest of the rules that the registry obeys.

        Raises RegistryError.
        """
        async with self._opened(registry, secret) as client:
            state = await client.rules()
            self._compare(RegistryKey(registry.metadata.namespace, registry.metadata.name), await client.sets())
            return state.digest

    @asynccontextmanager
    async def _opened(self, registry: PyPIRegistry, secret: ObservedSecret) -> AsyncIterator[RegistryClient]:
        try:
            async with asyncio.timeout(DEADLINE), self.port.open(registry, secret) as client:
                yield client
        except TimeoutError as error:
            raise RegistryUnreachableError(f"rules and sets were not exchanged within {DEADLINE:g} s") from error

    async def _push_rules(self, registry: PyPIRegistry, client: RegistryClient) -> sync.RulesState:
        state = await client.rules()
        body = wire.encode(rules(registry))
        if state.digest == sync.body_digest(body):
            return state
        state = await client.put_rules(body, state.etag)
        # A binding may have been what a set was waiting for.
        self.routing.registry_moved(RegistryKey(registry.metadata.namespace, registry.metadata.name))
        return state

    def _compare(self, key: RegistryKey, held: tuple[sync.SetSummary, ...]) -> None:
        if not self.routing.listed.over:
            # Each set has a first look of its own; what none has compared by then is news the next time.
            self.memory.learn(key, held)
            return
        changed = self.memory.replace(key, held)
        missing = {token_set.namespace for token_set in self.routing.token_sets(key)} - {one.namespace for one in held}
        for namespace in sorted(changed | missing):
            self.routing.set_differs(TokenSetKey(key, namespace))
