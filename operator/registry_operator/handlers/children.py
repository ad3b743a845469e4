"""Events of a registry's children: a deleted or altered one is put right, a finished one is the next step's cue."""

from typing import Any

import kopf

from registry_operator.reconcilers.routing import Event, Routing
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
async def child_event(event: Event, memo: kopf.Memo, **_: Any) -> None:  # Any: Kopf's other arguments
    """A child changed."""
    route(event, memo.routing)


def route(event: Event, routing: Routing) -> None:
    """Tell the routing of a child."""
    metadata = event["object"]["metadata"]
    routing.child_changed(metadata["namespace"], metadata.get("labels", {}))
