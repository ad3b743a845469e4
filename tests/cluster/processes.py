"""Starts the node's long-running programs and knows them again in a later run.

A number alone names no process, since the kernel gives it to another one later: each is recorded with the time it
was started at, and with the hash of its configuration, so that a changed one is started anew.
"""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.content import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_AFTER_COMMAND_NAME = 2
_START_TIME = 21 - _AFTER_COMMAND_NAME
_PARENT = 3 - _AFTER_COMMAND_NAME
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for ever: its number, and its start in clock ticks since the machine started (proc_pid_stat(5))."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program to keep running; `configuration` is the text of the files it reads at its start."""

    name: str
    argv: tuple[str, ...]
    configuration: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        return digest([self.argv, self.configuration, sorted(self.environment.items())])


def stat_fields(stat: str) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second may itself hold spaces and brackets."""
    return stat[stat.rindex(")") + 2 :].split()


def identity(pid: int) -> Identity | None:
    """The process that has this number now, or None; a zombie no longer counts."""
    try:
        fields = stat_fields(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else Identity(pid, int(fields[_START_TIME]))


def parents() -> dict[int, int]:
    """The parent of every process on the machine."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = int(stat_fields((entry / "stat").read_text())[_PARENT])
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def descendants(roots: Iterable[int], parent_of: Mapping[int, int]) -> set[int]:
    """`roots` and every process that descends from them."""
    found = set(roots)
    grown = True
    while grown:
        children = {pid for pid, parent in parent_of.items() if parent in found} - found
        found |= children
        grown = bool(children)
    return found


@dataclass(frozen=True, slots=True)
class Processes:
    """The record of the started programs: a file for each in `records`, its output in `logs`."""

    records: Path
    logs: Path

    def running(self, daemon: Daemon) -> bool:
        """Whether this program runs, with this very configuration."""
        record = self._record(daemon.name)
        return record is not None and record[1] == daemon.fingerprint and identity(record[0].pid) == record[0]

    def alive(self) -> dict[str, Identity]:
        """The recorded programs that still run, whatever their configuration."""
        names = sorted(path.stem for path in self.records.glob("*.json"))
        records = {name: record for name in names if (record := self._record(name)) is not None}
        return {name: who for name, (who, _) in records.items() if identity(who.pid) == who}

    def start(self, daemon: Daemon) -> None:
        """Start a program, ending an older one of its name first; its output is appended to its log."""
        self.stop(daemon.name)
        for folder in (self.records, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        pid = os.posix_spawnp(
            daemon.argv[0],
            daemon.argv,
            {**os.environ, **daemon.environment},
            file_actions=_output_to(self.log(daemon.name)),
            setsid=True,
            setsigdef=[signal.SIGPIPE],
        )
        who = identity(pid)
        started = who.started if who is not None else 0
        record = {"pid": pid, "started": started, "fingerprint": daemon.fingerprint}
        (self.records / f"{daemon.name}.json").write_text(json.dumps(record))

    def stop(self, name: str) -> None:
        """End a recorded program if it still runs: politely, and after ten seconds for certain."""
        record = self._record(name)
        if record is not None:
            end([record[0]])
            (self.records / f"{name}.json").unlink()

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def log_end(self, name: str, *, lines: int = 15) -> str:
        """The last lines that a program wrote."""
        path = self.log(name)
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def _record(self, name: str) -> tuple[Identity, str] | None:
        try:
            values = json.loads((self.records / f"{name}.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return Identity(values["pid"], values["started"]), values["fingerprint"]


def _output_to(log: Path) -> list[tuple[int, int, str, int, int] | tuple[int, int, int]]:
    append = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    return [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]


def end(processes: Iterable[Identity], *, patience: float = _STOP_SECONDS) -> None:
    """Ask processes to end; those that still run after `patience` seconds are killed."""
    remaining = _signal(processes, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while remaining and time.monotonic() < deadline:
        time.sleep(0.05)
        remaining = [who for who in remaining if identity(who.pid) == who]
    remaining = _signal(remaining, signal.SIGKILL)
    deadline = time.monotonic() + patience
    while remaining and time.monotonic() < deadline:
        time.sleep(0.02)
        remaining = [who for who in remaining if identity(who.pid) == who]


def _signal(processes: Iterable[Identity], number: signal.Signals) -> list[Identity]:
    sent = []
    for who in processes:
        if identity(who.pid) == who:
            try:
                os.kill(who.pid, number)
            except ProcessLookupError:
                continue
            sent.append(who)
    return sent
