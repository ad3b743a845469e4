"""Which tokens were used since the database was last told: coarse, so that to read costs no write."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

PERIOD: Final = timedelta(hours=1)
MAX_TOKENS: Final = 10_000


@dataclass(slots=True)
class Uses:
    """Remembers the `max_tokens` tokens that were used last; of each, one use in a `period` is worth telling."""

    period: timedelta = PERIOD
    max_tokens: int = MAX_TOKENS
    _noted: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    _untold: set[str] = field(default_factory=set)

    def note(self, token_id: str, now: datetime) -> None:
        """A token was verified."""
        noted = self._noted.get(token_id)
        if noted is not None and now - noted < self.period:
            return
        self._noted[token_id] = now
        self._noted.move_to_end(token_id)
        self._untold.add(token_id)
        if len(self._noted) > self.max_tokens:
            oldest, _ = self._noted.popitem(last=False)
            self._untold.discard(oldest)

    def take(self) -> frozenset[str]:
        """The tokens whose use is to be told, each once."""
        taken = frozenset(self._untold)
        self._untold.clear()
        return taken
