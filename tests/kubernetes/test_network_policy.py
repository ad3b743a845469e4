"""The walls between pods: as objects on every cluster, and as walls where the cluster enforces them.

Whether it does is asked of a pod behind a policy that lets nobody in. Where it does not, what stands behind the
wall must hold: PostgreSQL, the store and the sync port each ask for a credential.
"""

import json
from typing import Any

import pytest

from registry_operator.planning.installation import OPERATOR_LABELS
from tests.cluster.description import Cluster
from tests.kubernetes.conftest import MakeNamespace
from tests.support.installation import NAMESPACE, Installation
from tests.support.kubernetes import REGISTRY, Namespace, Object

pytestmark = [pytest.mark.cluster, pytest.mark.hostile]

SOON = 30.0
COMPONENT = "app.kubernetes.io/component"
WALLS = {"base": "service", "base-postgresql": "postgresql", "base-object-store": "object-store"}
WAIT = "import signal; signal.sigwait({signal.SIGTERM})"
LISTEN = "import http.server as h; h.ThreadingHTTPServer(('', 8080), h.SimpleHTTPRequestHandler).serve_forever()"
# For each (host, port): None when no connection comes about, else what a stranger is told.
KNOCK = """
import http.client, json, socket, ssl, struct, sys

def ask(host, port):
    try:
        connection = socket.create_connection((host, port), timeout=3)
    except OSError:
        return None
    with connection:
        connection.settimeout(5)
        if port == 5432:
            body = struct.pack("!i", 196608) + b"user\\0registry\\0database\\0registry\\0\\0"
            connection.sendall(struct.pack("!i", len(body) + 4) + body)
            reply = connection.recv(9)
            return [reply[:1].decode(), struct.unpack("!i", reply[5:9])[0]]
    if port == 8081:
        context = ssl._create_unverified_context()
        client = http.client.HTTPSConnection(host, port, timeout=5, context=context)
    else:
        client = http.client.HTTPConnection(host, port, timeout=5)
    client.request("GET", "/sync/v1/sets" if port == 8081 else "/packages")
    return client.getresponse().status

print(json.dumps([ask(host, port) for host, port in json.loads(sys.argv[1])]))
"""


def walls(namespace: Namespace) -> dict[str, Object]:
    found = namespace.find("networkpolicies", labels="app.kubernetes.io/instance=base")
    return {body["metadata"]["name"]: body for body in found}


def test_every_pod_of_a_registry_stands_behind_its_wall(walled: Namespace) -> None:
    """3.7/145: who is behind which policy, as the API server itself selects."""
    found = walls(walled)
    assert set(found) == set(WALLS)
    for name, component in WALLS.items():
        spec = found[name]["spec"]
        assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
        terms = [f"{key}={item}" for key, item in spec["podSelector"].get("matchLabels", {}).items()]
        terms += [
            f"{one['key']} in ({','.join(one['values'])})" for one in spec["podSelector"].get("matchExpressions", [])
        ]
        pods = walled.find("pods", labels=",".join(terms))
        assert {pod["metadata"]["labels"][COMPONENT] for pod in pods} - {"migration"} == {component}


def test_the_sync_port_is_the_operators_and_the_parts_reach_nothing(
    installation: Installation, walled: Namespace
) -> None:
    """3.7/145: the peers, as the cluster stored them, select the operator's real pod."""
    found = walls(walled)
    sync = [rule for rule in found["base"]["spec"]["ingress"] if rule["ports"][0]["port"] == 8081]
    (peer,) = sync[0]["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": NAMESPACE}
    assert peer["podSelector"]["matchLabels"] == dict(OPERATOR_LABELS)
    labels = ",".join(f"{key}={item}" for key, item in OPERATOR_LABELS.items())
    assert len(installation.namespace.find("pods", labels=labels)) == 1
    for name in ("base-postgresql", "base-object-store"):
        assert "egress" not in found[name]["spec"]
    resolvers = [item["ipBlock"]["cidr"] for item in found["base"]["spec"]["egress"][0]["to"] if "ipBlock" in item]
    assert resolvers, "the operator told its own DNS server"


def test_the_operator_stands_behind_a_wall_of_its_own(installation: Installation, walled: Namespace) -> None:
    """3.7/145: nobody reaches it, and of all pods it reaches those of registries at their sync port alone."""
    (policy,) = installation.namespace.find("networkpolicies", labels="app.kubernetes.io/component=operator")
    spec = policy["spec"]
    labels = ",".join(f"{key}={item}" for key, item in spec["podSelector"]["matchLabels"].items())
    assert len(installation.namespace.find("pods", labels=labels)) == 1
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    assert "ingress" not in spec
    ports = [[port["port"] for port in rule["ports"]] for rule in spec["egress"]]
    assert ports == [[53, 53, 5353, 5353], [443, 6443], [8081]]
    (peer,) = spec["egress"][2]["to"]
    chosen = ",".join(f"{key}={item}" for key, item in peer["podSelector"]["matchLabels"].items())
    assert {pod["metadata"]["labels"][COMPONENT] for pod in walled.find("pods", labels=chosen)} == {"service"}


def test_a_wall_that_is_torn_down_stands_again_and_goes_when_it_is_not_wanted(walled: Namespace) -> None:
    """3.7/145: policies are children like all others; `type: None` makes none."""
    walled("delete", "networkpolicy/base-postgresql")
    walled.wait_for("networkpolicy", "base-postgresql", lambda _: True, seconds=SOON, until="made again")

    def wish(kind: str) -> None:
        change = json.dumps({"spec": {"networkPolicy": {"type": kind}}})
        walled("patch", f"{REGISTRY}/base", "--type=merge", "-p", change)

    wish("None")
    walled.eventually(lambda: None if walls(walled) else {}, seconds=SOON, until="no policies")
    wish("Restricted")
    walled.eventually(lambda: {} if set(walls(walled)) == set(WALLS) else None, seconds=SOON, until="policies again")
    walled.wait_for_condition(REGISTRY, "base", "Ready", seconds=60)


def pod(cluster: Cluster, name: str, program: str) -> Object:
    container = {"name": "c", "image": cluster.images["service"], "command": ["python3", "-c", program]}
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def address(namespace: Namespace, labels: str) -> str:
    (found,) = namespace.find("pods", labels=labels)
    return str(found["status"]["podIP"])


def test_a_stranger_gets_to_the_public_port_only(
    cluster: Cluster, walled: Namespace, make_fresh_namespace: MakeNamespace
) -> None:
    """3.7/145: a pod of another team, against PostgreSQL, the store, the sync port and the public one."""
    stranger = make_fresh_namespace("stranger")
    closed = {"podSelector": {"matchLabels": {"app": "closed"}}, "policyTypes": ["Ingress"]}
    stranger.apply(
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "closed"}, "spec": closed},
        pod(cluster, "closed", LISTEN),
        pod(cluster, "stranger", WAIT),
    )
    stranger("wait", "pod/closed", "pod/stranger", "--for=condition=Ready", "--timeout=90s", seconds=100)
    ports = {"postgresql": 5432, "object-store": 9000, "service": 8081}
    targets: list[tuple[str, int]] = [(address(stranger, "app=closed"), 8080)]
    targets += [(address(walled, f"{COMPONENT}={name}"), port) for name, port in ports.items()]
    targets += [(targets[-1][0], 8080)]
    said = stranger("exec", "pod/stranger", "--", "python3", "-c", KNOCK, json.dumps(targets))
    probe, database, store, sync, public = json.loads(said)
    assert public == 404, "the public port is everybody's"
    enforced = probe is None
    print(f"this cluster {'enforces' if enforced else 'does not enforce'} NetworkPolicies")
    refused: list[Any] = [["R", 10], 403, 401]  # Any: PostgreSQL wants SASL, the store and the sync port credentials
    assert [database, store, sync] == ([None] * 3 if enforced else refused)
