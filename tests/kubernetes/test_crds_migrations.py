"""What the API server itself says of `spec.migrations`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.kubernetes.test_crds import refusal, registry
from tests.outcomes import issue_7
from tests.support.kubernetes import REGISTRY, Namespace

if TYPE_CHECKING:
    from tests.support.api_server import ApiServer
    from tests.support.kubernetes import Object

pytestmark = pytest.mark.outcome(issue_7.CLUSTER)

REFUSED: list[tuple[Object, str]] = [
    (registry(migrations={"approvedImage": "a:1"}), "spec.migrations.approvedImage belongs to type Manual; set it"),
    (registry(migrations={"type": "Automatic", "approvedImage": "a:1"}), "belongs to type Manual"),
    (registry(migrations={"type": "Manual", "approvedImage": ""}), "should be at least 1 chars long"),
    (registry(migrations={"type": "Manual", "approvedImage": "a" * 513}), "may not be more than 512"),
    (registry(migrations={"type": "Never"}), 'supported values: "Automatic", "Manual"'),
    (registry(migrations={"deadlineSeconds": 59}), "should be greater than or equal to 60"),
    (registry(migrations={"deadlineSeconds": 86401}), "should be less than or equal to 86400"),
]
ACCEPTED: list[Object] = [
    registry(migrations={"type": "Manual"}),
    registry(
        migrations={"type": "Manual", "approvedImage": "index.example/service@sha256:0123", "deadlineSeconds": 60}
    ),
    registry(migrations={"deadlineSeconds": 86400}),
]


@pytest.fixture
def namespace(api_server: ApiServer) -> Namespace:
    """A namespace of an API server without an operator."""
    return Namespace(api_server.kubectl, "default")


def test_what_makes_no_sense_for_migrations_is_refused(namespace: Namespace) -> None:
    answers = [(refusal(namespace, body, "--dry-run=server"), sentence) for body, sentence in REFUSED]
    assert [answer for answer, sentence in answers if sentence not in answer] == []


def test_what_makes_sense_for_migrations_is_accepted_and_may_change(namespace: Namespace) -> None:
    for body in (*ACCEPTED, registry()):
        namespace("apply", "-f", "-", stdin=yaml.safe_dump(body))
    found = namespace.get(REGISTRY, "pypi")
    assert found is not None
    assert found["spec"]["migrations"] == {"type": "Automatic", "deadlineSeconds": 900}
