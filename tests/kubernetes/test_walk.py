"""The demonstration, and what must hold after it: namespaces apart, credentials that die, data that does not."""

import contextlib
import io
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.cluster.commands import CommandFailedError
from tests.cluster.description import Cluster
from tests.demo import examples, steps
from tests.demo.walk import Walk, walk
from tests.kubernetes.conftest import MakeNamespace, fresh_name, until_the_end
from tests.outcomes import issue_3
from tests.support.installation import RELEASE, Installation
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace, Object, condition_of
from tests.support.packages import wheel

pytestmark = pytest.mark.cluster

USELESS_SECONDS = 2
HEALED_SECONDS = 120
# Half a minute until an unwatched Secret is looked at, and as much again for a busy machine.
NOTICED_SECONDS = 60
COMPONENT = "app.kubernetes.io/component"
INSTANCE = "app.kubernetes.io/instance"
CHILDREN = ("deployments", "statefulsets", "services", "ingresses", "jobs", "configmaps", "serviceaccounts")


@dataclass(frozen=True, slots=True)
class Walked:
    """The walk, done once for this module, and what it told."""

    walk: Walk
    told: str


@pytest.fixture(scope="module")
def walked(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told):
            done = walk(cluster, tmp_path_factory.mktemp("home"), (fresh_name("team-a"), fresh_name("team-b")))
    finally:
        print(told.getvalue())
    with until_the_end(done.owner), until_the_end(done.guest):
        yield Walked(done, told.getvalue())


@pytest.fixture
def owner(walked: Walked) -> Namespace:
    return walked.walk.owner


@pytest.mark.outcome(issue_3.DEMONSTRATION)
def test_the_demonstration_goes_from_helm_to_hello(walked: Walked) -> None:
    told, owner = walked.told, walked.walk.owner.name
    assert f"Ready=True at https://pypi--{owner}." in told
    assert {"developer", "developer-env", "deploy", "deploy-env", "ci", "ci-env"} <= set(told.split())
    assert "Uploading mypypipackage-0.0.1.tar.gz" in told
    assert "Uploading mypypipackage-0.0.2.tar.gz" in told
    assert told.count("Successfully installed mypypipackage-0.0.2") == 2
    assert told.count("Hello from MyPyPiPackage") == 2
    assert f"/{owner}/-/packages" in told
    assert "Try next:" in told


@pytest.mark.outcome(issue_3.OVERVIEW)
def test_one_line_a_resource_tells_the_story(walked: Walked) -> None:
    text = walked.walk.installation.kubectl("get", "pyreg,pytok", "-A")
    lines = {line.split()[1]: line for line in text.splitlines() if line.startswith(f"{walked.walk.owner.name} ")}
    host = f"https://pypi--{walked.walk.owner.name}."
    registry = lines[f"pypiregistry.{examples.GROUP}/pypi"]
    assert "True" in registry.split()
    assert host in registry
    for token, kind in (("developer", "Personal"), ("deploy", "Deploy"), ("ci", "Job")):
        words = lines[f"registrytoken.{examples.GROUP}/{token}"].split()
        assert {"True", kind, walked.walk.owner.name} <= set(words)


@pytest.mark.outcome(issue_3.NAMESPACES)
def test_another_namespace_gets_a_project_of_its_own(walked: Walked) -> None:
    owner, guest, outside = walked.walk.owner, walked.walk.guest, walked.walk.outside
    assert "NamespaceNotAllowed: " in walked.told
    token = guest.get(TOKEN, "developer")
    assert token is not None
    assert token["status"]["project"] == guest.name
    assert token["status"]["indexURL"].startswith(f"https://pypi--{owner.name}.")
    assert outside.status(guest.secret("developer")) == 200
    assert outside.status(guest.secret("developer"), "mypypipackage/") == 404
    assert outside.status(guest.secret("developer"), project=owner.name) == 404
    assert outside.status(owner.secret("developer"), project=guest.name) == 404


@pytest.mark.outcome(issue_3.NAMESPACES)
def test_a_third_namespace_has_a_registry_of_its_own(
    installation: Installation, make_fresh_namespace: MakeNamespace, walked: Walked
) -> None:
    team_c = make_fresh_namespace("team-c")
    registry = steps.make_registry(team_c, "team-c/registry.yaml")
    other = walked.walk.owner.get(REGISTRY, "pypi")
    assert other is not None
    assert registry["status"]["registryID"] != other["status"]["registryID"]
    assert registry["status"]["internalURL"] == f"http://pypi.{team_c.name}.svc"


@pytest.mark.outcome(issue_3.DELETION)
def test_a_deleted_token_is_useless_at_once(walked: Walked, owner: Namespace) -> None:
    secret = make_token(owner, "leaving")
    assert walked.walk.outside.status(secret) == 200
    owner("delete", TOKEN, "leaving", "--wait=false")
    expect_useless(walked, secret)


@pytest.mark.outcome(issue_3.DELETION)
def test_a_token_that_was_deleted_while_the_operator_was_down_is_useless_once_it_is_up(
    walked: Walked, owner: Namespace
) -> None:
    secret = make_token(owner, "left")
    system = walked.walk.installation.namespace
    try:
        scale_operator(system, 0)
        owner("delete", TOKEN, "left", "--wait=false")
        assert walked.walk.outside.status(secret) == 200
    finally:
        scale_operator(system, 1)
    expect_useless(walked, secret)


def test_a_new_job_token_in_a_labelled_secret_works_at_once_and_the_old_one_goes_on(
    walked: Walked, owner: Namespace
) -> None:
    former, outside = owner.secret("ci"), walked.walk.outside
    source = examples.documents("team-a/tokens.yaml")[-1]["spec"]["source"]["secret"]["name"]
    owner("label", "secret", source, "pypiregistry.dev/watch=true")
    owner.wait_for(
        TOKEN,
        "ci",
        lambda body: "noticed at once" in condition_of(body, "Ready").get("message", ""),
        seconds=NOTICED_SECONDS,
        until="the label is noticed",
    )
    value = secrets.token_urlsafe(32)
    owner("patch", "secret", source, "--type=merge", "-p", json.dumps({"stringData": {"token": value}}))
    renewed = former | {"index-url": former["index-url"].replace(former["password"], value)}
    owner.eventually(
        lambda: {} if outside.status(renewed) == 200 else None,
        seconds=USELESS_SECONDS,
        until="the new job token works",
    )
    assert outside.status(former) == 200
    assert owner.secret("ci")["password"] == value


def test_a_trigger_replaces_a_credential_and_a_dropped_label_leaves_its_secrets(
    walked: Walked, owner: Namespace
) -> None:
    former = make_token(owner, "turning")
    assert walked.walk.outside.status(former) == 200
    patch_token(owner, "turning", {"secret": {"labels": {"team": "a"}}})
    wait_for_labels(owner, "turning", {"team": "a"})
    # The former credential was made less than a minute ago: the new one comes after the minute.
    patch_token(owner, "turning", {"rotation": {"trigger": "monday"}, "secret": {"labels": None}})
    wait_for_labels(owner, "turning", {})
    owner.wait_for(TOKEN, "turning", has_turned, seconds=HEALED_SECONDS, until="a new credential")
    current = owner.secret("turning")
    assert current["password"] != former["password"]
    assert [walked.walk.outside.status(secret) for secret in (former, current)] == [200, 200]


def has_turned(body: Object) -> bool:
    """Whether the trigger was followed; in between the new credential is Pending beside the Active one."""
    states = {entry["state"] for entry in body["status"]["credentials"]}
    return body["status"].get("rotationTrigger") == "monday" and states == {"Active", "Retiring"}


@pytest.mark.outcome(issue_3.HEALING)
@pytest.mark.parametrize("component", ["service", "operator", "postgresql", "object-store"])
def test_a_deleted_pod_loses_nothing_and_heals(
    walked: Walked, owner: Namespace, component: str, request: pytest.FixtureRequest
) -> None:
    version = f"1.{len(component)}"
    delete_pod(walked.walk.installation.namespace if component == "operator" else owner, component)
    publish_while_it_heals(walked, version)
    owner.wait_for_condition(REGISTRY, "pypi", "Ready", seconds=HEALED_SECONDS)
    secret = owner.secret("developer")
    for published in ("0.0.1", "0.0.2", version):
        assert f"mypypipackage-{published}" in walked.walk.outside.install(secret, f"mypypipackage=={published}")


@pytest.mark.outcome(issue_3.DELETION)
def test_a_registry_that_is_applied_again_serves_the_old_files(walked: Walked, owner: Namespace) -> None:
    former = owner.get(REGISTRY, "pypi")
    assert former is not None
    owner.delete(f"{REGISTRY}/pypi")
    owner.eventually(lambda: None if children(owner) else {}, seconds=HEALED_SECONDS, until="its children are gone")
    assert len(owner.find("persistentvolumeclaims")) == 2
    registry = steps.make_registry(owner, "team-b/registry-for-team-b.yaml")
    assert registry["status"]["registryID"] == former["status"]["registryID"]
    owner.wait_for_condition(TOKEN, "developer", "Ready", seconds=HEALED_SECONDS)
    assert "mypypipackage-0.0.1" in walked.walk.outside.install(owner.secret("developer"), "mypypipackage==0.0.1")


def make_token(namespace: Namespace, name: str) -> dict[str, str]:
    """A token like the example's first, and the Secret that it makes."""
    token = examples.documents("team-a/tokens.yaml")[0]
    namespace.apply(token | {"metadata": {"name": name}})
    namespace.wait_for_condition(TOKEN, name, "Ready", seconds=steps.TOKEN_SECONDS)
    return namespace.secret(name)


def patch_token(namespace: Namespace, name: str, spec: Object) -> None:
    """Change a RegistryToken's spec."""
    namespace("patch", TOKEN, name, "--type=merge", "-p", json.dumps({"spec": spec}))


def wait_for_labels(namespace: Namespace, name: str, wanted: dict[str, str]) -> None:
    """Wait until both Secrets of a token have exactly these labels besides the operator's own."""

    def own(secret: str) -> dict[str, str]:
        labels = (namespace.get("secret", secret) or {"metadata": {}})["metadata"].get("labels", {})
        return {key: value for key, value in labels.items() if "/" not in key}

    namespace.eventually(
        lambda: {} if own(name) == own(f"{name}-env") == wanted else None,
        seconds=steps.TOKEN_SECONDS,
        until=f"the labels of Secret {name} are {wanted}",
    )


def expect_useless(walked: Walked, secret: dict[str, str]) -> None:
    outside = walked.walk.outside

    def look() -> Object | None:
        return {} if outside.status(secret) == 401 else None

    walked.walk.owner.eventually(look, seconds=USELESS_SECONDS, until="the credential is refused")


def scale_operator(system: Namespace, replicas: int) -> None:
    """Stop or start the operator, and wait until it is so."""
    system("scale", f"deployment/{RELEASE}", f"--replicas={replicas}")
    system.eventually(
        lambda: {} if running_operators(system) == replicas else None,
        seconds=HEALED_SECONDS,
        until=f"{replicas} operators",
    )


def running_operators(system: Namespace) -> int:
    """The operator's pods that are ready; those that still end count as well."""
    pods = system.find("pods", labels=f"{COMPONENT}=operator")
    ready = [
        all(status["ready"] for status in pod["status"].get("containerStatuses", [{"ready": False}])) for pod in pods
    ]
    return len(pods) if all(ready) else -1


def delete_pod(namespace: Namespace, component: str) -> None:
    """Delete a component's one pod, as `kubectl delete pod` does."""
    (pod,) = namespace.find("pods", labels=f"{COMPONENT}={component}")
    namespace.delete(f"pod/{pod['metadata']['name']}")


def publish_while_it_heals(walked: Walked, version: str) -> None:
    """Publish again and again until it is acknowledged; what was stored before its answer was lost counts too."""
    file = wheel(version).write_to(walked.walk.outside.home)
    secret = walked.walk.owner.secret("developer")

    def look() -> Object | None:
        try:
            return {"said": walked.walk.outside.upload(secret, [file])}
        except CommandFailedError as error:
            # twine's own --skip-existing is refused for registries that it does not know by name.
            return {"said": str(error)} if "already been taken" in str(error) else None

    walked.walk.owner.eventually(look, seconds=HEALED_SECONDS, until=f"version {version} is published")


def children(namespace: Namespace) -> list[str]:
    """What belongs to the registry, by name."""
    found = (item for kind in CHILDREN for item in namespace.find(kind, labels=f"{INSTANCE}=pypi"))
    return [f"{item['kind']}/{item['metadata']['name']}" for item in found]
