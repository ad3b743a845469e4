"""Attestations (PEP 740) over HTTP: kept with the file, linked from its page, served as provenance."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from registry_service.domain.attestations import STATEMENT_TYPE
from tests.support import packages

if TYPE_CHECKING:
    from tests.contract.conftest import Registry
    from tests.support.packages import Distribution

pytestmark = pytest.mark.anyio

_BASE = "/api/v4/projects/demo/packages/pypi/integrity/mypypipackage"


def _attestations(file: Distribution) -> str:
    subject = [{"name": file.filename, "digest": {"sha256": file.sha256}}]
    statement = json.dumps({"_type": STATEMENT_TYPE, "subject": subject, "predicateType": "p", "predicate": None})
    envelope = {"statement": base64.b64encode(statement.encode()).decode(), "signature": "c2ln"}
    material = {"certificate": "Y2VydA==", "transparency_entries": [{}]}
    return json.dumps([{"version": 1, "verification_material": material, "envelope": envelope}])


async def test_attestations_come_with_the_file_and_are_served_as_provenance(registry: Registry) -> None:
    token, wheel, sdist = await registry.token(), packages.wheel("1.0"), packages.sdist("1.0")
    attestations = _attestations(wheel)
    assert (await registry.publish(wheel, token, attestations=attestations)).status_code == 201
    await registry.publish(sdist, token)
    files = {file["filename"]: file for file in (await registry.page(token)).json()["files"]}
    url = files[wheel.filename]["provenance"]
    assert url == f"http://registry.example{_BASE}/1.0/{wheel.filename}/provenance"
    assert "provenance" not in files[sdist.filename]
    html = (await registry.page(token, headers={"accept": "text/html"})).text
    assert html.count(f'data-provenance="{url}"') == 1
    answer = await registry.http.get(url, auth=("a", token))
    assert answer.headers["content-type"] == "application/vnd.pypi.integrity.v1+json"
    (bundle,) = answer.json()["attestation_bundles"]
    assert bundle["attestations"] == json.loads(attestations)
    assert bundle["publisher"] == {"kind": "RegistryToken", "claims": {"name": "__token__"}}


async def test_attestations_of_another_file_are_refused(registry: Registry) -> None:
    token = await registry.token()
    refused = await registry.publish(packages.wheel("1.0"), token, attestations=_attestations(packages.wheel("2.0")))
    assert refused.status_code == 400
    assert "Attestation 1 is about another file" in refused.json()["message"]
    assert (await registry.page(token)).status_code == 404


async def test_provenance_is_there_only_for_its_own_file_and_in_its_own_type(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel("1.0")
    await registry.publish(wheel, token, attestations=_attestations(wheel))
    await registry.publish(packages.sdist("1.0"), token)
    for path in (
        f"/1.0/{packages.sdist('1.0').filename}/provenance",
        f"/2.0/{wheel.filename}/provenance",
        "/1.0/nonsense/provenance",
        f"/../other/1.0/{wheel.filename}/provenance",
    ):
        assert (await registry.http.get(_BASE + path, auth=("a", token))).status_code == 404
    own = f"{_BASE}/1.0/{wheel.filename}/provenance"
    html = await registry.http.get(own, auth=("a", token), headers={"accept": "text/html"})
    assert html.status_code == 406
    assert (await registry.http.get(own)).status_code == 401
