"""What the single node needs from the operating system: installed when we may, named when we may not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cluster import console
from tests.cluster.commands import run

# Program → Debian package. Every one of them is called by name somewhere in this tool.
_PROGRAMS = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "nft": "nftables",
    "ip": "iproute2",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "taskset": "util-linux",
    "mount": "mount",
    "git": "git",
}
_FILES = {
    "/usr/lib/cni/ptp": "containernetworking-plugins",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}


class MissingPackagesError(RuntimeError):
    """Programs are missing that only the machine's administrator can install; the message holds the command."""


def missing() -> list[str]:
    """The Debian packages that provide what is not on this machine."""
    programs = {package for program, package in _PROGRAMS.items() if shutil.which(program) is None}
    files = {package for path, package in _FILES.items() if not Path(path).exists()}
    return sorted(programs | files)


def require() -> None:
    """Install the missing packages as root.

    Raises MissingPackagesError for anyone else, and where there is no Go to build Kubernetes with.
    """
    if os.geteuid() != 0:
        raise MissingPackagesError(_not_root(missing()))
    if packages := missing():
        with console.step(f"installing {' '.join(packages)}", usually="60 s"):
            _install(packages)
    if shutil.which("go") is None:
        raise MissingPackagesError(
            "Go 1.25 or newer is missing: Kubernetes is built with it. https://go.dev/doc/install"
        )


def _install(packages: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], timeout=300, env=environment)
    # Another installation on the machine holds a lock for as long as it takes.
    options = ["-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"]
    run(["apt-get", "install", *options, *packages], timeout=1500, env=environment)


def _not_root(packages: list[str]) -> str:
    sentence = (
        "without KUBECONFIG and without a Docker engine the cluster is a single node of this machine, which only root "
        "may start: it makes a network namespace and mounts"
    )
    return f"{sentence}\nand first: apt-get install -y {' '.join(packages)}" if packages else sentence
