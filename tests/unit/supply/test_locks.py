"""What the locks promise: exact versions with hashes, none below the floors of the advisories that concern us."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.supply import audit, bill
from tests.supply.locks import ROOT, LockError, Pin, locks, read

PRODUCT = [ROOT / folder / "requirements.lock" for folder in ("operator", "registry_service")]
# First versions without what the advisories name that concern a registry or its operator.
FLOORS = {
    "aiohttp": "3.14",
    "h11": "0.16",
    "jinja2": "3.1.6",
    "pyjwt": "2.13",
    "python-multipart": "0.0.31",
    "requests": "2.32.4",
    "starlette": "1.3.1",
    "urllib3": "2.6.0",
}
LOCK = f"""\
# a comment
Some.Name==1.0 ; sys_platform == 'linux' \\
    --hash=sha256:{"a" * 64} \\
    --hash=sha256:{"b" * 64}
    # via
    #   -c tests/requirements.lock
    #   pypi-registry-operator (pyproject.toml:dev)
    #   Other_Name
other-name==2.0 \\
    --hash=sha256:{"c" * 64}
    # via pypi-registry-operator (pyproject.toml)
windows==3.0 ; sys_platform == 'win32' \\
    --hash=sha256:{"d" * 64}
    # via other-name
"""


def everything() -> Iterator[tuple[str, Pin]]:
    for path in locks():
        for pin in read(path.read_text()):
            yield str(path.relative_to(ROOT)), pin


@pytest.mark.hostile
def test_149_every_package_is_pinned_with_its_hashes() -> None:
    """3.7/149: a package that an index exchanges later is not installed."""
    assert len(locks()) > 10
    assert [(where, pin.name) for where, pin in everything() if not pin.hashes] == []


@pytest.mark.hostile
def test_149_nothing_that_ships_is_below_a_floor() -> None:
    """3.7/149: the versions that mended what hurt others."""
    shipped = [pin for path in PRODUCT for pin in read(path.read_text())]
    assert {pin.name for pin in shipped} >= {"starlette", "python-multipart", "h11", "aiohttp"}
    low = [pin for pin in shipped if pin.name in FLOORS and Version(pin.version) < Version(FLOORS[pin.name])]
    assert low == []


def test_all_locks_of_the_project_agree() -> None:
    tested = {pin.name: pin.version for pin in read((ROOT / "tests" / "requirements.lock").read_text())}
    for path in PRODUCT:
        for pin in read(path.read_text()):
            assert tested[pin.name] == pin.version, "what ships is what is tested"


@pytest.mark.parametrize(("extra", "path"), [("operator", PRODUCT[0]), ("service", PRODUCT[1])])
def test_a_lock_holds_what_its_program_asks_for(extra: str, path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = {pin.name: Version(pin.version) for pin in read(path.read_text())}
    for requirement in map(Requirement, project["optional-dependencies"][extra]):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier


def test_a_lock_is_read_with_who_asked_for_what() -> None:
    first, second, third = read(LOCK)
    assert first == Pin("some-name", "1.0", "sys_platform == 'linux'", ("a" * 64, "b" * 64), first.via)
    assert first.via == ("pypi-registry-operator", "other-name")
    assert (second.marker, second.via) == (None, ("pypi-registry-operator",))
    assert [pin.on_linux for pin in (first, second, third)] == [True, True, False]


def test_what_is_not_pinned_is_no_lock() -> None:
    with pytest.raises(LockError, match="some-name>=1"):
        read("some-name>=1\n")


def test_a_bill_names_what_is_installed_and_who_asked_for_it() -> None:
    made = bill.bill("program", "0.1", read(LOCK))
    assert [item["purl"] for item in made["components"]] == ["pkg:pypi/other-name@2.0", "pkg:pypi/some-name@1.0"]
    assert {item["ref"]: item["dependsOn"] for item in made["dependencies"]} == {
        "program": ["pkg:pypi/other-name@2.0", "pkg:pypi/some-name@1.0"],
        "pkg:pypi/other-name@2.0": ["pkg:pypi/some-name@1.0"],
        "pkg:pypi/some-name@1.0": [],
    }


def test_the_same_lock_gives_the_same_bill_and_another_one_another() -> None:
    pins = read(LOCK)
    assert bill.bill("program", "0.1", pins) == bill.bill("program", "0.1", tuple(reversed(pins)))
    assert bill.bill("program", "0.1", pins)["serialNumber"] != bill.bill("program", "0.2", pins)["serialNumber"]


@pytest.mark.hostile
def test_148_every_bill_is_that_of_its_lock() -> None:
    """3.7/148: the bill in an image is neither older nor shorter than what is installed."""
    for path, text in bill.bills().items():
        assert path.read_text() == text
        named = {item["name"] for item in json.loads(text)["components"]}
        assert named == {pin.name for pin in read((path.parent / "requirements.lock").read_text()) if pin.on_linux}


def test_what_ships_and_what_tests_it_is_audited() -> None:
    assert {*PRODUCT, ROOT / "tests" / "requirements.lock"} <= set(audit.audited())
