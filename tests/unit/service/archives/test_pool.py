"""The pool of reader processes, with real ones: a hostile archive costs its own, and too many wait no longer.

What runs on the other side of the pipe, `archives.__main__`, gives up every right to write a file, coverage data
included: what it says is looked at here.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import time
from pathlib import Path

import pytest

from benchmarks import memory
from registry_service.archives import ArchivePool
from registry_service.archives.process import Reader, ReaderDiedError
from registry_service.errors import BusyError
from tests.support import odd_archives, packages
from tests.support.readers import held

pytestmark = pytest.mark.anyio

_FINE = packages.wheel()
_SLOW = odd_archives.crowded(99_000)
# Where another limit is tried than that of the clock, on a machine that does other things too.
_PATIENT = 60.0


async def test_a_process_is_replaced_after_so_many_archives(tmp_path: Path) -> None:
    path = _FINE.write_to(tmp_path)
    async with ArchivePool(size=1, archives_per_process=3) as pool:
        await pool.warm()
        seen: list[int] = []
        for _ in range(6):
            seen.append(*pool.processes)
            assert (await pool.read(path, path.name)).fault is None
    assert seen == [seen[0]] * 3 + [seen[3]] * 3
    assert seen[0] != seen[3]


async def test_a_process_that_takes_too_long_is_killed_and_replaced(tmp_path: Path) -> None:
    """3.2/49: the deadline is the archive's fault, and the next one finds a process that is warm."""
    slow, fine = _SLOW.write_to(tmp_path), _FINE.write_to(tmp_path)
    async with ArchivePool(size=1, deadline=0.3) as pool:
        await pool.warm()
        (killed,) = pool.processes
        assert "longer than 0.3 seconds" in ((await pool.read(slow, slow.name)).fault or "")
        (replaced,) = pool.processes
        assert (replaced != killed, _is_there(killed)) == (True, False)
    async with ArchivePool(size=1) as pool:
        assert (await pool.read(fine, fine.name)).fault is None


async def test_a_process_that_was_killed_is_the_archives_fault(tmp_path: Path) -> None:
    """3.2/49: the kernel's answer to a limit of memory or time is a signal."""
    path = _FINE.write_to(tmp_path)
    async with ArchivePool(size=1) as pool:
        await pool.warm()
        (pid,) = pool.processes
        os.kill(pid, signal.SIGKILL)
        assert "more memory or time" in ((await pool.read(path, path.name)).fault or "")
        assert (await pool.read(path, path.name)).fault is None


async def test_what_a_process_that_has_gone_is_asked_is_the_archives_fault(tmp_path: Path) -> None:
    path = _FINE.write_to(tmp_path)
    reader = await Reader.start()
    await reader.end()
    await reader.end()
    assert not reader.is_running
    with pytest.raises(ReaderDiedError):
        await reader.read(path, path.name, seconds=1)


async def test_processor_time_is_limited_for_each_archive(tmp_path: Path) -> None:
    """3.2/49: a process that the service does not kill ends by itself."""
    slow, fine = odd_archives.crowded(20_000).write_to(tmp_path), _FINE.write_to(tmp_path)
    async with ArchivePool(size=1, deadline=_PATIENT) as pool:
        await pool.read(fine, fine.name)
        (pid,) = pool.processes
        await pool.read(slow, slow.name)
        used, limit = memory.processor_seconds(pid), _cpu_limit(pid)
        assert used < limit <= used + pool.deadline + 2
        await pool.read(fine, fine.name)
        assert _cpu_limit(pid) >= limit


async def test_memory_is_limited(tmp_path: Path) -> None:
    """3.2/49: a gigabyte announced as one header costs nothing, a table of a hundred megabytes the reader's limit."""
    path = tmp_path / odd_archives.WHEEL
    record = b"".join(b"odd/%d.py,sha256=%032d,1\n" % (number, number) for number in range(600_000))
    whole = odd_archives.wheel_members(odd_archives.STEM, packages.metadata("odd", "1.0"))
    path.write_bytes(packages.zip_of({**whole, f"{odd_archives.STEM}.dist-info/RECORD": record}))
    async with ArchivePool(size=1, deadline=_PATIENT) as pool:
        assert (await pool.read(path, path.name)).fault == "reading it takes more memory than is allowed"
        assert (await pool.read(_FINE.write_to(tmp_path), _FINE.filename)).fault is None


async def test_too_many_that_wait_are_sent_away(tmp_path: Path) -> None:
    path = _FINE.write_to(tmp_path)
    async with ArchivePool(size=1, waiting=1) as pool, held(pool):
        reading, waiting = (asyncio.create_task(pool.read(path, path.name)) for _ in range(2))
        await asyncio.wait([reading, waiting], timeout=0.1)
        with pytest.raises(BusyError):
            await pool.read(path, path.name)
        for task in (reading, waiting):
            task.cancel()
        await asyncio.wait([reading, waiting])
        assert (await pool.read(path, path.name)).fault is None


async def test_nobody_waits_for_longer_than_an_answer_takes(tmp_path: Path) -> None:
    """The answer comes within ten seconds of the last byte: what would be read later is not begun."""
    path = _FINE.write_to(tmp_path)
    async with ArchivePool(size=1, deadline=9) as pool, held(pool):
        reading = asyncio.create_task(pool.read(path, path.name))
        await asyncio.wait([reading], timeout=0.1)
        began = time.monotonic()
        with pytest.raises(BusyError):
            await pool.read(path, path.name)
        assert 0.9 < time.monotonic() - began < 5
        reading.cancel()
        await asyncio.wait([reading])


async def test_a_reader_knows_no_secret_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that opens what strangers send is not handed what the service is trusted with."""
    monkeypatch.setenv("REGISTRY_S3_SECRET_KEY", "planted")
    async with ArchivePool(size=1) as pool:
        await pool.warm()
        (pid,) = pool.processes
        assert "planted" not in _proc(pid, "environ")


async def test_a_reader_writes_no_file(tmp_path: Path) -> None:
    path = _FINE.write_to(tmp_path)
    async with ArchivePool(size=1) as pool:
        await pool.read(path, path.name)
        (pid,) = pool.processes
        limits = {line[:15]: line.split()[-2] for line in _proc(pid, "limits").splitlines()}
        assert (limits["Max file size  "], limits["Max core file s"]) == ("0", "0")


async def test_what_is_cut_off_while_it_is_read_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "odd-1.0.tar.gz"
    path.write_bytes(gzip.compress(b"x" * 100)[:-9])
    async with ArchivePool(size=1) as pool:
        assert "cut off" in ((await pool.read(path, path.name)).fault or "")


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


def _cpu_limit(pid: int) -> int:
    return int(next(line for line in _proc(pid, "limits").splitlines() if line.startswith("Max cpu time")).split()[3])
