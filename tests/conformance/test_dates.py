"""Clients that install as of a date find what had been published by then: the index says when each file came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.conformance import index, installers
from tests.outcomes.issue_4 import CLIENTS
from tests.support import packages

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs

pytestmark = pytest.mark.outcome(CLIENTS)


@pytest.fixture
def between(access: Access, programs: Programs, tmp_path: Path) -> str:
    """Publish 1.0, then 2.0; a moment between the two."""
    for version in ("1.0", "2.0"):
        programs.uv_publish(access, packages.wheel(version).write_to(tmp_path)).ok()
    files = index.published(access).values()
    first, second = sorted(datetime.fromisoformat(str(file["upload-time"])) for file in files)
    return _written(first + (second - first) / 2)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_LONG_AGO = "2020-01-01T00:00:00Z"


def test_pip_uploaded_prior_to(access: Access, programs: Programs, between: str) -> None:
    options = ["--dry-run", "--ignore-installed", "--uploaded-prior-to"]
    found = programs.pip_install(access, "mypypipackage", options=[*options, between]).ok()
    assert "Would install mypypipackage-1.0\n" in found
    nothing = programs.pip_install(access, "mypypipackage", options=[*options, _LONG_AGO]).failed()
    assert "No matching distribution found for mypypipackage" in nothing


def test_uv_exclude_newer(access: Access, programs: Programs, between: str) -> None:
    options = ["--dry-run", "--exclude-newer"]
    assert "+ mypypipackage==1.0\n" in programs.uv_install(access, "mypypipackage", options=[*options, between]).ok()
    nothing = programs.uv_install(access, "mypypipackage", options=[*options, _LONG_AGO]).failed()
    assert "`mypypipackage` was filtered by `exclude-newer` to only include packages uploaded before" in nothing
    assert "The latest version satisfying the requirement is v2.0, published at" in nothing


def test_pdm_exclude_newer(access: Access, programs: Programs, between: str) -> None:
    project = installers.pdm_project(programs, access, ["mypypipackage"])
    installers.pdm(programs, access, project, "lock", "--exclude-newer", between).ok()
    locked = (project / "pdm.lock").read_text()
    assert "mypypipackage-1.0-py3-none-any.whl" in locked
    assert "mypypipackage-2.0-py3-none-any.whl" not in locked


def test_poetry_minimum_release_age(access: Access, programs: Programs, between: str) -> None:
    """It counts in days, and both are younger."""
    project = installers.poetry_project(programs, access, ["mypypipackage"])
    installers.poetry(programs, access, project, "config", "--local", "solver.min-release-age", "1").ok()
    young = installers.poetry(programs, access, project, "lock").failed()
    assert "versions were ignored due to solver.min-release-age=1" in young
    assert "mypypipackage: 1.0, 2.0" in young
