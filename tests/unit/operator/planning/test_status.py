"""The status is written whole, settled, and fits the schema."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from registry_operator.planning.observed import RegistryObservation
from registry_operator.planning.readiness import registry_conditions
from registry_operator.planning.status import (
    RegistryReport,
    TokenReport,
    image_version,
    invalid_status,
    registry_status,
    token_status,
)
from registry_operator.resources.conditions import Condition, ConditionType, holds
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import Credential, CredentialState, RegistryToken
from tests.unit.operator.planning.bodies import INGRESS, INSTALLATION, NOW, fresh, registry, serving, token

CRDS = Path(__file__).parents[4] / "crds"
ENTRY = Credential("id", "digest", CredentialState.ACTIVE, "2027-01-01T00:00:00Z")
LATER = NOW + timedelta(hours=1)


def schema(plural: str) -> dict[str, Any]:  # Any: a JSON schema
    crd = yaml.safe_load((CRDS / f"{plural}.yaml").read_text())
    return dict(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"])


def report(wanted: PyPIRegistry, seen: RegistryObservation) -> RegistryReport:
    conditions = registry_conditions(wanted, INSTALLATION, seen)
    return RegistryReport(conditions, seen, INSTALLATION, projects=2, tokens=3, image=INSTALLATION.service_image)


def test_a_registrys_status() -> None:
    wanted = registry(INGRESS)
    status = registry_status(wanted, report(wanted, serving(wanted)), NOW)
    jsonschema.validate(status, schema("pypiregistries"))
    assert {key: value for key, value in status.items() if key != "conditions"} == {
        "observedGeneration": 2,
        "replicas": 1,
        "readyReplicas": 1,
        "selector": "app.kubernetes.io/component=service,app.kubernetes.io/instance=pypi,"
        "app.kubernetes.io/name=pypi-registry",
        "registryID": "r-1",
        "url": "https://pypi--team-a.pypi.example",
        "internalURL": "http://pypi.team-a.svc",
        "image": "registry.example/service:1.2.3",
        "version": "1.2.3",
        "projects": 2,
        "tokens": 3,
    }
    assert len(status["conditions"]) == 8


def test_a_new_registrys_status_tells_where_it_will_be() -> None:
    wanted = registry()
    status = registry_status(wanted, report(wanted, fresh(wanted)), NOW)
    assert (status["replicas"], status["url"]) == (0, "http://pypi.team-a.svc")
    assert "registryID" not in status


def test_the_image_is_the_one_that_pods_were_given_last() -> None:
    wanted, waiting = registry(), registry(status={"image": "registry.example/service:1.1.0"})
    before = registry_status(wanted, replace(report(wanted, fresh(wanted)), image=None), NOW)
    assert "image" not in before
    assert "version" not in before
    status = registry_status(waiting, replace(report(waiting, serving(waiting)), image=None), NOW)
    assert (status["image"], status["version"]) == ("registry.example/service:1.1.0", "1.1.0")


def test_the_registry_id_is_remembered() -> None:
    wanted = registry(status={"registryID": "r-0"})
    assert registry_status(wanted, report(wanted, fresh(wanted)), NOW)["registryID"] == "r-0"


def test_a_settled_registrys_status_is_the_same_an_hour_later() -> None:
    wanted = registry(INGRESS)
    first = registry_status(wanted, report(wanted, serving(wanted)), NOW)
    body = {"metadata": {"namespace": "team-a", "name": "pypi", "uid": "u-1", "generation": 2}, "status": first}
    again = PyPIRegistry.parse(body | {"spec": {"database": {"type": "Managed"}, "storage": {"type": "Managed"}}})
    again = replace(again, spec=wanted.spec)
    assert registry_status(again, report(again, serving(again)), LATER) == first


def conditions() -> tuple[Condition, ...]:
    return (holds(ConditionType.READY), holds(ConditionType.ISSUED))


def test_a_tokens_status() -> None:
    full = TokenReport(
        conditions=conditions(),
        credentials=(ENTRY,),
        issue_time="2026-11-24T12:00:00Z",
        registry_namespace_uid="n-1",
        project="team-a",
        project_id=1,
        index_url="https://h/simple",
        upload_url="https://h",
    )
    status = token_status(token(), full, NOW)
    jsonschema.validate(status, schema("registrytokens"))
    assert status["credentials"] == [
        {"tokenID": "id", "digest": "digest", "state": "Active", "notAfter": "2027-01-01T00:00:00Z"}
    ]
    assert (status["expirationTime"], status["secretName"]) == ("2027-01-01T00:00:00Z", "ci")
    assert "2026-11-28T00:00:00Z" < status["rotationTime"] < "2026-12-02T00:00:00Z"
    metadata = {"namespace": "team-a", "name": "ci", "uid": "u-ci", "generation": 2}
    spec = {"registryRef": {"name": "pypi"}, "type": "Personal"}
    again = RegistryToken.parse({"metadata": metadata, "spec": spec, "status": status})
    assert token_status(again, full, LATER) == status
    assert again.status.credentials == (ENTRY,)


def test_a_token_without_a_credential_has_no_times() -> None:
    status = token_status(token(), TokenReport(conditions()), NOW)
    assert status.keys() == {"observedGeneration", "conditions", "secretName"}


def test_an_imported_credential_has_no_rotation_time() -> None:
    wanted = token({"type": "Job", "source": {"type": "Secret", "secret": {"name": "s", "key": "k"}}})
    status = token_status(wanted, TokenReport(conditions(), (ENTRY,)), NOW)
    assert "expirationTime" in status
    assert "rotationTime" not in status


def test_a_body_that_cannot_be_read_says_so_and_keeps_the_rest() -> None:
    old = {"type": "Issued", "status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": "x"}
    body = {"metadata": {"generation": 4}, "status": {"credentials": [1], "conditions": [old]}}
    first = invalid_status(body, "spec.type is missing", NOW)
    assert first["credentials"] == [1]
    assert first["observedGeneration"] == 4
    assert [item["type"] for item in first["conditions"]] == ["Ready", "Issued"]
    assert first["conditions"][0]["reason"] == "InvalidSpec"
    assert "spec.type is missing" in first["conditions"][0]["message"]
    assert invalid_status(body | {"status": first}, "spec.type is missing", LATER) == first
    ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": "x"}
    flipped = invalid_status({"metadata": {}, "status": {"conditions": [ready]}}, "m", NOW)
    assert flipped["conditions"][0]["lastTransitionTime"] == "2026-11-24T12:00:00Z"


@pytest.mark.parametrize("status", ["x", None, {"conditions": None}, {"conditions": ["x", {"type": "Ready"}]}])
def test_a_status_that_is_none_does_not_keep_a_bad_body_from_being_reported(status: object) -> None:
    told = invalid_status({"metadata": {}, "status": status}, "m", NOW)
    assert [(item["type"], item["reason"]) for item in told["conditions"]] == [("Ready", "InvalidSpec")]


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("registry.example:5000/a/b:1.2", "1.2"),
        ("a/b:1.2@sha256:0123456789abcdef", "1.2"),
        ("registry.example:5000/a@sha256:0123456789abcdef", "0123456789ab"),
        ("a/b", ""),
    ],
)
def test_the_version_is_what_the_image_tells(image: str, told: str) -> None:
    assert image_version(image) == told
