"""How many uploads of each token are in progress: one that leaked, or a job gone wild, crawls in a few alone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from registry_service.errors import BusyError

# A build matrix shares a token and publishes together; each upload in progress holds about a mebibyte and a spool.
PER_TOKEN: Final = 32


@dataclass(frozen=True, slots=True)
class UploadsInProgress:
    """What one replica has in progress; `limit` uploads of a token at a time."""

    limit: int = PER_TOKEN
    _counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def one_more(self, token_id: str) -> Iterator[None]:
        """An upload, from its headers to its answer. Raises BusyError when the token has too many already."""
        if self._counts[token_id] >= self.limit:
            raise BusyError(f"{self.limit} uploads of this token are in progress; try again in some seconds")
        self._counts[token_id] += 1
        try:
            yield
        finally:
            self._counts[token_id] -= 1
            if not self._counts[token_id]:
                del self._counts[token_id]
