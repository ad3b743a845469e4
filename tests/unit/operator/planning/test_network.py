"""Who reaches whom when a registry's policies are enforced, judged by the rules of the API itself."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pytest

from registry_operator.planning.installation import OPERATOR_LABELS, Installation
from registry_operator.planning.network import Address, database_addresses, policies, storage_address
from registry_operator.planning.observed import Manifest, RegistryObservation, Workload
from registry_operator.planning.registry_plan import plan
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import (
    EXTERNAL,
    EXTERNAL_SECRETS,
    INSTALLATION,
    MANAGED,
    NOW,
    Spec,
    fresh,
    registry,
    secrets_of,
    serving,
)

NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Peer:
    """A pod, or with an address alone something outside the cluster."""

    namespace: str = ""
    labels: Mapping[str, str] | None = None
    address: str = "203.0.113.9"


def part(component: str, *, instance: str = "pypi", namespace: str = "team-a") -> Peer:
    """A pod of a registry, with exactly the labels that its template gives it."""
    wanted = registry(name=instance, namespace=namespace)
    found = [body["spec"]["template"]["metadata"]["labels"] for body in _with_pods(wanted)]
    (labels,) = (item for item in found if item["app.kubernetes.io/component"] == component)
    return Peer(namespace, labels)


def _with_pods(wanted: PyPIRegistry) -> list[Manifest]:
    migrating = plan(wanted, INSTALLATION, replace(serving(wanted), migration=None), NOW)
    done = plan(wanted, INSTALLATION, serving(wanted), NOW)
    return [body for body in (*done.apply, *migrating.create) if "template" in body.get("spec", {})]


SERVICE, MIGRATION = part("service"), part("migration")
DATABASE, STORE = part("postgresql"), part("object-store")
OPERATOR = Peer("pypi-system", {**OPERATOR_LABELS, "app.kubernetes.io/instance": "release"})
STRANGER = Peer("team-b", {"app": "anything"})
NEIGHBOUR = Peer("team-a", {"app": "build"})
IMPOSTOR = Peer("team-b", SERVICE.labels)
FALSE_OPERATOR = Peer("team-b", OPERATOR.labels)
TWIN = part("service", instance="other")
DNS, DNS_OUTSIDE = Peer("kube-system", {"k8s-app": "kube-dns"}), Peer(address="198.18.10.10")
INTERNET = Peer()
API_SERVER = Peer(address="198.18.0.1")


def selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """A label selector, as far as policies use it."""
    requirements = selector.get("matchExpressions", [])
    assert all(requirement["operator"] == "In" for requirement in requirements)
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(requirement["key"]) in requirement["values"] for requirement in requirements
    )


def is_peer(rule: Manifest, peer: Peer, home: str) -> bool:
    if "ipBlock" in rule:
        return ipaddress.ip_address(peer.address) in ipaddress.ip_network(rule["ipBlock"]["cidr"])
    if peer.labels is None:
        return False
    in_namespace = peer.namespace == home
    if "namespaceSelector" in rule:
        in_namespace = selects(rule["namespaceSelector"], {NAME: peer.namespace})
    return in_namespace and selects(rule.get("podSelector", {}), peer.labels)


def one_way(made: Iterable[Manifest], pod: Peer, peer: Peer, port: tuple[str, int], *, way: str) -> bool:
    """Whether the policies of `pod` let it be reached (`ingress`) or let it reach (`egress`) a peer."""
    found = [body for body in made if body["metadata"]["namespace"] == pod.namespace]
    found = [body for body in found if selects(body["spec"]["podSelector"], pod.labels or {})]
    if not found:
        return True
    direction = "from" if way == "ingress" else "to"
    protocol, number = port
    rules = [rule for body in found for rule in body["spec"][way]]
    return any(
        ("ports" not in rule or {"protocol": protocol, "port": number} in rule["ports"])
        and (direction not in rule or any(is_peer(item, peer, pod.namespace) for item in rule[direction]))
        for rule in rules
    )


def reaches(source: Peer, target: Peer, port: int, *, spec: Spec | None = None, protocol: str = "TCP") -> bool:
    """Whether a connection is let out by the source's policies and in by the target's."""
    wanted = registry(spec or {})
    made = policies(wanted, INSTALLATION, fresh(wanted))
    way = (protocol, port)
    return one_way(made, source, target, way, way="egress") and one_way(made, target, source, way, way="ingress")


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("source", "target", "port", "allowed"),
    [
        (STRANGER, SERVICE, 8080, True),
        (INTERNET, SERVICE, 8080, True),
        (OPERATOR, SERVICE, 8081, True),
        (STRANGER, SERVICE, 8081, False),
        (FALSE_OPERATOR, SERVICE, 8081, False),
        (Peer("pypi-system", {"app": "other"}), SERVICE, 8081, False),
        (NEIGHBOUR, SERVICE, 8081, False),
        (INTERNET, SERVICE, 8081, False),
        (STRANGER, SERVICE, 9090, True),
        (INTERNET, SERVICE, 9090, False),
        (STRANGER, SERVICE, 22, False),
        (SERVICE, DATABASE, 5432, True),
        (MIGRATION, DATABASE, 5432, True),
        (SERVICE, STORE, 9000, True),
        (MIGRATION, STORE, 9000, True),
        (NEIGHBOUR, DATABASE, 5432, False),
        (NEIGHBOUR, STORE, 9000, False),
        (IMPOSTOR, DATABASE, 5432, False),
        (TWIN, DATABASE, 5432, False),
        (TWIN, STORE, 9000, False),
        (OPERATOR, DATABASE, 5432, False),
        (SERVICE, part("postgresql", instance="other"), 5432, False),
        (SERVICE, part("postgresql", namespace="team-b"), 5432, False),
        (SERVICE, DNS, 53, True),
        (SERVICE, DNS, 5353, True),
        (SERVICE, DNS_OUTSIDE, 53, True),
        (SERVICE, INTERNET, 53, False),
        (SERVICE, INTERNET, 443, False),
        (SERVICE, INTERNET, 5432, False),
        (SERVICE, API_SERVER, 443, False),
        (SERVICE, API_SERVER, 6443, False),
        (SERVICE, STRANGER, 80, False),
        (MIGRATION, INTERNET, 443, False),
        (DATABASE, DNS, 53, False),
        (DATABASE, INTERNET, 443, False),
        (STORE, INTERNET, 443, False),
    ],
)
def test_who_reaches_whom(source: Peer, target: Peer, port: int, *, allowed: bool) -> None:
    """3.7/145: from each place, to each port."""
    assert reaches(source, target, port) is allowed


def test_dns_goes_over_both_protocols() -> None:
    assert reaches(SERVICE, DNS, 53, protocol="UDP")
    assert not reaches(SERVICE, INTERNET, 53, protocol="UDP")
    assert not reaches(SERVICE, DATABASE, 5432, protocol="UDP")


def test_a_database_and_a_store_outside_are_reached_at_their_ports_only() -> None:
    assert reaches(SERVICE, INTERNET, 5432, spec=EXTERNAL)
    assert reaches(MIGRATION, INTERNET, 443, spec=EXTERNAL)
    assert not reaches(SERVICE, INTERNET, 80, spec=EXTERNAL)
    more = EXTERNAL | {"networkPolicy": {"egressPorts": [9000]}}
    assert reaches(SERVICE, INTERNET, 9000, spec=more)
    assert not reaches(SERVICE, INTERNET, 9001, spec=more)


def test_metrics_may_be_kept_to_one_namespace() -> None:
    spec = {"networkPolicy": {"monitoringNamespace": "monitoring"}}
    assert reaches(Peer("monitoring", {}), SERVICE, 9090, spec=spec)
    assert not reaches(STRANGER, SERVICE, 9090, spec=spec)


def test_an_operator_outside_the_cluster_still_reaches_the_sync_port() -> None:
    wanted = registry()
    outside = Installation("service", "postgresql", "object-store")
    made = policies(wanted, outside, fresh(wanted))
    assert one_way(made, SERVICE, INTERNET, ("TCP", 8081), way="ingress")


def test_none_makes_none_and_clears_the_former_ones_away_at_once() -> None:
    wanted = registry({"networkPolicy": {"type": "None"}})
    made = plan(wanted, INSTALLATION, fresh(wanted), NOW)
    assert not [body for body in made.apply if body["kind"] == "NetworkPolicy"]
    assert "NetworkPolicy" in made.prunable


def names(spec: Spec, observed: RegistryObservation) -> list[str]:
    return [body["metadata"]["name"] for body in policies(registry(spec), INSTALLATION, observed)]


def test_a_managed_part_keeps_its_wall_until_it_is_gone() -> None:
    running = Workload(1, 1, settled=True)
    wanted = registry(EXTERNAL)
    assert names(MANAGED, fresh(registry())) == ["pypi", "pypi-postgresql", "pypi-object-store"]
    assert names(EXTERNAL, fresh(wanted, database=running)) == ["pypi", "pypi-postgresql"]
    assert names(EXTERNAL, fresh(wanted, object_store=running)) == ["pypi", "pypi-object-store"]
    assert names(EXTERNAL, fresh(wanted)) == ["pypi"]


@pytest.mark.parametrize(
    ("content", "addresses"),
    [
        ({"uri": "postgresql://u:p@h/d"}, [("h", 5432)]),
        ({"uri": "postgresql://u:p:1@h:6432/d?sslmode=require"}, [("h", 6432)]),
        (
            {"uri": "postgresql://u:p@h1:5433,h2,[fd00::1]:5434/d"},
            [("h1", 5433), ("h2", 5432), ("[fd00::1]", 5434)],
        ),
        ({"uri": "postgresql://h:99999"}, [("h", 5432)]),
        ({"uri": "host=h port=1"}, [("", 5432)]),
        ({"host": "h", "port": "6432"}, [("h", 6432)]),
        ({"host": "h,i", "port": "1"}, [("h", 1), ("i", 1)]),
        ({"host": "h,i", "port": "1,2"}, [("h", 1), ("i", 2)]),
        ({"host": "h", "port": "²"}, [("h", 5432)]),
        ({"host": "h"}, [("h", 5432)]),
    ],
)
def test_the_databases_addresses_are_those_of_its_secret(
    content: dict[str, str], addresses: list[tuple[str, int]]
) -> None:
    wanted = registry(EXTERNAL)
    found = database_addresses(wanted, secrets_of(wanted, EXTERNAL_SECRETS | {"db": content}))
    assert [(address.host, address.port) for address in found] == addresses


def test_a_secret_that_is_missing_names_no_address() -> None:
    assert database_addresses(registry(EXTERNAL), {}) == ()


def with_endpoint(endpoint: str) -> Spec:
    return EXTERNAL | {"storage": {"type": "S3", "s3": EXTERNAL["storage"]["s3"] | {"endpoint": endpoint}}}


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("https://s3.example", Address("s3.example", 443)),
        ("http://store.team-a.svc", Address("store.team-a.svc", 80)),
        ("http://store.team-a.svc:9000", Address("store.team-a.svc", 9000)),
        ("https://[fd00::1]:9443", Address("fd00::1", 9443)),
        ("https://s3.example:99999", Address("s3.example", 443)),
    ],
)
def test_the_stores_address_is_its_endpoints(endpoint: str, address: Address) -> None:
    bucket = registry(with_endpoint(endpoint)).spec.storage.s3
    assert bucket is not None
    assert storage_address(bucket) == address


@pytest.mark.parametrize(
    ("host", "namespace"),
    [
        ("store", "team-a"),
        ("store.storage", "storage"),
        ("store.storage.svc", "storage"),
        ("store.storage.svc.cluster.local", "storage"),
        ("s3.eu-1.example.com", None),
        ("198.18.0.7", None),
    ],
)
def test_a_store_behind_a_service_is_reached_at_its_pods_own_port(host: str, namespace: str | None) -> None:
    spec = with_endpoint(f"http://{host}")
    for place in ("storage", "eu-1"):
        assert reaches(SERVICE, Peer(place, {"app": "store"}), 8080, spec=spec) is (place == namespace)
    # The database of these specs is a Service of the own namespace.
    assert reaches(SERVICE, NEIGHBOUR, 8080, spec=spec)
    assert not reaches(SERVICE, INTERNET, 8080, spec=spec)


def test_every_policy_is_about_both_ways() -> None:
    wanted = registry(EXTERNAL)
    for body in policies(wanted, INSTALLATION, fresh(wanted)):
        assert body["spec"]["policyTypes"] == ["Ingress", "Egress"]
