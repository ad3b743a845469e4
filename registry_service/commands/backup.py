"""`backup` and `restore`: a whole registry through standard output and input."""

import sys

from registry_service.errors import RefusedError
from registry_service.use_cases.backing_up import Contents
from registry_service.use_cases.service import Service


async def write(service: Service) -> None:
    """Write a backup to standard output; what it holds to standard error. Raises RefusedError for a terminal."""
    if sys.stdout.isatty():
        raise RefusedError("standard output is a terminal: write the backup to a file, as in `backup > registry.tar`")
    try:
        contents = await service.backing_up.write(sys.stdout.buffer)
    except OSError as error:
        raise RefusedError(f"the backup could not be written: {error}") from error
    _tell("backed up", contents)


async def read(service: Service) -> None:
    """Restore a backup from standard input. Raises RefusedError."""
    if sys.stdin.isatty():
        raise RefusedError("standard input is a terminal: give it the backup, as in `restore < registry.tar`")
    _tell("restored", await service.restoring.read(sys.stdin.buffer))


def _tell(done: str, contents: Contents) -> None:
    held = ", ".join(f"{number} {table} rows" for table, number in contents.rows.items())
    print(f"{done}: {contents.blobs} blobs, {held or 'no rows'}", file=sys.stderr)  # noqa: T201 - a command's answer
