"""A few warm reader processes: each is killed and replaced when an archive takes it too long, or after a thousand."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from registry_service.archives.process import Reader, ReaderDiedError
from registry_service.domain.archive import ArchiveFacts
from registry_service.errors import BusyError

# Clients wait for an answer: poetry for 15 seconds after its last byte.
DEADLINE_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 9.0
# Every byte of an archive is unpacked, so that a large one is given a second more for so many bytes.
BYTES_PER_SECOND: Final = 16 * 1024 * 1024
MAX_WAITING: Final = 32
_TOO_MANY: Final = "too many uploads at once; try again in some seconds"
# Whatever an interpreter loses in an archive's trail goes with it.
ARCHIVES_PER_PROCESS: Final = 1000


@dataclass(slots=True)
class ArchivePool:
    """Reads archives with at most `size` processes at a time; use as an async context manager.

    At most `waiting` archives wait for a process, each so long that its answer comes within `ANSWER_SECONDS`.
    """

    size: int = 2
    deadline: float = DEADLINE_SECONDS
    waiting: int = MAX_WAITING
    archives_per_process: int = ARCHIVES_PER_PROCESS
    _idle: deque[Reader] = field(default_factory=deque)
    _slots: asyncio.Semaphore = field(init=False)
    _waiting: int = 0

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.size)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._idle:
            await self._idle.pop().end()

    async def warm(self) -> None:
        """Start every process, so that no upload waits for one."""
        while len(self._idle) < self.size:
            self._idle.append(await Reader.start())

    @property
    def processes(self) -> frozenset[int]:
        """The ids of the processes that wait for an archive."""
        return frozenset(reader.pid for reader in self._idle)

    async def read(self, path: Path, filename: str) -> ArchiveFacts:
        """Read one archive; a reader that breaks its deadline or dies makes that the archive's fault.

        Raises BusyError when too many archives wait, or when this one has waited for too long.
        """
        seconds = self.deadline + _size(path) // BYTES_PER_SECOND
        await self._enter(max(ANSWER_SECONDS - seconds, 1))
        try:
            reader = self._idle.pop() if self._idle else await Reader.start()
            facts = await _ask(reader, path, filename, seconds)
            if reader.is_running and reader.archives < self.archives_per_process:
                self._idle.append(reader)
            else:
                await reader.end()
                self._idle.append(await Reader.start())
            return facts
        finally:
            self._slots.release()

    async def _enter(self, seconds: float) -> None:
        if self._slots.locked() and self._waiting >= self.waiting:
            raise BusyError(_TOO_MANY)
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise BusyError(_TOO_MANY) from None
        finally:
            self._waiting -= 1


def _size(path: Path) -> int:
    return path.stat().st_size


async def _ask(reader: Reader, path: Path, filename: str, seconds: float) -> ArchiveFacts:
    try:
        async with asyncio.timeout(seconds):
            return await reader.read(path, filename, seconds=seconds)
    except TimeoutError:
        await reader.end()
        return ArchiveFacts(fault=f"reading it takes longer than {seconds:g} seconds")
    except ReaderDiedError:
        await reader.end()
        return ArchiveFacts(fault="reading it takes more memory or time than is allowed")
    except BaseException:  # cancelled in the middle: the next caller must not get this one's answer
        await reader.end()
        raise
