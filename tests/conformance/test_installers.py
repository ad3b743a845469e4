"""Every client installs what fits and passes over what does not, and its user reads why."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import pytest

from tests.conformance import index
from tests.conformance.installers import INSTALLERS
from tests.conformance.programs import Programs
from tests.conformance.ways import DIRECTLY_AND_THROUGH_TRAEFIK
from tests.outcomes.issue_4 import CLIENTS
from tests.support import packages

if TYPE_CHECKING:
    from registry_service.contract.clients import Access
    from tests.support.service import Registry

pytestmark = [
    pytest.mark.outcome(CLIENTS),
    DIRECTLY_AND_THROUGH_TRAEFIK,
    pytest.mark.parametrize("client", INSTALLERS),
]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shelf(registry: Registry, tmp_path_factory: pytest.TempPathFactory, _clients: None) -> Access:
    """A project in which each package has something that an installer must heed."""
    access = registry.project(f"shelf-{next(_numbers)}")
    folder = tmp_path_factory.mktemp("shelf")
    made = [
        *(packages.wheel(version, name="yanked") for version in ("1.0", "2.0")),
        packages.wheel("1.0", name="pythons"),
        packages.wheel("2.0", name="pythons", requires_python=">=3.99"),
        *(packages.wheel(version, name="versions") for version in ("1.0+cu118", "1!2.0")),
    ]
    Programs(folder).twine("twine-7", access, *(wheel.write_to(folder) for wheel in made)).ok()
    index.yank(access, "yanked", "2.0", reason="it breaks")
    return access


def test_what_fits(shelf: Access, programs: Programs, client: str) -> None:
    """A yanked release and one for a later Python are passed over, and an epoch is newer than everything before."""
    installed = INSTALLERS[client].install(programs, shelf, ["yanked", "pythons", "versions"]).versions()
    assert installed == {"yanked": "1.0", "pythons": "1.0", "versions": "1!2.0"}


def test_what_is_pinned(shelf: Access, programs: Programs, client: str) -> None:
    """A yanked release is found and said to be one; a local version has its public version's name too."""
    installer = INSTALLERS[client]
    pinned = installer.install(programs, shelf, ["yanked==2.0", "versions==1.0"])
    assert pinned.versions() == {"yanked": "2.0", "versions": "1.0+cu118"}
    assert installer.yanked in pinned.result.output


def test_what_needs_a_later_python(shelf: Access, programs: Programs, client: str) -> None:
    installer = INSTALLERS[client]
    assert installer.newer_python in installer.install(programs, shelf, ["pythons==2.0"]).result.failed()


def test_a_wrong_token_and_none(shelf: Access, programs: Programs, client: str) -> None:
    installer = INSTALLERS[client]
    for password in (shelf.password[:-1] + "?", ""):
        unauthorized = dataclasses.replace(shelf, password=password)
        assert installer.unauthorized in installer.install(programs, unauthorized, ["versions"]).result.failed()
