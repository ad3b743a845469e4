"""`project status`: the registry's owner marks a project or package, whoever owns that (PEP 792)."""

from argparse import Namespace

from registry_service.domain.status import StatusMarker
from registry_service.use_cases.service import Service


async def mark(service: Service, arguments: Namespace) -> None:
    """Mark a project or one of its packages. Raises NotFoundError, RefusedError."""
    marker = StatusMarker(arguments.status, arguments.reason)
    await service.curating.mark_by_command(arguments.name, arguments.package, marker)
    what = f"project {arguments.name}" if arguments.package is None else f"package {arguments.package}"
    print(f"{what} is {marker.status}")  # noqa: T201 - a command's answer
