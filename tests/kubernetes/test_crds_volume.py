"""What the API server itself says of a registry with a volume: at first, later, and to an autoscaler.

That a size may be set back once the growth was refused is in `test_volume.py`, because only the operator can say so.
"""

import pytest
import yaml

from tests.cluster.commands import CommandFailedError
from tests.kubernetes.test_crds import DATABASE, S3, refusal, registry
from tests.outcomes import issue_7
from tests.support.kubernetes import REGISTRY, Namespace, Object

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("installation"), pytest.mark.outcome(issue_7.CLUSTER)]


def volume(**claim: str) -> Object:
    """A `spec.storage` with a volume."""
    return {"type": "PersistentVolumeClaim", "persistentVolumeClaim": claim}


SHARED = volume(accessMode="ReadWriteMany")
REFUSED: list[tuple[Object, str]] = [
    (registry(storage={"type": "PersistentVolumeClaim"}), "spec.storage.persistentVolumeClaim belongs to type"),
    (registry(storage={**volume(), "type": "Managed"}), "spec.storage.persistentVolumeClaim belongs to type"),
    (registry(storage={**S3, "persistentVolumeClaim": {}}), "spec.storage.persistentVolumeClaim belongs to type"),
    (registry(storage={**volume(), "managed": {}}), "spec.storage.managed belongs to type Managed"),
    (registry(storage={**volume(), "s3": S3["s3"]}), "spec.storage.s3 belongs to type S3"),
    (registry(storage=volume(size="1")), "should match"),
    (registry(storage=volume(storageClassName="Fast")), "should match"),
    (registry(storage=volume(accessMode="ReadOnlyMany")), 'supported values: "ReadWriteOnce", "ReadWriteMany"'),
    (registry(storage=volume(), replicas=2), "spec.replicas above 1 needs a volume that several nodes may write to"),
    (
        registry(storage=volume(), database=DATABASE, deletionPolicy="Delete"),
        "is for a managed database with a managed store or a volume",
    ),
]
ACCEPTED: list[Object] = [
    registry(storage=volume()),
    registry(storage=volume(), replicas=0),
    registry(storage=volume(), deletionPolicy="Delete"),
    registry(storage=volume(size="1Ti", storageClassName="fast", accessMode="ReadWriteMany"), replicas=100),
]
CHANGED: list[tuple[Object, Object, str]] = [
    (volume(), SHARED, "accessMode and storageClassName cannot change"),
    (SHARED, volume(), "accessMode and storageClassName cannot change"),
    (volume(), volume(storageClassName="fast"), "accessMode and storageClassName cannot change"),
    (volume(storageClassName="fast"), volume(), "accessMode and storageClassName cannot change"),
    (volume(size="2Gi"), volume(size="2047Mi"), "size may only grow"),
    (volume(), volume(size="10Gi"), "size may only grow"),
]


@pytest.mark.hostile
def test_what_makes_no_sense_for_a_volume_is_refused(namespace: Namespace) -> None:
    """3.6/127: the member of the type, and replicas that one node's volume cannot serve."""
    answers = [(refusal(namespace, body, "--dry-run=server"), sentence) for body, sentence in REFUSED]
    assert [answer for answer, sentence in answers if sentence not in answer] == []


def test_what_makes_sense_for_a_volume_is_accepted(namespace: Namespace) -> None:
    for body in ACCEPTED:
        namespace("apply", "-f", "-", "--dry-run=server", stdin=yaml.safe_dump(body))


@pytest.mark.hostile
def test_a_volume_is_made_once_and_only_grows(namespace: Namespace) -> None:
    """3.6/121: also by leaving a field out."""
    answers = []
    for number, (before, after, sentence) in enumerate(CHANGED):
        name = f"r{number}"
        namespace.apply(registry(name=name, storage=before))
        answers.append((refusal(namespace, registry(name=name, storage=after)), sentence))
    assert [answer for answer, sentence in answers if sentence not in answer] == []
    for size in ("2048Mi", "2Gi", "1Ti"):
        namespace.apply(registry(name="r4", storage=volume(size=size)))


def test_the_type_is_fixed_once_the_registry_has_data(namespace: Namespace) -> None:
    """Before that it may change: nothing would be missing."""
    for spec in (volume(), {"type": "Managed"}, volume(accessMode="ReadWriteMany")):
        namespace.apply(registry(storage=spec))
    status = '{"status":{"registryID":"11111111-2222-3333-4444-555555555555"}}'
    namespace("patch", REGISTRY, "pypi", "--subresource=status", "--type=merge", "-p", status)
    for spec in ({"type": "Managed"}, S3):
        assert "cannot change once the registry holds data" in refusal(namespace, registry(storage=spec))
    namespace.apply(registry(storage=volume(accessMode="ReadWriteMany", size="30Gi")))


def test_an_autoscaler_meets_the_same_rule(namespace: Namespace) -> None:
    """It writes to the scale subresource."""
    namespace.apply(registry(storage=volume()), registry(name="shared", storage=SHARED))
    with pytest.raises(CommandFailedError, match=r"spec\.replicas above 1 needs a volume"):
        namespace("scale", f"{REGISTRY}/pypi", "--replicas=2")
    namespace("scale", f"{REGISTRY}/pypi", "--replicas=0")
    namespace("scale", f"{REGISTRY}/shared", "--replicas=3")
