"""`registry-service`: from the command line to a use case, and from an error to an exit code."""

import logging
import os
import sys
from argparse import Namespace

import uvloop

from registry_service.commands import arguments, backup, curating, founding, minting
from registry_service.composition import compose
from registry_service.errors import RegistryError
from registry_service.settings import DATABASE_FILE, SettingsError, read_settings
from registry_service.use_cases.service import Service


def main() -> None:
    """Run one command. Exit code 0: done; 1: it says why not; 2: the command line is wrong."""
    parsed = arguments.parse(sys.argv[1:])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # SQLAlchemy names a pool's log after its class, and tells there of each that is closed.
    for name in ("alembic", "registry_service.database.pool"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        _require_registry(parsed)
        service = compose(read_settings(os.environ, parsed.data))
        uvloop.run(_run(service, parsed))
    except (RegistryError, SettingsError) as error:
        sys.exit(f"registry-service: {error}")


def _require_registry(parsed: Namespace) -> None:
    """A misspelt folder is told from an empty one, before SQLite makes a file in it. Raises SettingsError."""
    if parsed.data is not None and parsed.command != "serve" and not (parsed.data / DATABASE_FILE).is_file():
        raise SettingsError(f"{parsed.data} holds no registry; `registry-service serve --data {parsed.data}` makes one")


async def _run(service: Service, parsed: Namespace) -> None:
    command = (parsed.command, getattr(parsed, "action", None))
    if command[0] == "serve":
        from registry_service.commands import serve  # noqa: PLC0415 - the servers cost other commands 0.3 s

        await serve.run(service, parsed)
        return
    try:
        await _run_once(service, command, parsed)
    finally:
        await service.database.close()


async def _run_once(service: Service, command: tuple[str, str | None], parsed: Namespace) -> None:
    match command:
        case ("migrate", _):
            await founding.migrate(service)
        case ("preflight", _):
            await founding.preflight(service)
        case ("backup", _):
            await backup.write(service)
        case ("restore", _):
            await backup.read(service)
        case ("project", "status"):
            await curating.mark(service, parsed)
        case ("project", _):
            await minting.create_project(service, parsed)
        case (_, "create"):
            await minting.create_token(service, parsed)
        case (_, "list"):
            await minting.list_tokens(service, parsed)
        case (_, "revoke"):
            await minting.revoke_token(service, parsed)
        case _:
            await minting.suspend_tokens(service, parsed)


if __name__ == "__main__":
    main()
