"""The single node's own network and mounts: what it does inside, the machine never sees, and both go when it goes.

Every program of the node runs in one network namespace (its rules, bridges and addresses) and one mount namespace
(containers' root file systems, volumes, the pods' own network namespaces). Removing the two removes all of it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import addresses
from tests.cluster.commands import CommandFailedError, run, succeeds

_SECONDS = 20.0
# The tool's folders that programs of the node expect at fixed places: private to it, and empty at first.
_PRIVATE_FOLDERS = ("/run/netns", "/run/containerd", "/var/lib/cni")
# Slave: the machine's unmounts reach the node, so that it holds nothing busy. Then shared: as a kubelet expects.
_ENTER_MOUNTS = """
set -eu
mount --make-rshared /
for folder in "$@"; do mkdir -p "$folder"; mount -t tmpfs -o mode=755 tmpfs "$folder"; done
"""
_CONFIGURE_NETWORK = """
set -eu
ip link set lo up
ip address replace {node}/{prefix} dev eth0
ip link set eth0 up
ip route replace default via {host}
echo 1 > /proc/sys/net/ipv4/ip_forward
"""


@dataclass(frozen=True, slots=True)
class Isolation:
    """The namespaces of the one cluster of this machine."""

    name: str = "pypi-registry"
    link: str = "pypi-registry0"

    @property
    def network(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def mounts(self) -> Path:
        return Path("/run/pypi-registry-cluster/mounts")

    def enter(self, *argv: str | Path) -> tuple[str, ...]:
        """The command that runs `argv` inside; nsenter becomes it, so that its number is the program's."""
        return ("nsenter", f"--net={self.network}", f"--mount={self.mounts}", "--", *(str(word) for word in argv))

    def exists(self) -> bool:
        """Whether both namespaces are there and the machine's end of the link too."""
        return is_mounted(self.network) and is_mounted(self.mounts) and self._link_exists()

    def create(self) -> None:
        """Make both namespaces and the link between the machine and the node. Raises CommandFailedError."""
        self._create_network()
        self._create_mounts()

    def remove(self) -> None:
        """Remove what `create` made, or what is left of it; the namespaces' programs have ended before."""
        if self._link_exists():
            run(["ip", "link", "delete", self.link], timeout=_SECONDS)
        if self.network.exists():
            run(["ip", "netns", "delete", self.name], timeout=_SECONDS)
        folder = self.mounts.parent
        for place in (self.mounts, folder):
            while is_mounted(place):
                run(["umount", place], timeout=_SECONDS)
        if folder.exists():
            self.mounts.unlink(missing_ok=True)
            folder.rmdir()

    def members(self) -> set[int]:
        """The processes in the network namespace."""
        if not is_mounted(self.network):
            return set()
        wanted = self.network.stat().st_ino
        return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _net(entry) == wanted}

    def _link_exists(self) -> bool:
        # Asked of the kernel: /sys may show another network namespace than ours.
        return succeeds(["ip", "link", "show", "dev", self.link], timeout=_SECONDS)

    def _create_network(self) -> None:
        run(["ip", "netns", "add", self.name], timeout=_SECONDS)
        link = ["ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name]
        run(link, timeout=_SECONDS)
        run(["ip", "address", "add", f"{addresses.HOST}/{addresses.LINK_PREFIX}", "dev", self.link], timeout=_SECONDS)
        run(["ip", "link", "set", self.link, "up"], timeout=_SECONDS)
        script = _CONFIGURE_NETWORK.format(node=addresses.NODE, prefix=addresses.LINK_PREFIX, host=addresses.HOST)
        run(["nsenter", f"--net={self.network}", "sh", "-c", script], timeout=_SECONDS)

    def _create_mounts(self) -> None:
        # A namespace can only be kept by a file on a mount that propagates nowhere.
        folder = self.mounts.parent
        folder.mkdir(exist_ok=True)
        run(["mount", "--bind", folder, folder], timeout=_SECONDS)
        run(["mount", "--make-private", folder], timeout=_SECONDS)
        self.mounts.touch()
        script = ["sh", "-c", _ENTER_MOUNTS, "sh", *_PRIVATE_FOLDERS]
        _on_some_processor(["unshare", f"--mount={self.mounts}", "--propagation", "slave", *script])


def _on_some_processor(argv: list[str]) -> None:
    """Run a command on one processor after the other, until it succeeds on one. Raises CommandFailedError.

    The kernel keeps a mount namespace only inside one with a lower number (mnt_ns_loop), and since Linux 6.18 each
    processor numbers from a range of its own: where this process is itself in a young namespace, as in a container,
    only some processors make one that can be kept.
    """
    *others, last = sorted(os.sched_getaffinity(0))
    for processor in others:
        with suppress(CommandFailedError):
            run(["taskset", "--cpu-list", str(processor), *argv], timeout=_SECONDS)
            return
    run(["taskset", "--cpu-list", str(last), *argv], timeout=_SECONDS)


def is_mounted(path: Path) -> bool:
    """Whether something is mounted exactly there."""
    mounts = Path("/proc/self/mountinfo").read_text()
    # The fifth field is the mount point (proc_pid_mountinfo(5)).
    return any(line.split()[4] == str(path) for line in mounts.splitlines())


def _net(process: Path) -> int | None:
    try:
        return (process / "ns" / "net").stat().st_ino
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        # Ended meanwhile, or guarded even from root, as a container's first process may be: then not ours.
        return None
