"""What a cluster's description says survives being written down."""

import dataclasses
from pathlib import Path

import pytest

from tests.cluster.description import Cluster, ClusterIsDownError, parse, read, render, write

FULL = Cluster(
    kind="single-node",
    kubeconfig=Path("/state/admin.kubeconfig"),
    kubectl=Path("/programs/kubectl"),
    helm=Path("/programs/helm"),
    base_domain="registry.test",
    ingress_address="198.18.254.2",
    ca_file=Path("/state/ca.crt"),
    ingress_class="traefik",
    images={"operator": "localhost/operator:1"},
)
LEAST = dataclasses.replace(FULL, ingress_address=None, ca_file=None, ingress_class=None, images={})


@pytest.mark.parametrize("cluster", [FULL, LEAST])
def test_it_reads_back_equal(cluster: Cluster, tmp_path: Path) -> None:
    assert parse(render(cluster)) == cluster
    write(tmp_path / "state" / "cluster.json", cluster)
    assert read(tmp_path / "state" / "cluster.json") == cluster


def test_without_one_the_way_to_get_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterIsDownError, match="make cluster-up"):
        read(tmp_path / "cluster.json")


def test_programs_started_with_its_environment_find_its_kubectl_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    environment = FULL.environment()
    assert environment["KUBECONFIG"] == "/state/admin.kubeconfig"
    assert environment["PATH"] == "/programs:/programs:/usr/bin"
