"""Data goes with its registry only when that was asked for and confirmed, and nothing else ever does."""

from dataclasses import replace

import pytest

from registry_operator.planning.observed import Manifest
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.retention import deletes_data, owners
from registry_operator.resources.conditions import ConditionType, find
from registry_operator.resources.registry import PyPIRegistry
from tests.unit.operator.planning.bodies import INSTALLATION, registry, serving

OWNER = {"apiVersion": "pypiregistry.dev/v1alpha1", "kind": "PyPIRegistry", "name": "pypi", "uid": "u-1"}
OTHER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "u-2"}
KEPT = [
    ("PersistentVolumeClaim", "data-pypi-postgresql-0"),
    ("PersistentVolumeClaim", "data-pypi-object-store-0"),
    ("PersistentVolumeClaim", "pypi-blobs"),
    ("Secret", "pypi-postgresql"),
    ("Secret", "pypi-object-store"),
]


def asked(policy: str, confirmation: str | None) -> PyPIRegistry:
    wanted = registry({"deletionPolicy": policy})
    annotations = {} if confirmation is None else {"pypiregistry.dev/confirm-delete": confirmation}
    return replace(wanted, metadata=replace(wanted.metadata, annotations=annotations))


CONFIRMED = asked("Delete", "pypi")
KEEPING = [asked("Retain", None), asked("Retain", "pypi"), asked("Delete", None), asked("Delete", "true")]


def body(kind: str, name: str, *present: Manifest) -> Manifest:
    return {"kind": kind, "metadata": {"name": name, "ownerReferences": list(present)}}


@pytest.mark.parametrize(("kind", "name"), KEPT)
def test_confirmed_they_go_with_the_registry(kind: str, name: str) -> None:
    assert deletes_data(CONFIRMED)
    assert owners(CONFIRMED, {"kind": kind, "metadata": {"name": name}}) == [OWNER]
    assert owners(CONFIRMED, body(kind, name, OTHER)) == [OTHER, OWNER]
    assert owners(CONFIRMED, body(kind, name, OTHER, OWNER)) is None


@pytest.mark.parametrize("wanted", KEEPING)
@pytest.mark.parametrize(("kind", "name"), KEPT)
def test_else_they_stay(kind: str, name: str, wanted: PyPIRegistry) -> None:
    assert not deletes_data(wanted)
    assert owners(wanted, body(kind, name, OTHER)) is None
    assert owners(wanted, body(kind, name, OWNER, OTHER)) == [OTHER]


@pytest.mark.hostile
@pytest.mark.parametrize(
    ("kind", "name"),
    [("Secret", "database-admin"), ("Secret", "pypi"), ("PersistentVolumeClaim", "data-other-postgresql-0")],
)
def test_what_only_bears_the_mark_is_left_alone(kind: str, name: str) -> None:
    """3.6/112: a label makes nothing ours."""
    assert owners(CONFIRMED, body(kind, name)) is None


def test_who_has_not_confirmed_is_told_how() -> None:
    messages = []
    for wanted in (asked("Delete", None), CONFIRMED, registry()):
        ready = find(registry_conditions(wanted, INSTALLATION, serving(wanted)), ConditionType.READY)
        assert ready is not None
        assert ready.is_true
        messages.append(ready.message)
    told, *others = messages
    assert told.endswith("kubectl annotate pyreg pypi pypiregistry.dev/confirm-delete=pypi")
    assert others == ["The registry serves."] * 2
