"""A few warm reader processes, each of which is killed and replaced when an archive takes it too long."""

import asyncio
import base64
import json
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from registry_service.archives.limits import MAX_METADATA_BYTES
from registry_service.domain.archive import ArchiveFacts, Oddity

# Clients wait for an answer: poetry for 15 seconds after its last byte.
DEADLINE_SECONDS: Final = 5
# A large sdist is unpacked from end to end, so that it is given a second more for so many bytes.
BYTES_PER_SECOND: Final = 16 * 1024 * 1024
# Base64 of the largest metadata, and room for the rest of the line.
_LINE_LIMIT: Final = MAX_METADATA_BYTES * 4 // 3 + 64 * 1024 * 1024


@dataclass(slots=True)
class ArchivePool:
    """Reads archives with at most `size` processes at a time; use as an async context manager."""

    size: int = 2
    deadline: float = DEADLINE_SECONDS
    _idle: deque[asyncio.subprocess.Process] = field(default_factory=deque)
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.size)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._idle:
            await _end(self._idle.pop())

    async def read(self, path: Path, filename: str) -> ArchiveFacts:
        """Read one archive; a reader that breaks its deadline or dies makes that the archive's fault."""
        async with self._slots:
            process = self._idle.pop() if self._idle else await _start()
            seconds = self.deadline + _size(path) // BYTES_PER_SECOND
            try:
                async with asyncio.timeout(seconds):
                    facts = await _ask(process, path, filename)
            except TimeoutError:
                await _end(process)
                return ArchiveFacts(fault=f"reading it takes longer than {seconds:g} seconds")
            except (EOFError, ConnectionError, ValueError):
                await _end(process)
                return ArchiveFacts(fault="reading it takes more memory than is allowed")
            except BaseException:  # cancelled in the middle: the next caller must not get this one's answer
                await _end(process)
                raise
            self._idle.append(process)
            return facts


def _size(path: Path) -> int:
    return path.stat().st_size


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "registry_service.archives"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LINE_LIMIT,
    )


async def _ask(process: asyncio.subprocess.Process, path: Path, filename: str) -> ArchiveFacts:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(json.dumps({"path": str(path), "filename": filename}).encode() + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise EOFError
    facts = json.loads(line)
    metadata = None if facts["metadata"] is None else base64.b64decode(facts["metadata"])
    oddities = tuple((Oddity(oddity), member) for oddity, member in facts["oddities"])
    return ArchiveFacts(tuple(facts["roots"]), metadata, tuple(facts["missing"]), oddities, facts["fault"])


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        try:
            process.kill()
        except ProcessLookupError:  # it ended by itself in between
            return
    await process.wait()
