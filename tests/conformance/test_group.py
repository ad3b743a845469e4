"""The group index with real clients: one URL and one credential for all that a token may read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from registry_service.contract.clients import Access
from tests.conformance.installers import INSTALLERS
from tests.conformance.ways import DIRECTLY_AND_THROUGH_TRAEFIK
from tests.outcomes import issue_4
from tests.support import packages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.programs import Programs
    from tests.support.service import Registry, Standalone

pytestmark = [pytest.mark.outcome(issue_4.CLIENTS), pytest.mark.parametrize("client", INSTALLERS)]


@dataclass(frozen=True, slots=True)
class GroupAccess(Access):
    """A credential used with the group's index in place of its project's."""

    @property
    def index_url(self) -> str:
        """The index without a credential in it."""
        return f"{self.base_url}{urls.group_path('registry')}/simple"


def _group(access: Access) -> GroupAccess:
    return GroupAccess(**{field.name: getattr(access, field.name) for field in dataclasses.fields(access)})


@DIRECTLY_AND_THROUGH_TRAEFIK
def test_a_token_installs_its_own_packages_from_the_group(
    registry: Registry, access: Access, programs: Programs, tmp_path: Path, client: str
) -> None:
    other = registry.project(f"{access.project}-other")
    programs.uv_publish(access, packages.wheel("1.0+local").write_to(tmp_path)).ok()
    programs.uv_publish(other, packages.wheel("2.0").write_to(tmp_path)).ok()
    installed = INSTALLERS[client].install(programs, _group(access), ["mypypipackage"]).versions()
    assert installed == {"mypypipackage": "1.0+local"}


def test_a_token_installs_from_its_own_project_before_any_other(
    one_machine: Standalone, programs: Programs, tmp_path: Path, client: str
) -> None:
    shared = one_machine.project(f"a-project-shared-with-{client}", visibility="internal")
    own = one_machine.project(f"the-own-project-of-{client}")
    only_theirs = f"only-theirs-for-{client}"
    theirs = [packages.wheel("9.0"), packages.wheel("1.0", name=only_theirs)]
    programs.uv_publish(shared, *(wheel.write_to(tmp_path) for wheel in theirs)).ok()
    programs.uv_publish(own, packages.wheel("1.0").write_to(tmp_path)).ok()
    installed = INSTALLERS[client].install(programs, _group(own), ["mypypipackage", only_theirs]).versions()
    assert installed == {"mypypipackage": "1.0", only_theirs.replace("-", "_"): "1.0"}


@DIRECTLY_AND_THROUGH_TRAEFIK
def test_a_wrong_token_opens_no_group(access: Access, programs: Programs, client: str) -> None:
    installer = INSTALLERS[client]
    wrong = dataclasses.replace(_group(access), password=access.password[:-1] + "?")
    assert installer.unauthorized in installer.install(programs, wrong, ["mypypipackage"]).result.failed()
