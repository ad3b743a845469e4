"""`helm test` of the operator's chart: what it renders, that it passes, and that it fails when the operator is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.cluster.commands import CommandFailedError, run
from tests.support import api_server as api_servers
from tests.support.installation import CHART, NAMESPACE, RELEASE, helm, install
from tests.support.kubernetes import Namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.description import Cluster
    from tests.support.api_server import ApiServer
    from tests.support.installation import Installation
    from tests.support.kubernetes import Object

_NAME = f"{RELEASE}-test"
_IMAGES = [f"--set=images.{part}.repository={part.lower()}" for part in ("operator", "service", "objectStore")]
_MEANWHILE = "serviceaccount,service,networkpolicy"


def _hook(*values: str) -> list[Object]:
    """What `helm test` makes."""
    flags = ["--show-only=templates/test.yaml", "--kube-version=1.35.0", f"--namespace={NAMESPACE}", *_IMAGES]
    chosen = [f"--set={value}" for value in values]
    text = run([api_servers.programs() / "helm", "template", RELEASE, str(CHART), *flags, *chosen], timeout=60)
    return list(yaml.safe_load_all(text))


def _pod(documents: list[Object]) -> Object:
    return next(body for body in documents if body["kind"] == "Pod")


def _ports(documents: list[Object]) -> set[int]:
    """Those of the operator that its policies open meanwhile."""
    specs = [body["spec"] for body in documents if body["kind"] == "NetworkPolicy"]
    rules = [rule for spec in specs for rule in (*spec["ingress"], *spec.get("egress", [])) if {"from", "to"} & {*rule}]
    return {port["port"] for rule in rules for port in rule["ports"]}


def _environment(documents: list[Object]) -> dict[str, str]:
    (container,) = _pod(documents)["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


def test_the_check_meets_the_restricted_standard_and_the_api_server_accepts_all_of_it(api_server: ApiServer) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    api_server.kubectl.apply(
        [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}]
    )
    here, documents = Namespace(api_server.kubectl, NAMESPACE), _hook()
    here("create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump_all(documents))
    pod = _pod(documents)
    del pod["spec"]["securityContext"]
    with pytest.raises(CommandFailedError, match="violates PodSecurity"):
        here("create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(pod))


def test_it_brings_no_rights_and_is_not_taken_for_the_operator() -> None:
    documents = _hook("watchNamespaces={team-a}")
    assert [body["kind"] for body in documents if "Role" in body["kind"]] == []
    assert {body["metadata"]["annotations"]["helm.sh/hook"] for body in documents} == {"test"}
    assert {body["metadata"]["name"] for body in documents} == {_NAME}, "helm looks for the log of each of them"
    selector = next(body for body in documents if body["kind"] == "Service")["spec"]["selector"]
    assert not selector.items() <= _pod(documents)["metadata"]["labels"].items()
    assert _pod(documents)["metadata"]["labels"]["app.kubernetes.io/component"] != "operator"


def test_its_pod_is_pulled_and_placed_as_the_operators() -> None:
    digest = "sha256:" + "0" * 64
    chosen = ("nodeSelector.disk=ssd", "tolerations[0].operator=Exists", "priorityClassName=high")
    spec = _pod(_hook(f"images.operator.digest={digest}", "imagePullSecrets[0].name=pull", *chosen))["spec"]
    assert spec["containers"][0]["image"] == f"operator@{digest}"
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    assert (spec["nodeSelector"], spec["priorityClassName"]) == ({"disk": "ssd"}, "high")
    assert spec["tolerations"] == [{"operator": "Exists"}]


def test_it_asks_for_metrics_only_where_there_are_some_and_opens_a_wall_only_where_one_is() -> None:
    documents, silent = _hook("replicas=2"), _hook("metrics.enabled=false")
    assert (_ports(documents), _ports(silent)) == ({8080, 9090}, {8080})
    assert (_environment(documents)["REPLICAS"], _environment(documents)["METRICS_PORT"]) == ("2", "9090")
    assert "METRICS_PORT" not in _environment(silent)
    assert {body["kind"] for body in _hook("networkPolicy.enabled=false")} == {"ServiceAccount", "Service", "Pod"}


@pytest.fixture
def changed(cluster: Cluster, installation: Installation) -> Iterator[Installation]:
    """The installation, which is as it was afterwards."""
    yield installation
    install(cluster)
    installation.namespace("scale", f"deployment/{RELEASE}", "--replicas=1")
    installation.namespace("rollout", "status", f"deployment/{RELEASE}", "--timeout=120s", seconds=150)


def _test(cluster: Cluster) -> str:
    return helm(cluster, "test", RELEASE, "--logs", "--timeout=180s", values_wanted=False)


@pytest.mark.cluster
def test_it_passes_with_one_operator_and_with_two_for_a_chosen_namespace(
    cluster: Cluster, changed: Installation
) -> None:
    assert "the operator works: pods that answer: 1, kinds that are served: 2" in _test(cluster)
    assert changed.namespace("get", _MEANWHILE, "-l", "app.kubernetes.io/component=test", "-o", "name") == ""
    install(cluster, "--set=replicas=2", f"--set=watchNamespaces={{{NAMESPACE}}}")
    assert "the operator works: pods that answer: 2" in _test(cluster)


@pytest.mark.cluster
def test_it_fails_when_the_operator_is_gone_and_says_so(cluster: Cluster, changed: Installation) -> None:
    changed.namespace("scale", f"deployment/{RELEASE}", "--replicas=0")
    changed.namespace("wait", "pod", "-l", "app.kubernetes.io/component=operator", "--for=delete", "--timeout=60s")
    with pytest.raises(CommandFailedError):
        _test(cluster)
    assert "a pod of the operator does not answer" in changed.namespace("logs", _NAME)
    assert changed.namespace("get", _MEANWHILE, "-l", "app.kubernetes.io/component=test", "-o", "name") == ""
