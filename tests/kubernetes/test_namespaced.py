"""An operator for chosen namespaces: Roles there, and no right beyond them."""

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.description import Cluster
from tests.demo import examples, steps
from tests.demo.outside import Outside
from tests.demo.walk import Walk, install_package, make_registry, publish, share
from tests.kubernetes.conftest import MakeNamespace
from tests.outcomes import issue_7
from tests.support.installation import NAMESPACE, RELEASE, Installation, install
from tests.support.kubernetes import TOKEN, Namespace
from tests.support.resources import token

pytestmark = pytest.mark.cluster

_ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"
_OURS = f"app.kubernetes.io/instance={RELEASE}"


@pytest.fixture
def namespaces(make_fresh_namespace: MakeNamespace) -> tuple[Namespace, Namespace, Namespace]:
    """The one with a registry, the one that shares it, and one that the operator is not to see."""
    return make_fresh_namespace("team-a"), make_fresh_namespace("team-b"), make_fresh_namespace("unseen")


@pytest.fixture
def narrow(cluster: Cluster, namespaces: tuple[Namespace, Namespace, Namespace]) -> Iterator[Installation]:
    """The installation, for the first two namespaces only; afterwards for all again."""
    watched = ",".join(namespace.name for namespace in namespaces[:2])
    try:
        yield install(cluster, f"--set=watchNamespaces={{{watched}}}")
    finally:
        install(cluster)


def _cluster_roles(installation: Installation) -> str:
    return installation.kubectl("get", "clusterroles,clusterrolebindings", "-l", _OURS, "-o", "name")


def _may(installation: Installation, verb: str, kind: str, namespace: str | None = None) -> bool:
    """Whether the API server would let the operator's account do that, in a namespace or in all."""
    asked = {"verb": verb, "resource": kind} | ({} if namespace is None else {"namespace": namespace})
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": _ACCOUNT, "groups": ["system:authenticated"], "resourceAttributes": asked},
    }
    said = json.loads(installation.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review)))
    return bool(said["status"]["allowed"])


def _walk(walk: Walk) -> str:
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told):
            for step in (make_registry, publish, install_package, share):
                step(walk)
    finally:
        print(told.getvalue())
    return told.getvalue()


@pytest.mark.outcome(issue_7.ACCOUNT)
def test_the_demonstrations_thread_passes_with_roles_only(
    narrow: Installation, namespaces: tuple[Namespace, Namespace, Namespace], tmp_path: Path
) -> None:
    cluster, (owner, guest, unseen) = narrow.cluster, namespaces
    assert _cluster_roles(narrow) == ""
    assert _may(narrow, "create", "secrets", owner.name)
    assert not _may(narrow, "get", "secrets", unseen.name)
    assert not _may(narrow, "list", "namespaces")
    unseen.apply(token("alone", "pypi"))

    told = _walk(Walk(narrow, owner, guest, Outside(cluster, tmp_path), cluster.images["client"]))
    assert told.count("Hello from MyPyPiPackage") == 2

    guest.apply(token("far", "pypi", registryRef={"name": "pypi", "namespace": unseen.name}))
    guest.wait_for_condition(
        TOKEN, "far", "Accepted", status="False", reason="NamespaceNotWatched", seconds=steps.TOKEN_SECONDS
    )
    assert "status" not in (unseen.get(TOKEN, "alone") or {"status": "gone"})
    said = narrow.namespace("logs", f"deployment/{RELEASE}")
    assert [line for line in said.splitlines() if "orbidden" in line] == []

    guest.delete(f"namespace/{guest.name}")
    owner.apply(examples.documents("team-a/tokens.yaml")[0] | {"metadata": {"name": "later"}})
    owner.wait_for_condition(TOKEN, "later", "Ready", seconds=steps.TOKEN_SECONDS)
