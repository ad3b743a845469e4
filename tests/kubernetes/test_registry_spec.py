"""What a registry's spec asks for, as a real API server and real controllers take it."""

import time

import pytest

from tests.kubernetes.conftest import MakeNamespace
from tests.outcomes import issue_7
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, Namespace, Object, condition_of
from tests.support.resources import registry

pytestmark = [pytest.mark.cluster, pytest.mark.outcome(issue_7.CLUSTER)]

MENDED_SECONDS = 15
# Longer than the time after which the operator looks at everything again.
SETTLED_SECONDS = 35
POD_TEMPLATE = {
    "labels": {"team": "a"},
    "annotations": {"example.org/note": "text"},
    # In other spellings than the API server's own, which must not look like a change for ever.
    "resources": {"requests": {"cpu": "0.05", "memory": "131072Ki"}, "limits": {"cpu": "2000m", "memory": "1024Mi"}},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"operator": "Exists"}, {"key": "spot", "effect": "NoExecute", "tolerationSeconds": 60}],
}


@pytest.fixture(scope="module")
def home(installation: Installation, make_module_namespace: MakeNamespace) -> Namespace:
    """A namespace under the restricted standard with a registry that says all it may about its pods."""
    namespace = make_module_namespace("spec", **{"pod-security.kubernetes.io/enforce": "restricted"})
    account = {"annotations": {"example.org/role": "packages"}}
    namespace.apply(registry("base", podTemplate=POD_TEMPLATE, serviceAccount=account, replicas=2))
    namespace.wait_for_condition(REGISTRY, "base", "Ready")
    return namespace


def test_pods_are_as_the_spec_says(home: Namespace) -> None:
    pods = home.find("pods", labels="team=a,app.kubernetes.io/component=service")
    assert len(pods) == 2
    for pod in pods:
        assert pod["metadata"]["annotations"]["example.org/note"] == "text"
        assert pod["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "2", "memory": "1Gi"}
        assert {"key": "spot", "operator": "Equal", "effect": "NoExecute", "tolerationSeconds": 60} in pod["spec"][
            "tolerations"
        ]
    account = home.get("serviceaccount", "base-registry")
    assert account is not None
    assert account["metadata"]["annotations"]["example.org/role"] == "packages"


def test_nothing_is_written_for_another_spelling(home: Namespace) -> None:
    def versions() -> dict[str, str]:
        found = home.find("deployments,jobs,poddisruptionbudgets,serviceaccounts")
        return {f"{body['kind']}/{body['metadata']['name']}": body["metadata"]["resourceVersion"] for body in found}

    before = versions()
    time.sleep(SETTLED_SECONDS)  # that nothing happens can only be seen by looking for as long
    assert versions() == before


def test_a_disruption_budget_comes_back_and_goes_with_the_second_pod(home: Namespace) -> None:
    first = home.get("poddisruptionbudget", "base")
    assert first is not None
    assert first["spec"]["maxUnavailable"] == 1
    home("delete", "poddisruptionbudget/base")
    made = home.wait_for("poddisruptionbudget", "base", _allows_one, seconds=MENDED_SECONDS, until="made again")
    assert made["metadata"]["uid"] != first["metadata"]["uid"]
    home("scale", f"{REGISTRY}/base", "--replicas=1")
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=60)
    assert home.get("poddisruptionbudget", "base") is None


def test_a_paused_registry_is_left_for_work_by_hand(home: Namespace) -> None:
    home(
        "patch",
        REGISTRY,
        "base",
        "--type=merge",
        "-p",
        '{"spec":{"paused":true,"podTemplate":{"labels":{"team":"b"}}}}',
    )
    home.wait_for_condition(REGISTRY, "base", "Reconciling", status="False", reason="Paused", seconds=30)
    assert _team(home) == "a"
    home("patch", REGISTRY, "base", "--type=merge", "-p", '{"spec":{"paused":false}}')
    home.wait_for("deployment", "base", lambda _: _team(home) == "b", seconds=60, until="going on")
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=90)


def _team(home: Namespace) -> str:
    deployment = home.get("deployment", "base")
    assert deployment is not None
    return str(deployment["spec"]["template"]["metadata"]["labels"]["team"])


def test_data_goes_with_its_registry_once_that_is_confirmed(home: Namespace) -> None:
    """After the others: the registry ends with it."""
    home("patch", REGISTRY, "base", "--type=merge", "-p", '{"spec":{"deletionPolicy":"Delete"}}')
    ready = home.wait_for(REGISTRY, "base", _tells_how_to_confirm, seconds=30, until="telling how to confirm")
    assert not any("ownerReferences" in body["metadata"] for body in _kept(home))
    assert condition_of(ready, "Ready")["status"] == "True"
    home("annotate", f"{REGISTRY}/base", "pypiregistry.dev/confirm-delete=base")
    until = "claims and credentials have an owner"
    home.eventually(lambda: {"all": True} if _are_owned(home) else None, seconds=MENDED_SECONDS, until=until)
    home.wait_for_condition(REGISTRY, "base", "Ready", seconds=60)
    home.delete(f"{REGISTRY}/base")
    home.eventually(lambda: None if _kept(home) else {"kept": []}, seconds=120, until="claims and credentials are gone")


def _kept(home: Namespace) -> list[Object]:
    return home.find("persistentvolumeclaims,secrets", labels="pypiregistry.dev/retained-for=base")


def _are_owned(home: Namespace) -> bool:
    return all("ownerReferences" in body["metadata"] for body in _kept(home))


def _tells_how_to_confirm(body: Object) -> bool:
    return "pypiregistry.dev/confirm-delete=base" in condition_of(body, "Ready").get("message", "")


def _allows_one(body: Object) -> bool:
    return int(body.get("status", {}).get("disruptionsAllowed", 0)) == 1
