"""The chart as Helm and an API server see it: it renders, is valid, is restricted, and says what to do next."""

import json
from typing import Any

import pytest
import yaml

from tests.cluster.commands import CommandFailedError
from tests.cluster.description import Cluster
from tests.cluster.kubectl import Kubectl
from tests.kubernetes.conftest import fresh_name
from tests.support.installation import CHART, NAMESPACE, RELEASE, Installation, helm, values
from tests.support.kubernetes import make_namespace

pytestmark = pytest.mark.cluster
Document = dict[str, Any]  # Any: an object as it stands in YAML
IMAGES = ("operator", "service", "objectStore", "postgresql")


def rendered(cluster: Cluster, *arguments: str) -> list[Document]:
    """What an installation makes; `test_chart_hook.py` looks at what `helm test` does."""
    always = ("--kube-version=1.35.0", "--skip-tests", "--values=-")
    text = helm(cluster, "template", RELEASE, str(CHART), *always, *arguments)
    return [document for document in yaml.safe_load_all(text) if document]


def crds(documents: list[Document]) -> list[Document]:
    return [document for document in documents if document["kind"] == "CustomResourceDefinition"]


def policies(documents: list[Document]) -> list[str | None]:
    return [crd["metadata"].get("annotations", {}).get("helm.sh/resource-policy") for crd in crds(documents)]


def test_lint_finds_nothing(cluster: Cluster) -> None:
    helm(cluster, "lint", "--strict", str(CHART), "--values=-")


def test_the_api_server_accepts_everything_that_it_renders(installation: Installation, kubectl: Kubectl) -> None:
    documents = rendered(installation.cluster)
    assert len(crds(documents)) == 2
    kubectl(
        "apply",
        "--server-side",
        "--force-conflicts",
        "--dry-run=server",
        "-f",
        "-",
        stdin=yaml.safe_dump_all(documents),
    )


def test_the_definitions_stay_when_the_chart_goes_unless_told_otherwise(cluster: Cluster) -> None:
    assert policies(rendered(cluster)) == ["keep", "keep"]
    assert policies(rendered(cluster, "--set=crds.keep=false")) == [None, None]
    assert crds(rendered(cluster, "--set=crds.enabled=false")) == []


def test_the_operators_wall_is_a_choice(cluster: Cluster) -> None:
    def found(*arguments: str) -> list[str]:
        return [body["kind"] for body in rendered(cluster, *arguments) if body["kind"] == "NetworkPolicy"]

    assert found() == ["NetworkPolicy"]
    assert found("--set=networkPolicy.enabled=false") == []


def test_the_operators_pod_meets_the_restricted_standard(cluster: Cluster, kubectl: Kubectl) -> None:
    deployment = next(document for document in rendered(cluster) if document["kind"] == "Deployment")
    name = fresh_name("restricted")
    namespace = make_namespace(kubectl, name, {"pod-security.kubernetes.io/enforce": "restricted"})
    try:
        template = deployment["spec"]["template"]
        metadata = {"name": "operator", "namespace": name, "labels": template["metadata"]["labels"]}
        spec = template["spec"] | {"serviceAccountName": "default"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        namespace.wait_for("serviceaccount", "default", lambda _: True, seconds=30, until="made")
        namespace("create", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(pod))
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


def test_the_operators_pod_is_placed_and_marked_but_stays_the_one_that_is_selected(cluster: Cluster) -> None:
    values = ("podLabels.team=a", r"podLabels.app\.kubernetes\.io/name=b", "podAnnotations.c=d", "priorityClassName=e")
    affinity = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].f=g"
    documents = rendered(cluster, *(f"--set={value}" for value in (*values, affinity)))
    deployment = next(document for document in documents if document["kind"] == "Deployment")
    template, selector = deployment["spec"]["template"], deployment["spec"]["selector"]["matchLabels"]
    assert selector.items() | {("team", "a")} <= template["metadata"]["labels"].items()
    assert template["metadata"]["annotations"] == {"c": "d"}
    assert (template["spec"]["priorityClassName"], *template["spec"]["affinity"]) == ("e", "nodeAffinity")


def test_replicas_lead_by_a_lease_and_a_single_one_needs_none(cluster: Cluster) -> None:
    def found(*arguments: str) -> tuple[set[str], set[str]]:
        documents = rendered(cluster, *arguments)
        deployment = next(document for document in documents if document["kind"] == "Deployment")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        names = {variable["name"] for variable in container["env"]}
        return {document["kind"] for document in documents}, names

    kinds, names = found("--set=replicas=2")
    own, of_lease = {"Role", "RoleBinding", "PodDisruptionBudget"}, {"OPERATOR_LEASE", "OPERATOR_IDENTITY"}
    assert (own - kinds, of_lease - names) == (set(), set())
    kinds, names = found()
    assert (own & kinds, of_lease & names) == (set(), set())


def test_what_watches_the_operator_is_a_choice(cluster: Cluster) -> None:
    def found(*values: str) -> set[str]:
        documents = rendered(cluster, *(f"--set={value}" for value in values))
        chosen = {"Service", "ServiceMonitor", "PrometheusRule", "ConfigMap"}
        return {document["kind"] for document in documents} & chosen

    prometheus = ("metrics.serviceMonitor.enabled=true", "networkPolicy.monitoringNamespace=prometheus")
    assert found() == {"Service"}
    assert found("metrics.enabled=false") == set()
    assert found(*prometheus) == {"Service", "ServiceMonitor"}
    assert found("metrics.serviceMonitor.enabled=true", "networkPolicy.enabled=false") == {"Service", "ServiceMonitor"}
    assert found("metrics.rules.enabled=true", "metrics.dashboard.enabled=true") >= {"PrometheusRule", "ConfigMap"}


def test_alerts_and_dashboard_are_the_files_as_they_stand(cluster: Cluster) -> None:
    values = ("metrics.rules.enabled=true", "metrics.rules.labels.release=a", "metrics.dashboard.enabled=true")
    documents = {body["kind"]: body for body in rendered(cluster, *(f"--set={value}" for value in values))}
    rule, dashboard = documents["PrometheusRule"], documents["ConfigMap"]
    assert rule["spec"] == yaml.safe_load((CHART / "monitoring" / "alerts.yaml").read_text())
    assert rule["metadata"]["labels"]["release"] == "a"
    (text,) = dashboard["data"].values()
    assert json.loads(text) == json.loads((CHART / "monitoring" / "dashboard.json").read_text())
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


@pytest.mark.hostile
def test_nobody_reads_the_operators_metrics_but_the_namespace_that_is_named(cluster: Cluster) -> None:
    """3.7/145: and a Prometheus that could not reach them is told so at once."""

    def allowed(*values: str) -> Any:  # Any: rules of a NetworkPolicy
        documents = rendered(cluster, *(f"--set={value}" for value in values))
        return next(body for body in documents if body["kind"] == "NetworkPolicy")["spec"].get("ingress", [])

    named = "networkPolicy.monitoringNamespace=prometheus"
    assert allowed() == allowed("metrics.enabled=false", named) == []
    (rule,) = allowed(named)
    assert rule["ports"] == [{"protocol": "TCP", "port": 9090}]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "prometheus"}}}]
    with pytest.raises(CommandFailedError, match=r"name Prometheus' namespace in networkPolicy\.monitoringNamespace"):
        rendered(cluster, "--set=metrics.serviceMonitor.enabled=true")


@pytest.mark.parametrize("image", IMAGES)
def test_a_missing_image_is_named_with_the_way_to_get_it(cluster: Cluster, image: str) -> None:
    with pytest.raises(CommandFailedError, match=rf"images\.{image}\.repository is empty: build the target"):
        rendered(cluster, f"--set=images.{image}.repository=")


def test_a_digest_wins_over_a_tag(cluster: Cluster) -> None:
    digest = "sha256:" + "0" * 64
    text = yaml.safe_dump_all(rendered(cluster, f"--set=images.service.digest={digest}"))
    assert f"{values(cluster)['images']['service']['repository']}@{digest}" in text


def test_the_notes_end_with_the_next_command(installation: Installation) -> None:
    notes = helm(installation.cluster, "get", "notes", RELEASE)
    assert "kind: PyPIRegistry" in notes
    assert notes.rstrip().endswith("kubectl get pyreg,pytok --namespace team-a --watch")


def test_the_operator_runs_with_what_the_chart_gives_it(installation: Installation) -> None:
    pods = installation.namespace.find("pods", labels="app.kubernetes.io/component=operator")
    assert [status["restartCount"] for pod in pods for status in pod["status"]["containerStatuses"]] == [0]


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("verb", "group", "resource", "allowed"),
    [
        ("create", "apps", "deployments", True),
        ("patch", "pypiregistry.dev", "registrytokens/status", True),
        ("patch", "pypiregistry.dev", "registrytokens", False),
        ("delete", "", "persistentvolumeclaims", False),
        ("delete", "", "namespaces", False),
        ("create", "rbac.authorization.k8s.io", "clusterrolebindings", False),
        ("create", "", "pods/exec", False),
        ("get", "", "pods/log", False),
        ("get", "", "nodes/proxy", False),
        ("create", "", "serviceaccounts/token", False),
        ("impersonate", "", "users", False),
        ("escalate", "rbac.authorization.k8s.io", "clusterroles", False),
        ("bind", "rbac.authorization.k8s.io", "clusterroles", False),
        ("create", "admissionregistration.k8s.io", "validatingwebhookconfigurations", False),
        ("patch", "apiextensions.k8s.io", "customresourcedefinitions", False),
        ("create", "", "pods", False),
        ("update", "", "secrets", False),
        ("deletecollection", "", "secrets", False),
        ("create", "networking.k8s.io", "networkpolicies", True),
        ("create", "monitoring.coreos.com", "podmonitors", True),
        ("create", "monitoring.coreos.com", "prometheuses", False),
    ],
)
def test_what_the_operators_account_may(
    installation: Installation, verb: str, group: str, resource: str, allowed: bool
) -> None:
    """3.6/133: asked of the API server, for the installed account."""
    name, _, subresource = resource.partition("/")
    attributes = {"verb": verb, "group": group, "resource": name, "subresource": subresource}
    user = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
    question = yaml.safe_dump({**review, "spec": {"user": user, "resourceAttributes": attributes}})
    answer = json.loads(installation.kubectl("create", "-f", "-", "-o", "json", stdin=question))
    assert answer["status"]["allowed"] is allowed
