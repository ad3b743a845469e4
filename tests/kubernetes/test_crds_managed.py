"""The CRD's rules about the pods of the managed database and store."""

import pytest
import yaml

from tests.kubernetes.test_crds import refusal, registry
from tests.outcomes import issue_7
from tests.support.kubernetes import Namespace, Object

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("installation"), pytest.mark.outcome(issue_7.CLUSTER)]


def managed(part: str, **resources: object) -> Object:
    return registry(**{part: {"type": "Managed", "managed": {"resources": resources}}})


@pytest.mark.parametrize("part", ["database", "storage"])
def test_resources_that_make_no_sense_are_refused(namespace: Namespace, part: str) -> None:
    said = f"spec.{part}.managed.resources.limits"
    for resources, sentence in (
        ({"requests": {"memory": "2Gi"}}, f"{said}.memory must be at least requests.memory"),
        ({"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}, f"{said}.cpu must be at least requests.cpu"),
        ({"limits": {"memory": "much"}}, "should match"),
    ):
        assert sentence in refusal(namespace, managed(part, **resources), "--dry-run=server")


@pytest.mark.parametrize("part", ["database", "storage"])
def test_resources_are_accepted_and_have_defaults(namespace: Namespace, part: str) -> None:
    body = managed(part, requests={"cpu": "1.5"}, limits={"memory": "2Gi"})
    text = namespace("apply", "-f", "-", "--dry-run=server", "-o", "yaml", stdin=yaml.safe_dump(body))
    made = yaml.safe_load(text)["spec"][part]["managed"]["resources"]
    assert made == {"requests": {"cpu": "1.5", "memory": "128Mi"}, "limits": {"memory": "2Gi"}}
