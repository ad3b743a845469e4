"""`migrate` and `preflight`: what the operator's Job runs, and says why not when it cannot."""

import json

from registry_service.errors import ReasonedError
from registry_service.use_cases.service import Service

SUCCEEDED = "Migrated"


async def migrate(service: Service) -> None:
    """Check, claim, migrate; leave `{reason, message, registryID}` for the operator. Raises ReasonedError."""
    try:
        registry_id = await service.founding.migrate()
    except ReasonedError as error:
        _leave(service, error.reason, error.message)
        raise
    _leave(service, SUCCEEDED, "the database has this version's schema", registry_id)


async def preflight(service: Service) -> None:
    """Check database and store. Raises ReasonedError."""
    await service.founding.preflight()


def _leave(service: Service, reason: str, message: str, registry_id: str | None = None) -> None:
    path = service.settings.termination_message
    if path is not None:
        # Kubernetes keeps 4096 bytes of it.
        path.write_text(json.dumps({"reason": reason, "message": message[:2000], "registryID": registry_id}))
