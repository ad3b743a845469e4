"""Memory, processor time and open files of a process and its children, as the kernel counts them."""

from __future__ import annotations

import os
from pathlib import Path

_KIB = 1024
_RESET_PEAK = "5"  # proc(5), clear_refs


def resident_bytes(pid: int) -> int:
    """What a process and its children hold in memory now."""
    return sum(_field(number, "VmRSS") for number in family(pid))


def proportional_bytes(pid: int) -> int:
    """What a process and its children hold, with each page that several processes share counted once (PSS)."""
    return sum(_proportional(number) for number in family(pid))


def peak_bytes(pid: int) -> int:
    """The most that each held since it began or since `forget_peak`, added up."""
    return sum(_field(number, "VmHWM") for number in family(pid))


def forget_peak(pid: int) -> None:
    """Let the peak be what is held now."""
    for number in family(pid):
        (_process(number) / "clear_refs").write_text(_RESET_PEAK)


def open_files(pid: int) -> int:
    """How many files, sockets and pipes a process and its children have open."""
    return sum(len(list((_process(number) / "fd").iterdir())) for number in family(pid))


def processor_seconds(pid: int) -> float:
    """How long a process and its children have run on a processor."""
    return sum(_processor_ticks(number) for number in family(pid)) / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and its children, by their ids."""
    children = [int(number) for task in (_process(pid) / "task").glob("*/children") for number in _read(task).split()]
    return [pid, *(number for child in children for number in family(child))]


def _proportional(pid: int) -> int:
    lines = _read(_process(pid) / "smaps_rollup").splitlines()
    return sum(int(line.split()[1]) * _KIB for line in lines if line.startswith("Pss:"))


def _read(path: Path) -> str:
    """Nothing, where a thread or a child has ended since it was listed."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _field(pid: int, name: str) -> int:
    lines = (_process(pid) / "status").read_text().splitlines()
    return next(int(line.split()[1]) * _KIB for line in lines if line.startswith(f"{name}:"))


def _process(pid: int) -> Path:
    return Path("/proc") / str(pid)


def _processor_ticks(pid: int) -> int:
    """The fields utime and stime; proc(5): the command's name before them may hold blanks."""
    fields = _read(_process(pid) / "stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
