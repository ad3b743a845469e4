"""What the tool writes for other programs to read."""

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.cluster.addons import ingress, resolver, storage
from tests.cluster.certificates import Authority, Pair
from tests.cluster.control_plane import ControlPlane
from tests.cluster.credentials import Credentials
from tests.cluster.isolation import Isolation
from tests.cluster.kind import with_base_domain
from tests.cluster.node import Node


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    made = Pair(tmp_path / "tls.crt", tmp_path / "tls.key")
    made.certificate.write_text("certificate")
    made.key.write_text("key")
    return made


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    made = Credentials(Authority(tmp_path / "certificates", dt.datetime.now(dt.UTC)), tmp_path)
    made.prepare()
    return made


def test_every_object_of_the_addons_names_its_kind_once(pair: Pair) -> None:
    manifests = [
        *resolver.manifests("coredns:1", "registry.test", "198.18.254.2"),
        *ingress.Ingress("traefik:1", "198.18.254.2", pair).manifests(),
        *storage.manifests("folders"),
    ]
    names = [(m["kind"], json.dumps(m["metadata"], sort_keys=True)) for m in manifests]
    assert len(set(names)) == len(names)
    assert all(m["apiVersion"] for m in manifests)


def test_the_resolver_answers_the_tests_domain_with_the_ingress() -> None:
    text = resolver.corefile("registry.test", "198.18.254.2")
    assert 'answer "{{ .Name }} 5 IN A 198.18.254.2"' in text
    assert text.count("{") == text.count("}")


def test_kinds_corefile_gets_the_domain_once() -> None:
    before = ".:53 {\n    errors\n    kubernetes cluster.local {\n    }\n}\n"
    after = with_base_domain(before, "registry.test", "172.18.0.2")
    assert "IN A 172.18.0.2" in after
    assert with_base_domain(after, "registry.test", "172.18.0.2") == after


def test_every_program_of_the_node_runs_inside_the_isolation(tmp_path: Path, credentials: Credentials) -> None:
    isolation = Isolation()
    plane = ControlPlane(tmp_path, tmp_path, isolation, credentials)
    node = Node(tmp_path, tmp_path, isolation, credentials, "localhost/pause:1")
    daemons = [*plane.daemons(), *node.daemons()]
    assert all(daemon.argv[:3] == isolation.enter()[:3] for daemon in daemons)
    assert len({daemon.name for daemon in daemons}) == len(daemons) == 8


def test_a_node_with_another_pause_image_restarts_its_runtime_alone(tmp_path: Path, credentials: Credentials) -> None:
    before, after = (Node(tmp_path, tmp_path, Isolation(), credentials, f"pause:{number}") for number in (1, 2))
    changed = [
        old.name
        for old, new in zip(before.daemons(), after.daemons(), strict=True)
        if old.fingerprint != new.fingerprint
    ]
    assert changed == ["containerd"]
