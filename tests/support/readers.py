"""Reader processes as tests look at them from outside."""

from __future__ import annotations

import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from collections.abc import Set as AbstractSet

    from registry_service.archives import ArchivePool


def children() -> AbstractSet[int]:
    """The processes that this one has started and that are still there."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


@asynccontextmanager
async def held(pool: ArchivePool) -> AsyncIterator[None]:
    """Processes that have not begun with what they were given, until the end of the block."""
    await pool.warm()
    stopped = pool.processes
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in stopped & children():
        os.kill(pid, signal.SIGCONT)
