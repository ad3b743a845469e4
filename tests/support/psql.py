"""Asks a managed PostgreSQL as the registry does: over TCP, with the registry's role."""

from tests.support.kubernetes import Namespace

_PROGRAM = 'PATH="$PATH:$(echo /usr/lib/postgresql/*/bin)"; exec psql -h 127.0.0.1 -U registry -d registry -Atc "$0"'


def query(space: Namespace, pod: str, password: str, statement: str) -> str:
    """What the server answers. Raises CommandFailedError with its words."""
    command = ("env", f"PGPASSWORD={password}", "sh", "-c", _PROGRAM, statement)
    return space("exec", pod, "-c", "postgresql", "--", *command).strip()
