"""Names that the registry never held go upstream, where its owner says so; names that it holds or reserves do not.

Upstream here is a public project of another registry, asked without a credential.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from registry_service.contract.sync import Rules, Upstream
from tests.outcomes.issue_3 import WRONG_THINGS
from tests.support import packages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs
    from tests.support.service import Pod, Standalone

pytestmark = pytest.mark.outcome(WRONG_THINGS)

_numbers = itertools.count(1)


@pytest.fixture
def public(one_machine: Standalone) -> Access:
    """A project that everybody may read."""
    return one_machine.project(f"public-{next(_numbers)}", visibility="public")


@pytest.fixture
def private(in_a_pod: Pod, public: Access) -> Iterator[Access]:
    """A project of a registry that sends unknown names on, but not `reserved-name`."""
    in_a_pod.rules(Rules(upstream=Upstream(public.index_url, reserved_names=("Reserved_Name",))))
    yield in_a_pod.project(f"private-{next(_numbers)}")
    in_a_pod.rules(Rules())


def _publish(programs: Programs, access: Access, *wheels: packages.Distribution) -> None:
    programs.twine("twine-7", access, *(wheel.write_to(programs.home) for wheel in wheels)).ok()


def test_a_name_that_goes_upstream(private: Access, public: Access, programs: Programs) -> None:
    """Even a public project refuses a credential that it does not know, so this proves that none is passed on."""
    _publish(programs, public, packages.wheel())
    programs.pip_install(private, "mypypipackage").ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"
    programs.uv_install(private, "mypypipackage").ok()


def test_a_reserved_name_does_not(private: Access, public: Access, programs: Programs) -> None:
    _publish(programs, public, packages.wheel("1.0", name="reserved-name"))
    programs.pip_install(public, "reserved-name").ok()
    for spelling in ("reserved-name", "Reserved.Name", "RESERVED__NAME"):
        assert "No matching distribution" in programs.pip_install(private, spelling).failed()
    assert "reserved-name was not found" in programs.uv_install(private, "reserved-name").failed()


def test_a_name_that_is_held_here_is_never_mixed_with_a_newer_one_there(
    private: Access, public: Access, programs: Programs
) -> None:
    _publish(programs, private, packages.wheel("0.1"))
    _publish(programs, public, packages.wheel("9.9"))
    assert "mypypipackage-0.1" in programs.pip_install(private, "mypypipackage").ok()
    assert "mypypipackage==0.1" in programs.uv_install(private, "mypypipackage").ok()
    assert "No matching distribution" in programs.pip_install(private, "mypypipackage==9.9").failed()
