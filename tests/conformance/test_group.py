"""The group index with real clients: one URL and one credential for all that a token may read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from tests.outcomes import issue_4
from tests.support import packages

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs, Word
    from tests.support.service import Registry, Standalone

pytestmark = pytest.mark.outcome(issue_4.CLIENTS)


def _group(access: Access) -> str:
    """The index's URL with the token in it."""
    scheme, host = access.base_url.split("://")
    return f"{scheme}://{access.username}:{access.password}@{host}{urls.group_path('registry')}/simple/"


def _pip(programs: Programs, access: Access, *requirements: str) -> str:
    into: list[Word] = [
        "--target",
        programs.site,
        "--no-deps",
        "--no-cache-dir",
        "--upgrade",
        "--index-url",
        _group(access),
    ]
    return programs.pip("install", *into, *requirements).ok()


def _uv(programs: Programs, access: Access, *requirements: str) -> str:
    into: list[Word] = ["--target", programs.site, "--no-deps", "--reinstall", "--python", sys.executable]
    return programs.uv("pip", "install", "--default-index", _group(access), *into, *requirements).ok()


def test_a_token_installs_its_own_packages_from_the_group(
    registry: Registry, access: Access, programs: Programs, tmp_path: Path
) -> None:
    other = registry.project(f"{access.project}-other")
    programs.twine("twine-7", access, packages.wheel("1.0+local").write_to(tmp_path)).ok()
    programs.twine("twine-7", other, packages.wheel("2.0").write_to(tmp_path)).ok()
    assert "mypypipackage-1.0+local" in _pip(programs, access, "mypypipackage")
    assert "mypypipackage==1.0+local" in _uv(programs, access, "mypypipackage")
    assert programs.greeting() == "Hello from MyPyPiPackage"


def test_a_token_installs_from_its_own_project_before_any_other(
    one_machine: Standalone, programs: Programs, tmp_path: Path
) -> None:
    shared = one_machine.project("a-shared-project", visibility="internal")
    own = one_machine.project("the-own-project")
    theirs = [packages.wheel("9.0"), packages.wheel("1.0", name="onlytheirs")]
    programs.twine("twine-7", shared, *(wheel.write_to(tmp_path) for wheel in theirs)).ok()
    programs.twine("twine-7", own, packages.wheel("1.0").write_to(tmp_path)).ok()
    said = _pip(programs, own, "mypypipackage", "onlytheirs")
    assert "mypypipackage-1.0" in said
    assert "onlytheirs-1.0" in said
    said = _uv(programs, own, "mypypipackage", "onlytheirs")
    assert "mypypipackage==1.0" in said
    assert "onlytheirs==1.0" in said
