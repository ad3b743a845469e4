"""Whose data the database holds (design section 4, "Whose data it is")."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from registry_service.database.schema import registry
from registry_service.database.sets import suspend_all
from registry_service.database.transaction import Transaction
from registry_service.domain.audit import COMMAND
from registry_service.errors import DatabaseError


@dataclass(frozen=True, slots=True)
class Identity:
    """The PyPIRegistry that claims the data; all None on one machine. `takeover` names a registryID to take."""

    namespace_uid: str | None = None
    namespace: str | None = None
    name: str | None = None
    resource_uid: str | None = None
    takeover: str | None = None


async def claim(tx: Transaction, identity: Identity, new_id: str, *, now: datetime) -> str:
    """Claim the database and return its registryID: `new_id` when nobody had claimed it.

    The same namespace UID and name is the same claimant; a new resource UID then updates the claim and suspends
    all tokens until their sets are sent again, and so does a takeover. Raises DatabaseError(DatabaseInUse).
    """
    row = (await tx.execute(select(registry))).one_or_none()
    values = {
        "namespace_uid": identity.namespace_uid,
        "namespace": identity.namespace,
        "name": identity.name,
        "resource_uid": identity.resource_uid,
    }
    if row is None:
        await tx.execute(insert(registry).values(id=1, registry_id=new_id, created_at=now, **values))
        return new_id
    registry_id: str = row.registry_id
    same = (row.namespace_uid, row.name) == (identity.namespace_uid, identity.name)
    if not same and identity.takeover != registry_id:
        raise DatabaseError("DatabaseInUse", _in_use(registry_id, row.namespace, row.name))
    if not same or row.resource_uid != identity.resource_uid:
        await tx.execute(update(registry).values(values))
        await suspend_all(tx, COMMAND, now=now)
    return registry_id


async def find(tx: Transaction) -> str | None:
    """The registryID; None before the first claim."""
    found: str | None = (await tx.execute(select(registry.c.registry_id))).scalar_one_or_none()
    return found


def _in_use(registry_id: str, namespace: str | None, name: str | None) -> str:
    owner = f"PyPIRegistry {name} in namespace {namespace}" if name else "a registry without Kubernetes"
    return f"the database belongs to {owner}; to take it over set spec.takeover: {registry_id}"
