"""Every client publishes, publishes again and publishes other bytes, and its user reads what came of it."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.conformance import index
from tests.conformance.publishers import PUBLISHERS
from tests.conformance.ways import DIRECTLY_AND_THROUGH_TRAEFIK
from tests.outcomes.issue_4 import CLIENTS
from tests.support import packages
from tests.support.traefik import Proxied

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs
    from tests.support.service import Registry

pytestmark = pytest.mark.outcome(CLIENTS)

_WHEEL, _SDIST = "mypypipackage-0.0.1-py3-none-any.whl", "mypypipackage-0.0.1.tar.gz"


@pytest.fixture
def project(programs: Programs) -> Path:
    """The example, built."""
    folder = programs.home / "project"
    packages.write_project(folder)
    return folder


def _changed(programs: Programs) -> Path:
    """The same release of it with another wheel."""
    folder = programs.home / "changed"
    packages.write_project(folder, summary="A small example package that was changed")
    return folder


@pytest.mark.parametrize("client", PUBLISHERS)
@pytest.mark.parametrize("registry", ["one_machine", "in_a_pod", "websecure"], indirect=True)
def test_published_once_and_twice_and_never_changed(
    access: Access, programs: Programs, project: Path, client: str, registry: Registry
) -> None:
    publisher = PUBLISHERS[client]
    publisher.publish(programs, access, project).ok()
    first = index.published(access)
    built = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (project / "dist").iterdir()}
    assert built.keys() == {_WHEEL, _SDIST}
    assert {name: file["hashes"] for name, file in first.items()} == {
        name: {"sha256": sha256} for name, sha256 in built.items()
    }
    publisher.publish(programs, access, project).ok()
    assert index.published(access) == first
    refused = publisher.publish(programs, access, _changed(programs))
    said = refused.ok() if publisher.passes_over else refused.failed()
    assert publisher.taken in said
    if not isinstance(registry, Proxied):
        assert publisher.taken_directly in said
    assert index.published(access) == first


@pytest.mark.parametrize("client", PUBLISHERS)
@DIRECTLY_AND_THROUGH_TRAEFIK
def test_a_wrong_token_and_none(access: Access, programs: Programs, project: Path, client: str) -> None:
    publisher = PUBLISHERS[client]
    wrong = dataclasses.replace(access, password=access.password[:-1] + "?")
    assert publisher.wrong in publisher.publish(programs, wrong, project).failed()
    nobody = dataclasses.replace(access, password="")
    assert publisher.nobody in publisher.publish(programs, nobody, project).failed()
    assert index.published(access) == {}


@pytest.mark.parametrize(
    ("client", "said"), [("twine-5", "Skipping"), ("poetry", "File exists. Skipping"), ("pdm", "Skipping")]
)
@DIRECTLY_AND_THROUGH_TRAEFIK
def test_those_that_can_skip_what_exists(
    access: Access, programs: Programs, project: Path, client: str, said: str
) -> None:
    """Later twines refuse to, for any index but the public one; uv and hatch look before they send."""
    publisher = PUBLISHERS[client]
    programs.uv_publish(access, *(project / "dist").iterdir()).ok()
    first = index.published(access)
    assert said in publisher.publish(programs, access, _changed(programs), "--skip-existing").ok()
    assert index.published(access) == first
