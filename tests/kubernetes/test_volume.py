"""A registry that keeps its files on a volume: published, killed, rolled, deleted and made again on a real kubelet."""

import tarfile
from pathlib import Path

import pytest

from tests.cluster.commands import run
from tests.cluster.description import Cluster
from tests.demo.outside import Outside
from tests.kubernetes.conftest import MakeNamespace
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace, Object, condition_of
from tests.support.packages import EXAMPLE, wheel
from tests.support.resources import registry, token

pytestmark = pytest.mark.cluster

CLAIM = "base-blobs"
SERVING = "app.kubernetes.io/component=service"
SECONDS = 120
# How soon the operator looks at a claim again whose changes nobody tells it, and as much again for a busy machine.
NOTICED_SECONDS = 60
# Long before a registry at rest is looked at again.
AT_ONCE = 10


def with_volume(name: str = "base", *, replicas: int = 1, **claim: str) -> Object:
    """A registry with a volume of 1Gi unless `claim` says otherwise."""
    storage = {"type": "PersistentVolumeClaim", "persistentVolumeClaim": {"size": "1Gi", **claim}}
    return registry(name, storage=storage, replicas=replicas)


@pytest.fixture(scope="module")
def home(installation: Installation, make_module_namespace: MakeNamespace) -> Namespace:
    """A namespace under the restricted standard with such a registry, and a token."""
    namespace = make_module_namespace("volume", **{"pod-security.kubernetes.io/enforce": "restricted"})
    namespace.apply(with_volume(), token("ci", "base"))
    namespace.wait_for_condition(REGISTRY, "base", "Ready")
    namespace.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)
    return namespace


@pytest.fixture(scope="module")
def outside(cluster: Cluster, home: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Outside:
    """A developer who has published version 1.0."""
    made = Outside(cluster, tmp_path_factory.mktemp("home"))
    publish(made, home, "1.0")
    return made


def publish(outside: Outside, namespace: Namespace, version: str) -> None:
    outside.upload(namespace.secret("ci"), [wheel(version).write_to(outside.home)])


def expect_versions(outside: Outside, namespace: Namespace, *versions: str) -> None:
    secret = namespace.secret("ci")
    for version in versions:
        assert f"{EXAMPLE}-{version}" in outside.install(secret, f"{EXAMPLE}=={version}")


def test_twine_publishes_to_a_volume_and_pip_installs_from_it(home: Namespace, outside: Outside) -> None:
    expect_versions(outside, home, "1.0")
    body = home.get(REGISTRY, "base")
    assert body is not None
    assert condition_of(body, "StorageReady")["message"] == f"PersistentVolumeClaim {CLAIM} can be read and written."
    assert [part["metadata"]["name"] for part in home.find("statefulsets")] == ["base-postgresql"]


def test_a_killed_pod_takes_no_file_along(home: Namespace, outside: Outside) -> None:
    (former,) = home.find("pods", labels=SERVING)
    home("delete", f"pod/{former['metadata']['name']}", "--grace-period=0", "--force")
    home.eventually(
        lambda: {} if served_by_another(home, former) else None, seconds=SECONDS, until="another pod serves"
    )
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=SECONDS)
    expect_versions(outside, home, "1.0")


def test_other_pods_and_another_migration_take_the_volume_over(home: Namespace, outside: Outside) -> None:
    """The migration's pod mounts it beside the serving one, which goes before the next one starts."""
    (former,) = home.find("pods", labels=SERVING)
    jobs = names(home, "jobs")
    change = '{"spec":{"podTemplate":{"annotations":{"example.org/note":"next"}}}}'
    home("patch", REGISTRY, "base", "--type=merge", "-p", change)
    home.eventually(
        lambda: {} if served_by_another(home, former) else None, seconds=SECONDS, until="another pod serves"
    )
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=SECONDS)
    assert not jobs & names(home, "jobs")
    publish(outside, home, "2.0")
    expect_versions(outside, home, "1.0", "2.0")


def test_a_backup_holds_what_the_volume_does(home: Namespace, outside: Outside, tmp_path: Path) -> None:
    command = "deploy/base -- registry-service backup > backup.tar"
    kubectl = f'"$0" --kubeconfig "$1" --namespace {home.name} exec {command}'
    run(["bash", "-c", kubectl, home.kubectl.program, home.kubectl.kubeconfig], timeout=SECONDS, cwd=tmp_path)
    with tarfile.open(tmp_path / "backup.tar") as backup:
        sizes = [entry.size for entry in backup if entry.name.startswith("blobs/")]
    # Two wheels, and the metadata of each.
    assert len(sizes) == 4
    assert min(sizes) > 0
    expect_versions(outside, home, "2.0")


def test_growth_that_the_class_refuses_is_told_and_taken_back(home: Namespace, outside: Outside) -> None:
    """The test cluster's class does not let volumes grow, as a folder has no size."""
    home.apply(with_volume(size="2Gi"))
    reason = "VolumeResizeRefused"
    refused = home.wait_for_condition(
        REGISTRY, "base", "StorageReady", status="False", reason=reason, seconds=NOTICED_SECONDS
    )
    assert "must support resize" in condition_of(refused, "Ready")["message"]
    expect_versions(outside, home, "1.0")
    home.apply(with_volume())
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=SECONDS)


def test_a_registry_that_is_made_again_finds_its_volume(home: Namespace, outside: Outside) -> None:
    former, kept = home.get(REGISTRY, "base"), home.get("pvc", CLAIM)
    assert former is not None
    assert kept is not None
    home.delete(f"{REGISTRY}/base")
    home.eventually(lambda: None if home.find("pods") else {}, seconds=SECONDS, until="its pods are gone")
    home.apply(with_volume())
    made = home.wait_for_condition(REGISTRY, "base", "Ready")
    assert made["status"]["registryID"] == former["status"]["registryID"]
    found = home.get("pvc", CLAIM)
    assert found is not None
    assert found["metadata"]["uid"] == kept["metadata"]["uid"]
    home.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)
    expect_versions(outside, home, "1.0")


@pytest.mark.hostile
def test_a_claim_of_somebody_else_is_left_alone(home: Namespace) -> None:
    """3.6/112: no pod of the registry mounts it."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    foreign = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "other-blobs"}, "spec": spec}
    home.apply(foreign)
    before = home.get("pvc", "other-blobs")
    home.apply(with_volume("other"))
    conflict = home.wait_for_condition(
        REGISTRY, "other", "Ready", status="False", reason="ConflictingOwner", seconds=SECONDS
    )
    assert "PersistentVolumeClaim other-blobs" in condition_of(conflict, "Ready")["message"]
    assert home.find("jobs", labels="pypiregistry.dev/registry=other") == []
    after = home.get("pvc", "other-blobs")
    assert before is not None
    assert after is not None
    assert (after["metadata"], after["spec"]) == (before["metadata"], before["spec"])
    home.delete(f"{REGISTRY}/other", "pvc/other-blobs")


def test_a_class_that_makes_no_volume_is_named(installation: Installation, namespace: Namespace) -> None:
    """The scheduler's words are in the message, and a class is asked for that there is not."""
    namespace.apply(with_volume(storageClassName="no-such-class"))
    waiting = namespace.wait_for_condition(
        REGISTRY, "base", "StorageReady", status="False", reason="VolumeNotBound", seconds=SECONDS
    )
    message = condition_of(waiting, "StorageReady")["message"]
    assert message.startswith(f"PersistentVolumeClaim {CLAIM} has no volume. Unschedulable: ")
    assert "Check that StorageClass no-such-class exists" in message


def test_two_replicas_share_a_volume(home: Namespace, outside: Outside) -> None:
    """What one of them stored, each of them serves: many installations reach both."""
    home.apply(with_volume("shared", replicas=2, accessMode="ReadWriteMany"), token("shared-ci", "shared"))
    home.wait_for_condition(REGISTRY, "shared", "Ready")
    home.wait_for_condition(TOKEN, "shared-ci", "Ready", seconds=60)
    secret = home.secret("shared-ci")
    outside.upload(secret, [wheel("3.0").write_to(outside.home)])
    for _ in range(4):
        assert f"{EXAMPLE}-3.0" in outside.install(secret, f"{EXAMPLE}==3.0")
    home.delete(f"{TOKEN}/shared-ci", f"{REGISTRY}/shared")


def test_the_volume_goes_with_its_registry_once_that_is_confirmed(home: Namespace) -> None:
    """After the others: the registry ends with it. A claim that somebody has deleted is told of at once."""
    home("annotate", f"{REGISTRY}/base", "pypiregistry.dev/confirm-delete=base")
    home("patch", REGISTRY, "base", "--type=merge", "-p", '{"spec":{"deletionPolicy":"Delete"}}')
    home.wait_for("pvc", CLAIM, lambda body: "ownerReferences" in body["metadata"], seconds=SECONDS, until="owned")
    home("delete", "pvc", CLAIM, "--wait=false")
    home.wait_for_condition(REGISTRY, "base", "StorageReady", status="False", reason="VolumeLost", seconds=AT_ONCE)
    home.delete(f"{REGISTRY}/base")
    home.eventually(lambda: {} if home.get("pvc", CLAIM) is None else None, seconds=SECONDS, until="the claim is gone")
    assert home.get("pvc", "shared-blobs") is not None


def names(namespace: Namespace, kind: str) -> set[str]:
    return {body["metadata"]["name"] for body in namespace.find(kind)}


def served_by_another(namespace: Namespace, former: Object) -> bool:
    """Whether exactly one pod serves that is not the former one."""
    pods = namespace.find("pods", labels=SERVING)
    ready = [all(one["ready"] for one in pod["status"].get("containerStatuses", [{"ready": False}])) for pod in pods]
    return ready == [True] and pods[0]["metadata"]["uid"] != former["metadata"]["uid"]
