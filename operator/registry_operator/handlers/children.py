"""Events of a registry's children: a deleted or altered one is put right, a finished one is the next step's cue."""

from collections.abc import Mapping
from typing import Any

import kopf

from registry_operator.resources import names

_OURS = {names.REGISTRY_LABEL: kopf.PRESENT}
_KEPT = {names.RETAIN_LABEL: kopf.PRESENT}


@kopf.on.event("apps", "v1", "deployments", labels=_OURS)
@kopf.on.event("apps", "v1", "statefulsets", labels=_OURS)
@kopf.on.event("batch", "v1", "jobs", labels=_OURS)
@kopf.on.event("", "v1", "configmaps", labels=_OURS)
@kopf.on.event("", "v1", "serviceaccounts", labels=_OURS)
@kopf.on.event("", "v1", "services", labels=_OURS)
@kopf.on.event("networking.k8s.io", "v1", "ingresses", labels=_OURS)
@kopf.on.event("networking.k8s.io", "v1", "networkpolicies", labels=_OURS)
@kopf.on.event("gateway.networking.k8s.io", "v1", "httproutes", labels=_OURS)
@kopf.on.event("policy", "v1", "poddisruptionbudgets", labels=_OURS)
@kopf.on.event("monitoring.coreos.com", "v1", "podmonitors", labels=_OURS)
@kopf.on.event("", "v1", "persistentvolumeclaims", labels=_KEPT)
async def child_event(
    event: Mapping[str, Any], memo: kopf.Memo, **_: Any
) -> None:  # Any: JSON, and Kopf's other arguments
    """A child changed."""
    metadata = event["object"]["metadata"]
    memo.routing.child_changed(metadata["namespace"], metadata.get("labels", {}))
