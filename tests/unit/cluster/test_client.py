"""A client outside the cluster: names lead to the ingress, and the machine's own file stays as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.client import client_command, hosts_file, inside, run_as_client
from tests.cluster.description import Cluster

LOOK = "import socket, sys; print(socket.gethostbyname(sys.argv[1]))"


def a_cluster(ingress_address: str | None) -> Cluster:
    return Cluster("single-node", Path("/k"), Path("/bin/kubectl"), Path("/bin/helm"), "registry.test", ingress_address)


def test_added_names_win_over_the_machines_own() -> None:
    assert hosts_file("127.0.0.1 localhost\n", "198.18.254.2", ["a.test", "b.test"]) == (
        "198.18.254.2 a.test b.test\n127.0.0.1 localhost\n"
    )
    assert hosts_file("127.0.0.1 localhost\n", "198.18.254.2", []) == "127.0.0.1 localhost\n"


def test_anyone_but_root_gets_a_user_namespace_to_mount_in() -> None:
    assert "--map-root-user" in inside(Path("/hosts"), ["true"], root=False)
    assert "--map-root-user" not in inside(Path("/hosts"), ["true"], root=True)


def test_without_an_ingress_address_the_machines_resolver_is_asked() -> None:
    with client_command(a_cluster(None), ["curl", "x"], hosts=["x"]) as command:
        assert command == ["curl", "x"]


def test_the_program_finds_the_host_and_the_machine_does_not() -> None:
    if subprocess.run(["unshare", "--mount", "true"], check=False, timeout=20).returncode:
        pytest.skip("this machine lets nobody make a mount namespace")
    before = Path("/etc/hosts").read_text()
    argv = [sys.executable, "-c", LOOK, "web--team-a.registry.test"]
    done = run_as_client(
        a_cluster("198.18.254.2"), argv, env=dict(os.environ), hosts=["web--team-a.registry.test"], timeout=20
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "198.18.254.2\n", "")
    assert Path("/etc/hosts").read_text() == before
