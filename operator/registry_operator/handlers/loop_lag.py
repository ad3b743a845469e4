"""How late the event loop runs what is due: late means that something blocks it, and watches and passes wait."""

import asyncio
from collections import deque
from typing import Final

INTERVAL: Final = 1.0
_REMEMBERED: Final = 30


class LoopLag:
    """Measures the lag of the running loop once a second, over the last half minute."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lags: deque[float] = deque(maxlen=_REMEMBERED)
        self._due = loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._due = self._loop.time() + INTERVAL
        self._timer = self._loop.call_at(self._due, self._measure)

    def stop(self) -> None:
        """Measure no more."""
        if self._timer is not None:
            self._timer.cancel()

    def worst(self) -> float:
        """The longest lag remembered, in seconds."""
        return max(self._lags, default=0.0)

    def _measure(self) -> None:
        self._lags.append(self._loop.time() - self._due)
        self.start()
