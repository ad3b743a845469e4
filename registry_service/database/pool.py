"""The pool of connections to PostgreSQL, which outlives a change of the password.

Whoever changes it cannot tell every pod in the same moment. A pod that has the former one keeps its connections, and
until it is replaced it gets along with those.
"""

from typing import Final

import psycopg
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util.queue import Empty

# A request that finds every open connection at work; a transaction takes milliseconds.
WAIT_SECONDS: Final = 5.0
_REFUSALS: Final = ("authentication failed", "is not permitted to log in", "no password supplied")


class PatientPool(AsyncAdaptedQueuePool):
    """Where a further connection is refused for its credentials, waits for one that is already open."""

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            return super()._do_get()
        except psycopg.OperationalError as error:
            # One that was at work when this one was begun may be idle by now.
            if not self.checkedin() + self.checkedout() or not is_refusal(str(error)):
                raise
            try:
                return self._pool.get(True, WAIT_SECONDS)
            except Empty:
                raise error from None


def is_refusal(text: str) -> bool:
    """Whether an error's text says that the server refuses user or password: libpq has no code for it."""
    unknown_role = "role" in text and "does not exist" in text
    return unknown_role or any(words in text for words in _REFUSALS)
