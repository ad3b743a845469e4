"""When an object is written, and whose it is. What the API server makes of it is tested on a real one."""

import copy
from typing import Any

import pytest

from registry_operator.cluster.applying import APPLIED, fingerprint, is_ours, is_settled
from registry_operator.cluster.kinds import DEPLOYMENT, NAMESPACE, SECRET
from registry_operator.resources.names import RETAIN_LABEL

OWNER = {"kind": "PyPIRegistry", "name": "demo", "uid": "uid-1", "controller": True}


def service(**changes: Any) -> dict[str, Any]:  # Any: a manifest
    metadata = {"namespace": "team-a", "name": "demo", "labels": {"a": "1"}, "ownerReferences": [OWNER]}
    ports = [{"name": "http", "port": 80}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": ports, "selector": {"app": "demo"}, "extra": {}} | changes,
    }


def stored(desired: dict[str, Any]) -> dict[str, Any]:  # Any: a manifest
    """What the API server makes of a manifest: its own fields and defaults added, empty ones dropped."""
    body = copy.deepcopy(desired)
    body["metadata"] |= {
        "uid": "s",
        "resourceVersion": "1",
        "annotations": {APPLIED: fingerprint(desired), "other": "x"},
    }
    body["spec"]["clusterIP"] = "198.18.0.1"
    body["spec"]["ports"][0]["protocol"] = "TCP"
    del body["spec"]["extra"]
    return body


def test_defaults_of_the_api_server_are_no_difference() -> None:
    assert is_settled(stored(service()), service())


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["metadata"]["labels"].update(a="2"),
        lambda body: body["metadata"]["labels"].clear(),
        lambda body: body["spec"]["ports"].append({"name": "more", "port": 81}),
        lambda body: body["spec"]["ports"][0].update(port=81),
        lambda body: body["spec"].update(ports="none"),
        lambda body: body["spec"]["selector"].update(more="1"),
        lambda body: body["metadata"]["annotations"].pop(APPLIED),
        lambda body: body["metadata"].pop("ownerReferences"),
    ],
    ids=["label", "labels", "list", "item", "kind of value", "selector", "memory", "owner"],
)
def test_what_others_changed_is_a_difference(change: Any) -> None:  # Any: a function on a body
    observed = stored(service())
    change(observed)
    assert not is_settled(observed, service())


def test_a_field_that_is_no_longer_wanted_is_a_difference() -> None:
    assert not is_settled(stored(service(type="ClusterIP")), service())


def test_ours_is_what_our_resource_controls() -> None:
    desired = service()
    assert is_ours(stored(desired), desired)
    for references in ([], [OWNER | {"uid": "uid-2"}], [OWNER | {"controller": False}]):
        observed = stored(desired)
        observed["metadata"]["ownerReferences"] = references
        assert not is_ours(observed, desired)


def test_what_outlives_its_resource_is_found_by_its_mark() -> None:
    desired = {"kind": "Secret", "metadata": {"name": "x", "labels": {RETAIN_LABEL: "demo", "app": "x"}}}
    assert is_ours({"metadata": {"labels": {RETAIN_LABEL: "demo"}}}, desired)
    assert not is_ours({"metadata": {"labels": {RETAIN_LABEL: "other", "app": "x"}}}, desired)
    assert not is_ours({"metadata": {}}, desired)
    assert not is_ours({"metadata": {"labels": {"app": "x"}}}, {"metadata": {"name": "x", "labels": {"app": "x"}}})


def test_paths_of_the_api() -> None:
    assert SECRET.path("ns", "x") == "/api/v1/namespaces/ns/secrets/x"
    assert SECRET.path(None) == "/api/v1/secrets"
    assert DEPLOYMENT.path("ns", "x", "status") == "/apis/apps/v1/namespaces/ns/deployments/x/status"
    assert NAMESPACE.path(None, "ns") == "/api/v1/namespaces/ns"
