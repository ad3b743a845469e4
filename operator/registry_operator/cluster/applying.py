"""Applying desired objects: made by POST, kept by server-side apply, never taken from anybody.

An object is written only when it differs. What was sent is remembered as a hash in an annotation, which finds
fields that are no longer wanted; comparing what is wanted with what is there finds what others changed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from registry_operator.cluster.kinds import JOB, Object, kind_named
from registry_operator.cluster.kube import Kube
from registry_operator.errors import AlreadyExistsError
from registry_operator.resources.names import FIELD_MANAGER, GROUP, RETAIN_LABEL

APPLIED: Final = f"{GROUP}/applied"
# Maps that belong to one manager as a whole, and to which the API server adds nothing: one more entry chooses less.
_WHOLE: Final = frozenset({"selector", "matchLabels", "nodeSelector"})


async def ensure(
    kube: Kube, desired: Object, observed: Object | None = None, *, guarded: bool = False
) -> Object | None:
    """Make `desired` true and return the object; None when an object of somebody else's bears its name.

    `observed` is the object as it was just read, if it was; `guarded`: it is changed only as long as it is so still.
    Raises ClusterError when the API server refuses.
    """
    kind, metadata = kind_named(desired["kind"]), desired["metadata"]
    observed = observed or await kube.get(kind, metadata["namespace"], metadata["name"])
    if observed is None:
        return await _create(kube, desired)
    if not is_ours(observed, desired):
        return None
    # A Job's pods are fixed for ever: its name carries the hash of all that matters.
    if kind == JOB or is_settled(observed, desired):
        return observed
    return await _apply(kube, observed, desired, guarded=guarded)


def is_ours(observed: Object, desired: Object) -> bool:
    """Whether an object has the controller that `desired` names, or, when it names none, the same mark of Retain."""
    wanted = _controller(desired)
    if wanted is not None:
        return _controller(observed) == wanted
    mark = desired["metadata"].get("labels", {}).get(RETAIN_LABEL)
    return mark is not None and observed["metadata"].get("labels", {}).get(RETAIN_LABEL) == mark


def is_settled(observed: Object, desired: Object) -> bool:
    """Whether applying `desired` would change nothing."""
    remembered = observed["metadata"].get("annotations", {}).get(APPLIED)
    return remembered == fingerprint(desired) and _covers(observed, desired)


def fingerprint(desired: Object) -> str:
    """What is remembered of a manifest that was applied."""
    # A Secret's data is hashed with the rest: who may read the annotation may read the data beside it.
    return hashlib.sha256(json.dumps(desired, sort_keys=True).encode()).hexdigest()[:32]


async def apply_status(kube: Kube, observed: Object, status: Object, *, guarded: bool = False) -> Object:
    """Write a resource's whole status if it differs; `guarded`: only onto the resourceVersion that was read.

    Returns the resource as it is then. Raises ChangedMeanwhileError when it was deleted, made again or, if
    guarded, changed since.
    """
    if observed.get("status", {}) == status:
        return observed
    kept = ("name", "namespace", "uid", *(("resourceVersion",) if guarded else ()))
    metadata = {key: observed["metadata"][key] for key in kept}
    body = {"apiVersion": observed["apiVersion"], "kind": observed["kind"], "metadata": metadata, "status": status}
    return await kube.apply(body, subresource="status")


async def _create(kube: Kube, desired: Object) -> Object | None:
    try:
        return await kube.create(_remembered(desired))
    except AlreadyExistsError:
        return None


async def _apply(kube: Kube, observed: Object, desired: Object, *, guarded: bool) -> Object:
    managed = _handed_over(observed["metadata"].get("managedFields", []))
    if managed is not None:
        operation = {"op": "replace", "path": "/metadata/managedFields", "value": managed}
        observed = await kube.patch(observed, [operation])
    body = _remembered(desired)
    same = {key: observed["metadata"][key] for key in ("uid", *(("resourceVersion",) if guarded else ()))}
    return await kube.apply(body | {"metadata": body["metadata"] | same})


def _handed_over(entries: Sequence[Mapping[str, Any]]) -> list[Object] | None:  # Any: managedFields entries
    """Make what our POST owns belong to our applies, so that a field dropped from an apply goes away.

    None when there is nothing to hand over.
    """
    ours = [entry for entry in entries if entry.get("manager") == FIELD_MANAGER and not entry.get("subresource")]
    posted = [entry for entry in ours if entry["operation"] == "Update"]
    if not posted:
        return None
    kept = [dict(entry) for entry in entries if entry not in posted]
    return kept if len(ours) > len(posted) else [*kept, dict(posted[0]) | {"operation": "Apply"}]


def _remembered(desired: Object) -> Object:
    metadata = desired["metadata"]
    annotations = metadata.get("annotations", {}) | {APPLIED: fingerprint(desired)}
    return desired | {"metadata": metadata | {"annotations": annotations}}


def _controller(body: Object) -> str | None:
    references = body["metadata"].get("ownerReferences", [])
    return next((reference["uid"] for reference in references if reference.get("controller")), None)


def _has(observed: Object, key: str, desired: object) -> bool:
    return observed.get(key) == desired if key in _WHOLE else _covers(observed.get(key), desired)


def _covers(observed: object, desired: object) -> bool:
    """Whether everything desired is there; the API server adds defaults, and leaves empty collections out."""
    if isinstance(desired, dict):
        if observed is None:
            return not desired
        return isinstance(observed, dict) and all(_has(observed, key, item) for key, item in desired.items())
    if isinstance(desired, list):
        if observed is None:
            return not desired
        return (
            isinstance(observed, list)
            and len(observed) == len(desired)
            and all(_covers(there, item) for there, item in zip(observed, desired, strict=True))
        )
    return observed == desired
