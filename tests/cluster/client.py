"""Runs programs as a client outside the cluster sees it: the tests' host names lead to the ingress.

The machine's own /etc/hosts stays as it is: the program gets a mount namespace of its own, with another file there.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.cluster.description import Cluster

_ENTER = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'


def hosts_file(own: str, address: str, hosts: Sequence[str]) -> str:
    """The machine's hosts file with names added that lead to `address`; added first, so that they win."""
    return f"{address} {' '.join(hosts)}\n{own}" if hosts else own


def inside(hosts: Path, argv: Sequence[str], *, root: bool) -> list[str]:
    """The command that runs `argv` where `hosts` is /etc/hosts; anyone but root gets a user namespace too."""
    namespaces = ["--mount"] if root else ["--user", "--map-root-user", "--mount"]
    return ["unshare", *namespaces, "--propagation", "private", "sh", "-c", _ENTER, "sh", str(hosts), *argv]


@contextmanager
def client_command(cluster: Cluster, argv: Sequence[str], *, hosts: Sequence[str]) -> Iterator[list[str]]:
    """The command that runs `argv` as a client that finds `hosts` at the ingress; valid inside the `with` block."""
    if cluster.ingress_address is None:
        yield list(argv)
        return
    with tempfile.NamedTemporaryFile("w", prefix="hosts-") as file:
        file.write(hosts_file(Path("/etc/hosts").read_text(), cluster.ingress_address, hosts))
        file.flush()
        # Programs that give up root's rights still have to read it.
        Path(file.name).chmod(0o644)
        yield inside(Path(file.name), argv, root=os.geteuid() == 0)


def run_as_client(
    cluster: Cluster, argv: Sequence[str], *, env: Mapping[str, str], hosts: Sequence[str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a program outside the cluster to its end; the names in `hosts` lead to the cluster's ingress.

    `env` is the whole environment, `timeout` in seconds. The exit status is the caller's to judge.
    Raises subprocess.TimeoutExpired.
    """
    with client_command(cluster, argv, hosts=hosts) as command:
        return subprocess.run(command, env=dict(env), timeout=timeout, capture_output=True, text=True, check=False)
