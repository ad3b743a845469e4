"""The control groups under which the kubelet puts its pods: ours alone, so that they can be emptied and removed.

Works with version 1, where each controller is a hierarchy of its own, with version 2, and with both at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

_REMOVE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """The group `name` in every hierarchy mounted under `root`."""

    name: str
    root: Path = Path("/sys/fs/cgroup")

    def create(self) -> None:
        """Make the group everywhere. In version 1 a cpuset takes no process before it is given processors."""
        for hierarchy in self._hierarchies():
            group = hierarchy / self.name
            group.mkdir(exist_ok=True)
            for setting in ("cpuset.cpus", "cpuset.mems"):
                if (group / setting).exists() and (hierarchy / setting).exists():
                    (group / setting).write_text((hierarchy / setting).read_text())

    def members(self) -> set[int]:
        """The processes in the group and under it."""
        lists = [path for group in self._groups() for path in group.rglob("cgroup.procs")]
        return {int(number) for path in lists for number in path.read_text().split()}

    def remove(self) -> None:
        """Remove the group, whose processes have ended; the kernel may take a moment to see them gone.

        Raises OSError when it still holds a process after ten seconds.
        """
        deadline = time.monotonic() + _REMOVE_SECONDS
        while groups := self._groups():
            try:
                for group in groups:
                    _remove(group)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _hierarchies(self) -> list[Path]:
        if (self.root / "cgroup.procs").exists():
            return [self.root]
        found = [path for path in self.root.iterdir() if path.is_dir() and not path.is_symlink()]
        return [path for path in found if (path / "cgroup.procs").exists()]

    def _groups(self) -> list[Path]:
        return [group for hierarchy in self._hierarchies() if (group := hierarchy / self.name).exists()]


def _remove(group: Path) -> None:
    for child in group.iterdir():
        if child.is_dir():
            _remove(child)
    group.rmdir()
