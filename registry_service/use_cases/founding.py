"""Makes a database and a store this registry's own: preflight, claim, migration (design section 4)."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from registry_service.database import Database, identity, migrating
from registry_service.database.identity import Identity
from registry_service.errors import StorageError
from registry_service.storage import BlobStore


@dataclass(frozen=True, slots=True)
class Founding:
    """What `migrate` and `preflight` do."""

    database: Database
    store: BlobStore
    identity: Identity
    clock: Callable[[], datetime]

    async def preflight(self) -> None:
        """Prove that database and store can be used; changes nothing. Raises DatabaseError, StorageError."""
        async with self.database.snapshot():
            pass
        await self.store.check()

    async def migrate(self) -> str:
        """Check, migrate and claim; return the registryID. The same claimant again changes nothing.

        Schema and claim are one transaction, and the store is marked before it commits. Raises DatabaseError
        (DatabaseInUse, SchemaAhead, MigrationFailed, …) or StorageError (BucketInUse, …).
        """
        await self.preflight()
        async with self.database.transaction() as tx:
            await migrating.migrate(tx)
            registry_id = await identity.claim(tx, self.identity, str(uuid.uuid4()), now=self.clock())
            await self._claim_store(registry_id)
        return registry_id

    async def _claim_store(self, registry_id: str) -> None:
        claimants, former = await self.store.claim(registry_id), self.identity.takeover
        if former is not None and former != registry_id and former in claimants:
            # Else the store would be somebody else's again as soon as nobody asks to take it over any more.
            await self.store.unclaim(former)
        others = [claimant for claimant in claimants if claimant not in (registry_id, former)]
        if others:
            await self.store.unclaim(registry_id)
            message = (
                f"the blob store holds the data of registry {others[0]}; to take it over set spec.takeover: {others[0]}"
            )
            raise StorageError("BucketInUse", message)
