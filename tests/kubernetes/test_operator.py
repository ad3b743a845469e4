"""The installed operator: it keeps what is its own, leaves what is not, and says what a person must do."""

import json
import time

import pytest

from tests.kubernetes.conftest import MakeNamespace
from tests.outcomes import issue_7
from tests.outcomes.issue_3 import WRONG_THINGS
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace, Object, condition_of
from tests.support.resources import custom, registry, secret, token

pytestmark = pytest.mark.cluster

MENDED_SECONDS = 15
# Longer than the time after which the operator looks at everything again.
SETTLED_SECONDS = 35
# Half a minute until an unwatched Secret is looked at, and as much again for a busy machine.
NOTICED_SECONDS = 60
KINDS = "pyreg,pytok,deployments,statefulsets,services,ingresses,jobs,configmaps,secrets,serviceaccounts"


@pytest.fixture(scope="module")
def home(installation: Installation, make_module_namespace: MakeNamespace) -> Namespace:
    """A namespace with a registry that is ready, and a token."""
    namespace = make_module_namespace("operator")
    namespace.apply(registry("base"), token("ci", "base"))
    namespace.wait_for_condition(REGISTRY, "base", "Ready")
    namespace.wait_for_condition(TOKEN, "ci", "Ready", seconds=30)
    return namespace


def test_a_settled_cluster_sees_no_write(home: Namespace) -> None:
    # The registry's next pass counts the token that was made after it.
    home.wait_for(REGISTRY, "base", _counts_the_token, seconds=NOTICED_SECONDS, until="counting its token")

    def versions() -> dict[str, str]:
        return {
            f"{body['kind']}/{body['metadata']['name']}": body["metadata"]["resourceVersion"]
            for body in home.find(KINDS)
        }

    before = versions()
    time.sleep(SETTLED_SECONDS)  # that nothing happens can only be seen by looking for as long
    assert versions() == before


def _counts_the_token(body: Object) -> bool:
    status = body.get("status", {})
    return (status.get("projects"), status.get("tokens")) == (1, 1)


@pytest.mark.parametrize("child", ["service/base", "service/base-sync", "ingress/base"])
def test_a_deleted_child_is_made_again(home: Namespace, child: str) -> None:
    kind, name = child.split("/")
    former = home.get(kind, name)
    assert former is not None
    home("delete", child)
    made = home.wait_for(kind, name, lambda _: True, seconds=MENDED_SECONDS, until="made again")
    assert made["metadata"]["uid"] != former["metadata"]["uid"]


@pytest.mark.outcome(issue_7.CLUSTER)
def test_an_altered_child_is_put_right_and_what_others_added_stays(home: Namespace) -> None:
    home("annotate", "deployment/base", "example.org/mine=yes")
    home("scale", "deployment/base", "--replicas=3")
    body = home.wait_for(
        "deployment", "base", lambda found: found["spec"]["replicas"] == 1, seconds=MENDED_SECONDS, until="put right"
    )
    assert body["metadata"]["annotations"]["example.org/mine"] == "yes"
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=60)


@pytest.mark.outcome(issue_7.CLUSTER)
def test_a_registry_is_scaled_through_its_own_resource(home: Namespace) -> None:
    home("scale", f"{REGISTRY}/base", "--replicas=2")
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=90)
    body = home.get(REGISTRY, "base")
    assert body is not None
    assert (body["status"]["replicas"], body["status"]["readyReplicas"]) == (2, 2)
    home("scale", f"{REGISTRY}/base", "--replicas=1")
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=90)


def test_a_registry_that_is_exposed_no_more_loses_its_ingress_and_its_tokens_name_the_service(home: Namespace) -> None:
    home("patch", f"{REGISTRY}/base", "--type=merge", "-p", '{"spec":{"exposure":{"type":"None"}}}')
    inside = f"http://base.{home.name}.svc/"
    home.wait_for(TOKEN, "ci", lambda found: found["status"]["indexURL"].startswith(inside), seconds=30, until="inside")
    assert home.get("ingress", "base") is None
    assert home.secret("ci")["upload-url"].startswith(inside)
    password = home.secret("ci")["password"]
    home("patch", f"{REGISTRY}/base", "--type=merge", "-p", '{"spec":{"exposure":{"type":"Ingress"}}}')
    home.wait_for("ingress", "base", lambda _: True, seconds=MENDED_SECONDS, until="made again")
    home.wait_for(
        TOKEN, "ci", lambda found: found["status"]["indexURL"].startswith("https://"), seconds=30, until="outside"
    )
    assert home.secret("ci")["password"] == password, "an address is no reason for a new credential"


@pytest.mark.outcome(issue_7.CLUSTER)
def test_a_paused_registry_leaves_its_children_alone_and_goes_on_issuing(home: Namespace) -> None:
    home("patch", f"{REGISTRY}/base", "--type=merge", "-p", '{"spec":{"paused":true,"exposure":{"type":"None"}}}')
    home.apply(token("while-paused", "base"))
    home.wait_for_condition(TOKEN, "while-paused", "Ready", seconds=30)
    assert home.get("ingress", "base") is not None
    home(
        "patch",
        f"{REGISTRY}/base",
        "--type=merge",
        "-p",
        '{"spec":{"paused":false,"exposure":{"type":"Ingress"}}}',
    )
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=60)


@pytest.mark.hostile
def test_a_foreign_object_under_a_childs_name_is_left_and_named(namespace: Namespace) -> None:
    """3.6/118: a Service that was there before stays its owner's."""
    theirs = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "taken"},
        "spec": {"ports": [{"port": 80}], "selector": {"app": "theirs"}},
    }
    namespace.apply(theirs)
    before = namespace.get("service", "taken")
    namespace.apply(registry("taken"))
    body = namespace.wait_for_condition(
        REGISTRY, "taken", "Ready", status="False", reason="ConflictingOwner", seconds=30
    )
    assert "Service taken" in condition_of(body, "Ready")["message"]
    assert namespace.get("service", "taken") == before


@pytest.mark.hostile
def test_a_foreign_secret_under_a_tokens_name_is_left_and_freed_when_it_goes(home: Namespace) -> None:
    """3.6/115: byte for byte, and the name is taken only once it is free."""
    home.apply(secret("mine", {}, password="theirs"))
    before = home.get("secret", "mine")
    home.apply(token("mine", "base"))
    home.wait_for_condition(TOKEN, "mine", "Ready", status="False", reason="SecretConflict", seconds=30)
    assert home.get("secret", "mine") == before
    home("delete", "secret/mine")
    home.wait_for_condition(TOKEN, "mine", "Ready", seconds=NOTICED_SECONDS)
    assert home.secret("mine")["password"].startswith("pyr_d_")


@pytest.mark.outcome(issue_7.CLUSTER)
@pytest.mark.outcome(WRONG_THINGS)
def test_a_missing_database_secret_a_wrong_password_and_another_owner_say_so(
    home: Namespace,
) -> None:
    managed = home.secret("base-postgresql")
    home.apply(registry("strict", database={"type": "Secret", "secret": {"name": "elsewhere"}}))
    body = home.wait_for_condition(
        REGISTRY, "strict", "DatabaseReady", status="False", reason="SecretNotFound", seconds=30
    )
    assert "Secret elsewhere does not exist" in condition_of(body, "Ready")["message"]
    watched = {"pypiregistry.dev/watch": "true"}
    home.apply(secret("elsewhere", watched, **(managed | {"password": "wrong"})))
    reason = "DatabaseAuthenticationFailed"
    home.wait_for_condition(REGISTRY, "strict", "DatabaseReady", status="False", reason=reason, seconds=90)
    assert managed["password"] not in home("get", REGISTRY, "strict", "-o", "yaml")
    home.apply(secret("elsewhere", watched, **managed))
    # With the right password it turns out to be the database of another registry.
    home.wait_for_condition(REGISTRY, "strict", "DatabaseReady", status="False", reason="DatabaseInUse", seconds=90)
    _take_over(home, "strict", former="base")


def _take_over(home: Namespace, name: str, *, former: str) -> None:
    """Do what the condition says, and see that the data is the other's now."""
    body, other = home.get(REGISTRY, name), home.get(REGISTRY, former)
    assert body is not None
    assert other is not None
    identity = other["status"]["registryID"]
    assert f"spec.takeover: {identity}" in condition_of(body, "DatabaseReady")["message"]
    home("patch", f"{REGISTRY}/{name}", "--type=merge", "-p", json.dumps({"spec": {"takeover": identity}}))
    taken = home.wait_for_condition(REGISTRY, name, "Ready", seconds=120)
    assert taken["status"]["registryID"] == identity


@pytest.mark.outcome(WRONG_THINGS)
def test_an_unreachable_s3_says_so(home: Namespace) -> None:
    home.apply(secret("bucket", {}, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b"))
    s3 = {
        "endpoint": f"http://nowhere.{home.name}.svc:9000",
        "bucket": "packages",
        "credentials": {"secret": {"name": "bucket"}},
    }
    home.apply(registry("adrift", storage={"type": "S3", "s3": s3}))
    reason = "StorageUnreachable"
    home.wait_for_condition(REGISTRY, "adrift", "StorageReady", status="False", reason=reason, seconds=120)


@pytest.mark.outcome(WRONG_THINGS)
def test_an_unknown_registry_says_so_until_it_is_there(home: Namespace) -> None:
    home.apply(token("lost", "nowhere"))
    body = home.wait_for_condition(TOKEN, "lost", "Ready", status="False", reason="RegistryNotFound", seconds=15)
    assert f"{home.name}/nowhere" in condition_of(body, "Ready")["message"]


@pytest.mark.outcome(WRONG_THINGS)
def test_a_namespace_that_is_not_allowed_says_so(home: Namespace, namespace: Namespace) -> None:
    reference = {"name": "base", "namespace": home.name}
    namespace.apply(custom("RegistryToken", "guest", {"registryRef": reference, "type": "Personal"}))
    body = namespace.wait_for_condition(
        TOKEN, "guest", "Ready", status="False", reason="NamespaceNotAllowed", seconds=15
    )
    assert "spec.projects.from: Selector" in condition_of(body, "Ready")["message"]
    assert namespace.find("secrets") == []
