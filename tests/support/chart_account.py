"""The operator's own ServiceAccount on an API server that is alone: who it is, and its role as the chart renders it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import yaml

from tests.cluster.certificates import Subject
from tests.cluster.commands import run
from tests.support import api_server
from tests.support.installation import CHART, RELEASE

if TYPE_CHECKING:
    from registry_operator.cluster.kinds import Kind
    from tests.support.api_server import ApiServer, Object

# Shorter than that of the tests' installation: a certificate's common name has 64 characters.
_NAMESPACE: Final = "operator"
USER: Final = f"system:serviceaccount:{_NAMESPACE}:{RELEASE}"
ACCOUNT: Final = Subject(USER, ("system:serviceaccounts", f"system:serviceaccounts:{_NAMESPACE}"))
_RENDERING: Final = (
    *("template", RELEASE, str(CHART), f"--namespace={_NAMESPACE}", "--kube-version=1.35.0"),
    *(f"--set=images.{part}.repository={part.lower()}" for part in ("operator", "service", "objectStore")),
)


def roles() -> list[Object]:
    """The operator's role and its binding as Helm renders them."""
    documents = yaml.safe_load_all(run([api_server.programs() / "helm", *_RENDERING], timeout=60))
    return [one for one in documents if one["kind"].startswith("ClusterRole") and one["metadata"]["name"] == RELEASE]


def define(server: ApiServer, kind: Kind) -> None:
    """A kind that others define, as far as the operator needs it: with anything in it."""
    group, version = kind.api_version.split("/")
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    name = f"{kind.plural}.{group}"
    # Of the Kubernetes project's own groups the API server takes only what bears such a word.
    metadata = {"name": name, "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}}
    versions = [{"name": version, "served": True, "storage": True, "schema": anything, "subresources": {"status": {}}}]
    kinds = {"kind": kind.name, "plural": kind.plural, "singular": kind.name.lower()}
    spec = {"group": group, "scope": "Namespaced", "names": kinds, "versions": versions}
    api = "apiextensions.k8s.io/v1"
    server.kubectl.apply([{"apiVersion": api, "kind": "CustomResourceDefinition", "metadata": metadata, "spec": spec}])
    server.kubectl("wait", "--for=condition=Established", f"crd/{name}")
