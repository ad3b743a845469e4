"""What Argo CD and Flux see of the chart and of resources: no difference to come back for, and their health."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.kubernetes.test_chart import rendered
from tests.support.kubernetes import REGISTRY, TOKEN
from tests.support.resources import registry, token

if TYPE_CHECKING:
    from tests.cluster.description import Cluster
    from tests.support.installation import Installation
    from tests.support.kubernetes import Namespace

pytestmark = pytest.mark.cluster

# Ends with 1 where an apply would change anything; what others own is no difference.
_DIFF = ("diff", "-f", "-")


def test_the_chart_applied_again_changes_nothing(cluster: Cluster, installation: Installation) -> None:
    documents = rendered(cluster)
    kinds = {body["kind"] for body in documents}
    assert {"CustomResourceDefinition", "Deployment", "ClusterRole", "NetworkPolicy"} <= kinds
    installation.namespace(*_DIFF, "--server-side", "--force-conflicts", stdin=yaml.safe_dump_all(documents))


def test_resources_applied_again_change_nothing(walled: Namespace) -> None:
    walled(*_DIFF, stdin=yaml.safe_dump_all([registry("base"), token("ci", "base")]))


@pytest.mark.parametrize(("kind", "name"), [(REGISTRY, "base"), (TOKEN, "ci")])
def test_a_resource_that_is_settled_says_so_for_its_generation(walled: Namespace, kind: str, name: str) -> None:
    """As kstatus, and so Flux, reads it: `observedGeneration`, then `Ready`, and nothing abnormal."""
    body = walled.wait_for_condition(kind, name, "Ready", seconds=60)
    status = {condition["type"]: condition["status"] for condition in body["status"]["conditions"]}
    assert body["status"]["observedGeneration"] == body["metadata"]["generation"]
    assert (status.get("Reconciling", "False"), status.get("Stalled", "False")) == ("False", "False")
