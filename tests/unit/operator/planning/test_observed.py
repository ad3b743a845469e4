"""Bodies of the cluster, cut down to what decisions depend on."""

import base64
import json
from typing import Any

import pytest

from registry_operator.planning.observed import (
    JobState,
    MigrationJob,
    ObjectKey,
    ObservedNamespace,
    ObservedSecret,
    Workload,
    controller,
    ingress_addresses,
)

Body = dict[str, Any]  # Any: a body of the Kubernetes API
OWNER: Body = {"kind": "PyPIRegistry", "name": "pypi", "uid": "u-1", "controller": True}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def pod(message: object, created: str = "2026-01-01T00:00:00Z") -> Body:
    text = message if isinstance(message, str) else json.dumps(message)
    status = {"containerStatuses": [{"state": {"terminated": {"message": text}}}]}
    return {"metadata": {"name": "p", "creationTimestamp": created}, "status": status}


def job(condition: str | None, **metadata: Any) -> Body:  # Any: parts of a body
    conditions = [{"type": "Suspended", "status": "False"}]
    if condition is not None:
        conditions.append({"type": condition, "status": "True", "lastTransitionTime": "2026-01-01T00:00:09Z"})
    return {"metadata": {"name": "pypi-migrate-1", **metadata}, "status": {"conditions": conditions}}


def test_a_namespace() -> None:
    body = {"metadata": {"name": "a", "uid": "u", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert ObservedNamespace.parse(body) == ObservedNamespace("a", "u", {}, terminating=True)
    labelled = ObservedNamespace.parse({"metadata": {"name": "a", "uid": "u", "labels": {"x": "y"}}})
    assert labelled == ObservedNamespace("a", "u", {"x": "y"})


def test_a_secret_is_decoded_and_hides_its_values() -> None:
    metadata = {"name": "s", "uid": "u", "labels": {"a": "b"}, "annotations": {"c": "d"}, "ownerReferences": [OWNER]}
    parsed = ObservedSecret.parse({"metadata": metadata, "data": {"password": encoded("geheim")}})
    assert parsed.text("password") == "geheim"
    assert (parsed.owner_uid, parsed.owner_name) == ("u-1", "pypi")
    assert (parsed.labels, parsed.annotations) == ({"a": "b"}, {"c": "d"})
    assert "geheim" not in repr(parsed)


def test_an_empty_secret_has_no_text() -> None:
    parsed = ObservedSecret.parse({"metadata": {"name": "s", "uid": "u"}})
    assert parsed.text("password") is None
    assert parsed.owner_uid is None
    binary = ObservedSecret.parse({"metadata": {"name": "s", "uid": "u"}, "data": {"k": "/w=="}})
    assert binary.text("k") is None


@pytest.mark.parametrize(
    ("status", "workload"),
    [
        ({}, Workload(0, 0, settled=False)),
        (
            {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1},
            Workload(1, 1, settled=True),
        ),
        ({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}, Workload(1, 0, settled=False)),
        ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1}, Workload(2, 0, settled=False)),
    ],
)
def test_a_workload(status: Body, workload: Workload) -> None:
    assert Workload.parse({"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": status}) == workload


def test_a_workload_without_status() -> None:
    assert Workload.parse({"metadata": {}, "spec": {}}) == Workload(0, 0, settled=False)


@pytest.mark.parametrize(
    ("condition", "state"),
    [(None, JobState.RUNNING), ("Complete", JobState.SUCCEEDED), ("Failed", JobState.FAILED)],
)
def test_a_job_has_a_state(condition: str | None, state: JobState) -> None:
    assert MigrationJob.parse(job(condition), []).state is state


def test_the_newest_pod_speaks_for_the_job() -> None:
    pods = [
        pod({"reason": "DatabaseUnreachable", "message": "old"}),
        pod({"reason": "SchemaAhead", "message": "new", "registryID": "r-1"}, created="2026-01-02T00:00:00Z"),
    ]
    parsed = MigrationJob.parse(job("Failed", annotations={"pypiregistry.dev/attempt": "3"}), pods)
    assert (parsed.reason, parsed.message, parsed.registry_id) == ("SchemaAhead", "new", "r-1")
    assert (parsed.attempt, parsed.finished_at) == (3, "2026-01-01T00:00:09Z")


@pytest.mark.parametrize("message", ["", "no json", "[1]", "[" * 4000, {"reason": 7, "message": ["x"]}])
def test_a_message_that_is_none_of_ours_says_nothing(message: object) -> None:
    parsed = MigrationJob.parse(job("Failed"), [{"metadata": {}}, pod(message)])
    assert (parsed.reason, parsed.message, parsed.registry_id) == (None, "", None)


def test_a_job_whose_pod_said_nothing_speaks_for_itself() -> None:
    failed = job("Failed")
    failed["status"]["conditions"][-1] |= {"reason": "DeadlineExceeded", "message": "Job was active too long"}
    assert MigrationJob.parse(failed, []).message == "DeadlineExceeded: Job was active too long"
    assert MigrationJob.parse(failed, [pod({"message": "own"})]).message == "own"
    assert MigrationJob.parse({"metadata": {"name": "j"}}, []).message == ""


def test_a_running_job_says_nothing_yet() -> None:
    assert MigrationJob.parse({"metadata": {"name": "j"}}, [pod({"reason": "SchemaAhead"})]).reason is None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({}, ""),
        ({"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}, ""),
        ({"containerStatuses": [{"state": {"running": {}}}, {}]}, ""),
        (
            {"containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]},
            "ErrImagePull: not found",
        ),
        (
            {"conditions": [{"type": "PodScheduled", "reason": "Unschedulable", "message": "no memory"}]},
            "Unschedulable: no memory",
        ),
    ],
)
def test_what_keeps_a_pod_from_starting_is_told(status: Body, message: str) -> None:
    assert MigrationJob.parse(job(None), [{"metadata": {}, "status": status}]).message == message


@pytest.mark.parametrize("attempt", ["", "three", "-1", "9" * 5000])
def test_an_attempt_that_somebody_else_wrote_counts_as_the_first(attempt: str) -> None:
    assert MigrationJob.parse(job("Failed", annotations={"pypiregistry.dev/attempt": attempt}), []).attempt == 1


def test_the_addresses_of_an_ingress() -> None:
    status = {"loadBalancer": {"ingress": [{"ip": "198.18.0.1"}, {"hostname": "lb.example"}]}}
    assert ingress_addresses({"status": status}) == ("198.18.0.1", "lb.example")
    assert ingress_addresses({}) == ()


def test_the_controller_is_the_owner_that_says_so() -> None:
    assert controller({"ownerReferences": [{"uid": "x"}, OWNER]}) == OWNER
    assert controller({}) == {}


def test_a_key_is_kind_and_name() -> None:
    assert ObjectKey.of({"kind": "Service", "metadata": {"name": "a"}}) == ObjectKey("Service", "a")
