"""Which image a registry is brought to: with `spec.migrations.type: Manual` another one waits for its owner's word.

A migration cannot be undone, so that whoever has no backup by the database's own means makes one first. Only the image
waits: with the one that serves, all else goes on.
"""

from registry_operator.planning import service
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import RegistryObservation
from registry_operator.resources.conditions import Condition, ConditionType, fails
from registry_operator.resources.migrations import MigrationsType
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry


def image(registry: PyPIRegistry, installation: Installation, seen: RegistryObservation) -> str:
    """The image that migrations and pods are given now."""
    wanted = service.image(registry, installation)
    return wanted if _awaited(registry, installation, seen) is None else _serving(registry, seen) or wanted


def unapproved(registry: PyPIRegistry, installation: Installation, seen: RegistryObservation) -> Condition | None:
    """MigrationsApplied=False with the line to set, while an image waits for approval."""
    wanted = _awaited(registry, installation, seen)
    if wanted is None:
        return None
    # Without a full stop: the name is there to be copied.
    message = f"The former image serves. Back up the database, then set spec.migrations.approvedImage to {wanted}"
    return fails(ConditionType.MIGRATIONS_APPLIED, Reason.MIGRATION_NOT_APPROVED, message)


def _awaited(registry: PyPIRegistry, installation: Installation, seen: RegistryObservation) -> str | None:
    """The image that waits for approval; None when none does, as in a registry that was never migrated."""
    migrations, wanted = registry.spec.migrations, service.image(registry, installation)
    if migrations.type is MigrationsType.AUTOMATIC or migrations.approved_image == wanted:
        return None
    return None if _serving(registry, seen) in (None, wanted) else wanted


def _serving(registry: PyPIRegistry, seen: RegistryObservation) -> str | None:
    """The image that the database was migrated for, by our own word; where that is lost, by the Deployment's."""
    if seen.deployment is None:
        return registry.status.image
    return registry.status.image or seen.deployment.image
