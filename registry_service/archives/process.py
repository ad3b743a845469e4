"""A reader process as the service sees it: archives go in, facts come out, and it can be killed."""

import asyncio
import base64
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, cast

from registry_service.archives.limits import MAX_METADATA_BYTES
from registry_service.domain.archive import ArchiveFacts, Oddity

# Base64 of the largest metadata, and room for the rest of the line.
_LINE_LIMIT: Final = MAX_METADATA_BYTES * 4 // 3 + 64 * 1024 * 1024
# A process that opens what strangers send is not handed the credentials that the service keeps in its environment.
_HANDED_ON: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")


class ReaderDiedError(Exception):
    """The process ended in the middle of an archive, killed by one of its limits."""


@dataclass(slots=True)
class Reader:
    """One process, and how many archives it has read."""

    _process: asyncio.subprocess.Process
    archives: int = 0

    @classmethod
    async def start(cls) -> Self:
        """A new process; it warms up while the caller goes on."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "registry_service.archives"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_LIMIT,
            env={name: os.environ[name] for name in _HANDED_ON if name in os.environ},
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def read(self, path: Path, filename: str, *, seconds: float) -> ArchiveFacts:
        """Read one archive within so many seconds of processor time. Raises ReaderDiedError."""
        self.archives += 1
        question = json.dumps({"path": str(path), "filename": filename, "seconds": seconds})
        try:
            line = await self._exchange(question.encode() + b"\n")
        except ConnectionError:
            line = b""
        if not line:
            raise ReaderDiedError
        return _facts(line)

    async def end(self) -> None:
        """Kill the process, if it still runs, and wait until it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself in between
                self._process.kill()
        await self._process.wait()

    async def _exchange(self, line: bytes) -> bytes:
        questions = cast("asyncio.StreamWriter", self._process.stdin)  # cast: `start` asks for both pipes
        answers = cast("asyncio.StreamReader", self._process.stdout)  # cast: likewise
        questions.write(line)
        await questions.drain()
        return await answers.readline()


def _facts(line: bytes) -> ArchiveFacts:
    facts = json.loads(line)
    return ArchiveFacts(
        roots=tuple(facts["roots"]),
        metadata=None if facts["metadata"] is None else base64.b64decode(facts["metadata"]),
        missing=tuple(facts["missing"]),
        oddities=tuple((Oddity(oddity), member) for oddity, member in facts["oddities"]),
        fault=facts["fault"],
        tags=tuple(facts["tags"]),
    )
