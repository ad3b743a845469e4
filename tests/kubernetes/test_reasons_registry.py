"""What goes wrong with a PyPIRegistry is told by the reason that is meant for it, and is over once its cause is gone.

The operator's process has the chart's role, and API server and registry are real; only pods are played.
"""

from __future__ import annotations

import urllib.error
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from registry_operator.cluster.kinds import HTTP_ROUTE
from registry_operator.resources import names
from tests.outcomes import issue_7
from tests.support import api_server, played_workloads
from tests.support.chart_account import ACCOUNT, USER, define, roles
from tests.support.operator_stage import HOME, NAME, Stage, registry_path, stage
from tests.support.stage_conditions import Watched, space, until_home_is_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.support.api_server import Object

pytestmark = pytest.mark.outcome(issue_7.CLUSTER)

_ADMISSION = "admissionregistration.k8s.io/v1"
_CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pypiregistries.pypiregistry.dev"
_SPEC = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties"
_MERGE = "application/merge-patch+json"
_JSON_PATCH = "application/json-patch+json"
_COSTS = "name a cost centre"
_OUTSIDE: Object = {"exposure": {"type": "Ingress", "hostname": "packages.example"}}
_SERVICES: Object = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["services"]}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with api_server.running() as server:
        server.kubectl.apply(roles())
        with stage(server, folder, account=ACCOUNT) as made:
            yield made


def make(here: Stage, namespace: str, **spec: object) -> Watched:
    """A registry in a new namespace."""
    since = space(here, namespace)
    here.make_registry(namespace, **spec)
    return Watched(here, registry_path(namespace), since)


def test_each_step_of_a_registry_that_comes_up_has_its_reason(here: Stage) -> None:
    made = make(here, "steps", paused=True, exposure={"type": "Ingress"})
    made.until_condition("DatabaseReady", reason="Progressing", says="is being made")
    made.change(paused=False)
    made.until_condition("DatabaseReady", reason="WorkloadNotReady", says="kubectl describe pod demo-postgresql-0")
    made.until_condition("MigrationsApplied", status="Unknown", reason="WaitingForInputs", says="starts when")
    made.until_condition("Exposed", reason="HostnameRequired", says="Set spec.exposure.hostname")
    played_workloads.play(here.server, "steps", only="statefulsets")
    made.until_condition("MigrationsApplied", status="Unknown", reason="MigrationRunning")
    made.change(exposure={"type": "None"})
    made.until_condition("Exposed", reason="NotExposed")


@pytest.mark.parametrize(
    ("spec", "former", "reason", "told"),
    [
        ({"replicas": 0}, {"replicas": 1}, "ScaledToZero", "Available=False"),
        ({"replicas": 2}, {"replicas": 1}, "MinimumReplicasUnavailable", "Available=False"),
        ({"podTemplate": {"labels": {"team": "a"}}}, {"podTemplate": None}, "RollingOut", "Available=False"),
        (_OUTSIDE, {"exposure": {"type": "None", "hostname": None}}, "IngressNotAdmitted", "Exposed=Unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_registry_that_serves_tells_what_is_not_as_asked(
    here: Stage, spec: Object, former: Object, reason: str, told: str
) -> None:
    condition, status = told.split("=")
    home = Watched(here, registry_path(HOME))
    home.change(**spec)
    if "podTemplate" in spec:
        _play_the_next_migration(here)
    home.until_condition(condition, status=status, reason=reason)
    home.change(**former)
    until_home_is_ready(here)


def _play_the_next_migration(here: Stage) -> None:
    """Have the Job of another pod template succeed, and leave the Deployment to roll."""
    path = f"/apis/batch/v1/namespaces/{HOME}/jobs"
    before = {job["metadata"]["uid"] for job in (here.get(path) or {})["items"]}

    def look() -> bool | None:
        played_workloads.play(here.server, HOME, only="jobs")
        return True if {job["metadata"]["uid"] for job in (here.get(path) or {})["items"]} - before else None

    here.until(look, seconds=20, what=lambda: here.get(path))
    played_workloads.play(here.server, HOME, only="jobs")


def test_a_kind_that_the_cluster_lacks_is_named_until_it_is_there(here: Stage) -> None:
    exposure = {"type": "Gateway", "hostname": "routed.example", "gateway": {"name": "public"}}
    made = make(here, "routed", exposure=exposure)
    made.until_condition("Ready", reason="KindNotServed", says="install what defines HTTPRoute")
    define(here.server, HTTP_ROUTE)
    made.until_condition("Exposed", status="Unknown", reason="RouteNotAccepted", says="Gateway routed/public exists")
    path = HTTP_ROUTE.path("routed", NAME)
    generation = (here.get(path) or {})["metadata"]["generation"]
    accepted = {"type": "Accepted", "status": "True", "observedGeneration": generation}
    here.server.call("PATCH", f"{path}/status", {"status": {"parents": [{"conditions": [accepted]}]}}, _MERGE)
    made.until_condition("Exposed", status="True", reason="Succeeded")


def test_a_secret_that_lacks_a_key_is_told_which(here: Stage) -> None:
    secret = {"name": "database"}
    made = make(here, "keyless", database={"type": "Secret", "secret": secret})
    path = "/api/v1/namespaces/keyless/secrets"
    metadata = {"name": "database", "labels": {names.WATCH_LABEL: names.WATCH_VALUE}}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"host": "database.example"}}
    here.server.call("POST", path, body)
    made.until_condition("DatabaseReady", reason="SecretKeyMissing", says="dbname, username, password missing")
    whole = {"stringData": {"uri": "postgresql://user:pass@database.example/packages"}}
    here.server.call("PATCH", f"{path}/database", whole, _MERGE)
    made.until_condition("DatabaseReady", status="Unknown", reason="MigrationRunning")


def test_a_claim_of_an_earlier_registry_that_fits_no_more_is_named(here: Stage) -> None:
    claim = {"size": "1Gi"}
    made = make(here, "volume", storage={"type": "PersistentVolumeClaim", "persistentVolumeClaim": claim})
    path = f"/api/v1/namespaces/volume/persistentvolumeclaims/{names.blobs(NAME)}"
    here.until(lambda: here.get(path), seconds=20, what=lambda: path)
    made.delete()
    here.until_gone(made.path, seconds=20)
    many = claim | {"accessMode": "ReadWriteMany"}
    here.make_registry("volume", storage={"type": "PersistentVolumeClaim", "persistentVolumeClaim": many})
    made.until_condition("StorageReady", reason="VolumeClaimDiffers", says="delete the claim")
    here.server.call("DELETE", path)
    # As the controller does that protects claims while a pod uses them.
    here.server.call("PATCH", path, {"metadata": {"finalizers": None}}, _MERGE)
    made.until_condition("StorageReady", reason="VolumeNotBound")


def test_a_spec_that_the_operator_cannot_read_is_told_apart_from_one_that_it_can(here: Stage) -> None:
    """The installed CRD is a later version's: it knows a word that this operator does not."""
    space(here, "later")
    operation = {"op": "add", "path": f"{_SPEC}/deletionPolicy/enum/-", "value": "Archive"}
    here.server.call("PATCH", _CRD, [operation], _JSON_PATCH)
    here.until(lambda: _taken(here, "later"), seconds=20, what=lambda: "the CRD is not in force")
    made = Watched(here, registry_path("later"))
    made.until_condition("Ready", reason="InvalidSpec", says="upgrade the one that is older")
    made.change(deletionPolicy="Retain")
    made.until_condition("Ready", reason="WorkloadNotReady")


def _taken(here: Stage, namespace: str) -> bool | None:
    try:
        here.make_registry(namespace, deletionPolicy="Archive")
    except urllib.error.HTTPError:
        return None
    return True


@contextmanager
def policy(here: Stage, namespace: str, reason: str) -> Iterator[None]:
    """A policy that lets nobody make a Service there, and says so with a status of its own."""
    validation = {"expression": "false", "message": _COSTS, "reason": reason}
    spec = {"matchConstraints": {"resourceRules": [_SERVICES]}, "validations": [validation]}
    selected = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    binding = {"policyName": namespace, "validationActions": ["Deny"], "matchResources": selected}
    with (
        _made(here, "ValidatingAdmissionPolicy", namespace, {"spec": spec}),
        _made(here, "ValidatingAdmissionPolicyBinding", namespace, {"spec": binding}),
    ):
        here.until(lambda: _refused(here, namespace), seconds=30, what=lambda: "the policy is not in force")
        yield


@contextmanager
def webhook(here: Stage, namespace: str) -> Iterator[None]:
    """An admission webhook that everything must pass and that nobody serves."""
    hook = {
        "name": "costs.example.org",
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "rules": [_SERVICES],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    with _made(here, "ValidatingWebhookConfiguration", namespace, {"webhooks": [hook]}):
        here.until(lambda: _refused(here, namespace), seconds=30, what=lambda: "the webhook is not in force")
        yield


@contextmanager
def less_rights(here: Stage, _: str) -> Iterator[None]:
    """The role of an earlier chart: it lets the operator make no Service."""
    (role,) = (one for one in roles() if one["kind"] == "ClusterRole")
    kept = [rule for rule in role["rules"] if "services" not in rule["resources"]]
    less = [rule | {"verbs": ["get", "list", "watch"]} for rule in role["rules"] if rule not in kept]
    here.server.kubectl.apply([role | {"rules": [*kept, *less]}])
    attributes = {"namespace": "default", "verb": "create", "resource": "services"}
    asked = {"spec": {"user": USER, "resourceAttributes": attributes}}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

    def look() -> bool | None:
        answer = here.server.call("POST", path, asked | {"kind": "SubjectAccessReview"})
        return None if answer is None or answer["status"]["allowed"] else True

    here.until(look, seconds=20, what=lambda: "the right is still there")
    try:
        yield
    finally:
        here.server.kubectl.apply([role])


@pytest.mark.parametrize(
    ("obstacle", "reason", "says"),
    [
        (lambda here, name: policy(here, name, "Invalid"), "ApplyRejected", _COSTS),
        (lambda here, name: policy(here, name, "Forbidden"), "ApplyRejected", "admission policy"),
        (lambda here, name: policy(here, name, "RequestEntityTooLarge"), "ApplyFailed", _COSTS),
        (webhook, "ClusterUnavailable", "see to what does not answer"),
        (less_rights, "ApplyForbidden", "Upgrade the operator's chart"),
    ],
    ids=["invalid", "forbidden", "too large", "no webhook", "no right"],
)
def test_what_the_api_server_does_not_do_is_told_and_done_once_it_does(
    here: Stage,
    obstacle: Callable[[Stage, str], AbstractContextManager[None]],
    reason: str,
    says: str,
    request: pytest.FixtureRequest,
) -> None:
    name = request.node.callspec.id.replace(" ", "-")
    since = space(here, name)
    made = Watched(here, registry_path(name), since)
    with obstacle(here, name):
        here.make_registry(name)
        made.until_condition("Ready", reason=reason, says=says)
    Watched(here, made.path).until_condition("Ready", reason="WorkloadNotReady")


@contextmanager
def _made(here: Stage, kind: str, name: str, body: Object) -> Iterator[None]:
    """An object of the admission's for the length of the block."""
    here.server.kubectl.apply([{"apiVersion": _ADMISSION, "kind": kind, "metadata": {"name": name}} | body])
    try:
        yield
    finally:
        here.server.kubectl("delete", kind, name)


def _refused(here: Stage, namespace: str) -> bool | None:
    """Whether nobody can make a Service there."""
    service = {"metadata": {"name": "probe"}, "spec": {"ports": [{"port": 80}]}}
    path = f"/api/v1/namespaces/{namespace}/services?dryRun=All"
    try:
        here.server.call("POST", path, {"apiVersion": "v1", "kind": "Service"} | service)
    except urllib.error.HTTPError:
        return True
    return None
