"""A registry with a volume: its claim, and what its pods need to share one volume without waiting for each other."""

from dataclasses import replace
from typing import Any

import pytest

from registry_operator.planning import blob_volume
from registry_operator.planning.observed import JobState, Manifest, RegistryObservation
from registry_operator.planning.registry_plan import plan
from registry_operator.planning.resting import may_rest
from registry_operator.planning.volume_claim import VolumeClaim
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import (
    EXTERNAL,
    INSTALLATION,
    NOW,
    VOLUME,
    Spec,
    bound_claim,
    ready_parts,
    registry,
    serving,
    with_job,
)

GIB = 2**30


def with_volume(**spec: object) -> PyPIRegistry:
    return registry({"storage": {"type": "PersistentVolumeClaim", "persistentVolumeClaim": spec}})


def claimed(wanted: PyPIRegistry, **changes: Any) -> VolumeClaim:  # Any: the value's fields
    seen = bound_claim(wanted)
    assert seen is not None
    return replace(seen, **changes)


def made(wanted: PyPIRegistry, seen: RegistryObservation) -> dict[str, Manifest]:
    """What a pass makes, by kind; of a kind that comes more than once, the last."""
    decided = plan(wanted, INSTALLATION, seen, NOW)
    return {body["kind"]: body for body in (*decided.apply, *decided.create)}


def test_the_claim_is_marked_and_owned_by_nobody() -> None:
    body = blob_volume.claim(with_volume(size="1024Mi", storageClassName="fast", accessMode="ReadWriteMany"))
    assert body is not None
    assert (body["apiVersion"], body["kind"]) == ("v1", "PersistentVolumeClaim")
    assert body["metadata"]["name"] == "pypi-blobs"
    assert body["metadata"]["labels"]["pypiregistry.dev/retained-for"] == "pypi"
    assert "ownerReferences" not in body["metadata"]
    assert body["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "fast",
    }


def test_without_a_class_the_cluster_chooses_and_one_node_mounts() -> None:
    body = blob_volume.claim(registry(VOLUME))
    assert body is not None
    assert body["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}
    assert blob_volume.claim(registry()) is None


def test_a_claim_is_read() -> None:
    error = {"type": "ControllerResizeError", "status": "True", "message": "no space left in the pool"}
    fine = {"type": "Resizing", "status": "True"}
    over = {"type": "NodeResizeError", "status": "False"}
    body: Spec = {
        "metadata": {"name": "pypi-blobs", "labels": {"pypiregistry.dev/retained-for": "pypi"}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "2Gi"}},
            "storageClassName": "a",
        },
        "status": {"phase": "Bound", "capacity": {"storage": "1Pi"}, "conditions": [fine, over]},
    }
    seen = VolumeClaim("pypi", "Bound", ("ReadWriteOnce",), "a", requested=2 * GIB, capacity=2**50)
    assert VolumeClaim.parse(body) == seen
    body["status"]["conditions"] = [over, error]
    assert VolumeClaim.parse(body).obstacle == "ControllerResizeError: no space left in the pool"


def test_a_claim_of_which_nothing_is_known_is_read() -> None:
    strange = {"resources": {"requests": {"storage": "1.5e3"}}}
    assert VolumeClaim.parse({"metadata": {"name": "x"}, "spec": {}}) == VolumeClaim(None, "Pending", (), None)
    assert VolumeClaim.parse({"metadata": {"name": "x"}, "spec": strange}).requested is None
    gone = {"name": "x", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert VolumeClaim.parse({"metadata": gone, "spec": {}, "status": {}}).terminating


@pytest.mark.parametrize(
    ("present", "operations"),
    [
        ({"requested": 1 * GIB}, [{"op": "replace", "path": "/spec/resources/requests/storage", "value": "2Gi"}]),
        ({"requested": None}, [{"op": "replace", "path": "/spec/resources/requests/storage", "value": "2Gi"}]),
        ({"requested": 2 * GIB}, []),
        ({"requested": 3 * GIB}, []),
        ({"requested": 1 * GIB, "retained_for": None}, []),
        ({"requested": 1 * GIB, "retained_for": "other"}, []),
    ],
)
def test_a_claim_of_ours_grows_and_does_nothing_else(present: dict[str, Any], operations: list[Manifest]) -> None:
    wanted = with_volume(size="2048Mi")
    assert blob_volume.growth(wanted, claimed(wanted, **present)) == operations
    assert blob_volume.growth(registry(), claimed(wanted, **present)) == []


@pytest.mark.parametrize(
    ("spec", "kept", "difference"),
    [
        ({}, {}, ""),
        ({}, {"access_modes": ("ReadWriteMany",)}, ""),
        ({}, {"storage_class": "any"}, ""),
        ({"accessMode": "ReadWriteMany"}, {"access_modes": ("ReadWriteOnce",)}, "accessMode ReadWriteOnce"),
        ({}, {"access_modes": ("ReadWriteOncePod",)}, "accessMode ReadWriteOncePod"),
        ({"storageClassName": "fast"}, {"storage_class": "slow"}, "storageClassName slow"),
        ({"storageClassName": "fast"}, {"storage_class": None}, "no StorageClass"),
    ],
)
def test_a_claim_that_was_kept_must_be_able_to_do_what_is_asked(
    spec: dict[str, str], kept: dict[str, Any], difference: str
) -> None:
    wanted = with_volume(**spec)
    seen = claimed(wanted, **kept)
    assert blob_volume.difference(wanted, seen) == difference
    assert blob_volume.is_usable(wanted, seen) is (not difference)


@pytest.mark.parametrize(
    "change",
    [
        {"retained_for": None},
        {"retained_for": "other"},
        {"terminating": True},
        {"phase": "Lost"},
        {"access_modes": ("ReadOnlyMany",)},
    ],
)
def test_no_pod_mounts_a_claim_that_is_not_ours_or_is_going(change: dict[str, Any]) -> None:
    wanted = registry(VOLUME)
    assert "Job" not in made(wanted, ready_parts(wanted, volume=claimed(wanted, **change)))
    done = with_job(wanted, JobState.SUCCEEDED)
    assert "Deployment" not in made(wanted, replace(done, volume=claimed(wanted, **change)))


def test_the_migration_waits_for_the_claim_and_not_for_its_volume() -> None:
    wanted = registry(VOLUME)
    assert "Job" not in made(wanted, ready_parts(wanted, volume=None))
    # Classes with WaitForFirstConsumer make the volume for the migration's pod.
    assert "Job" in made(wanted, ready_parts(wanted, volume=claimed(wanted, phase="Pending", capacity=None)))


@pytest.mark.parametrize(
    ("mode", "strategy"), [("ReadWriteOnce", {"type": "Recreate"}), ("ReadWriteMany", {"type": "RollingUpdate"})]
)
def test_a_volume_of_one_node_is_let_go_before_the_next_pod_takes_it(mode: str, strategy: Manifest) -> None:
    wanted = with_volume(accessMode=mode)
    deployment = made(wanted, serving(wanted))["Deployment"]["spec"]
    assert strategy.items() <= deployment["strategy"].items()
    assert ("rollingUpdate" in deployment["strategy"]) is (mode == "ReadWriteMany")


@pytest.mark.parametrize(
    ("spec", "is_beside"), [(VOLUME, True), ({}, False), (with_volume(accessMode="ReadWriteMany"), False)]
)
def test_a_migration_runs_where_one_node_has_the_volume(spec: Spec | PyPIRegistry, is_beside: bool) -> None:
    wanted = spec if isinstance(spec, PyPIRegistry) else registry(spec)
    job = made(wanted, ready_parts(wanted))["Job"]["spec"]["template"]
    assert ("affinity" in job["spec"]) is is_beside
    if not is_beside:
        return
    (term,) = job["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (requirement,) = term["labelSelector"]["matchExpressions"]
    serving_pod = made(wanted, serving(wanted))["Deployment"]["spec"]["template"]
    for template in (job, serving_pod):
        labels = template["metadata"]["labels"]
        assert term["labelSelector"]["matchLabels"].items() <= labels.items()
        assert labels[requirement["key"]] in requirement["values"]


@pytest.mark.parametrize("spec", [VOLUME, {}, EXTERNAL])
def test_pods_with_the_volume_run_as_the_id_that_owns_it(spec: Spec) -> None:
    wanted = registry(spec)
    pods = [
        made(wanted, ready_parts(wanted))["Job"]["spec"]["template"]["spec"],
        made(wanted, serving(wanted))["Deployment"]["spec"]["template"]["spec"],
    ]
    for pod in pods:
        assert pod["securityContext"].get("fsGroup") == (65532 if spec is VOLUME else None)
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert ("blobs" in {volume["name"] for volume in pod["volumes"]}) is (spec is VOLUME)
        assert ("blobs" in {mount["name"] for mount in container["volumeMounts"]}) is (spec is VOLUME)


@pytest.mark.parametrize(
    ("change", "rests"),
    [
        ({}, True),
        ({"capacity": 19 * GIB}, False),
        ({"capacity": None}, False),
        ({"terminating": True}, False),
    ],
)
def test_a_registry_rests_when_its_volume_is_as_it_should_be(change: dict[str, Any], rests: bool) -> None:
    wanted = registry(VOLUME)
    seen = serving(wanted, volume=claimed(wanted, **change))
    watched = {name: secret for name, secret in seen.secrets.items() if "pypiregistry.dev/watch" in secret.labels}
    assert may_rest(wanted, replace(seen, secrets=watched)) is rests
    assert not may_rest(wanted, replace(seen, secrets=watched, volume=None))


def test_a_registry_without_a_volume_has_none_to_wait_for() -> None:
    assert blob_volume.is_settled(registry(), None)
