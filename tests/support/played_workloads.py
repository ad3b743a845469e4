"""Reports what controllers and kubelets would, where there are none: every workload runs, every Job succeeded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from registry_operator.resources import names

if TYPE_CHECKING:
    from tests.support.api_server import ApiServer, Object

_MERGE = "application/merge-patch+json"
_WORKLOADS = (("apps", "statefulsets"), ("apps", "deployments"), ("batch", "jobs"))
_NOW = "%Y-%m-%dT%H:%M:%SZ"


def play(server: ApiServer, namespace: str, only: str = "") -> None:
    """Write the status of every workload of a namespace that lacks it, or `only` of those of one kind (its plural)."""
    for group, plural in _WORKLOADS:
        if only not in ("", plural):
            continue
        path = f"/apis/{group}/v1/namespaces/{namespace}/{plural}"
        found = server.call("GET", path)
        for body in [] if found is None else found["items"]:
            status = finished() if plural == "jobs" else running(body)
            shown = body.get("status") or {}
            if "completionTime" not in shown and not shown.items() >= status.items():
                server.call("PATCH", f"{path}/{body['metadata']['name']}/status", {"status": status}, _MERGE)


def claim(server: ApiServer, namespace: str, part: str, registry: str) -> None:
    """Make the claim that the controller of StatefulSets would for a managed part of a registry."""
    metadata = {"name": names.claim(part), "labels": {names.RETAIN_LABEL: registry}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    server.call("POST", f"/api/v1/namespaces/{namespace}/persistentvolumeclaims", body)


def running(body: Object) -> Object:
    """The status of a workload all of whose pods are there, current and ready."""
    counts = dict.fromkeys(
        ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas"), body["spec"].get("replicas", 1)
    )
    return {"observedGeneration": body["metadata"]["generation"], **counts}


def finished() -> Object:
    """The status of a Job that succeeded just now."""
    now = datetime.now(UTC).strftime(_NOW)
    times = {"startTime": now, "completionTime": now}
    return {**times, "succeeded": 1, **_ended(now, "SuccessCriteriaMet", "Complete")}


def failed() -> Object:
    """The status of a Job that failed just now."""
    now = datetime.now(UTC).strftime(_NOW)
    return {"startTime": now, "failed": 1, **_ended(now, "FailureTarget", "Failed")}


def _ended(now: str, *kinds: str) -> Object:
    conditions = [
        {"type": kind, "status": "True", "reason": "Played", "message": "", "lastTransitionTime": now} for kind in kinds
    ]
    return {"conditions": conditions, "uncountedTerminatedPods": {}}
