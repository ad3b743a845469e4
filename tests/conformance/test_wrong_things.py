"""Files that must not be published, sent by real clients where these let themselves be used, else as a bare form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.outcomes.issue_3 import WRONG_THINGS
from tests.support import packages
from tests.support.packages import MIB, Distribution

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs
    from tests.support.service import Registry

_SECONDS = 30
_TAKEN = "File name has already been taken"

pytestmark = pytest.mark.outcome(WRONG_THINGS)


@pytest.fixture(scope="module")
def nothing(registry: Registry) -> Access:
    """A project in which nothing is ever published, because all that is sent is wrong."""
    return registry.project("nothing")


def _post(access: Access, distribution: Distribution, **fields: str) -> httpx2.Response:
    """What a client sends that looks into nothing."""
    form = {":action": "file_upload", "name": "mypypipackage", "version": "0.0.1", "filetype": "bdist_wheel", **fields}
    return httpx2.post(
        access.upload_url,
        data=form,
        files={"content": (distribution.filename, distribution.content)},
        auth=(access.username, access.password),
        timeout=_SECONDS,
    )


def _published(access: Access) -> list[str]:
    """The file names that the index shows."""
    page = httpx2.get(
        f"{access.index_url}/mypypipackage/",
        auth=(access.username, access.password),
        headers={"Accept": "application/vnd.pypi.simple.v1+json"},
        timeout=_SECONDS,
    )
    return [] if page.status_code == 404 else [file["filename"] for file in page.json()["files"]]


@pytest.mark.parametrize("size", [50 * MIB + 1, 51 * MIB])
def test_a_file_that_is_too_large(nothing: Access, programs: Programs, tmp_path: Path, size: int) -> None:
    path = packages.wheel_of_size(size).write_to(tmp_path)
    assert "400 Bad request - File is too large" in programs.twine("twine-7", nothing, path).failed()
    assert "File is too large" in programs.uv_publish(nothing, path).failed()
    assert _published(nothing) == []


def test_a_file_of_exactly_the_limit_is_published(access: Access, programs: Programs, tmp_path: Path) -> None:
    programs.twine("twine-7", access, packages.wheel_of_size(50 * MIB).write_to(tmp_path)).ok()
    programs.pip_install(access, "mypypipackage").ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"


@pytest.mark.parametrize("wrong", packages.broken_wheels())
def test_a_broken_wheel(nothing: Access, wrong: str) -> None:
    answer = _post(nothing, packages.broken_wheels()[wrong])
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("400 Bad request - ")
    assert "mypypipackage" in answer.json()["message"]
    assert _published(nothing) == []


@pytest.mark.parametrize("twine", ["twine-7", "twine-6", "twine-5"])
def test_a_wheel_whose_name_lies(nothing: Access, programs: Programs, tmp_path: Path, twine: str) -> None:
    liar = packages.broken_wheels()["metadata of another version"].write_to(tmp_path)
    said = programs.twine(twine, nothing, liar).failed()
    assert "400 Bad request - " in said
    assert "'0.0.2'" in said
    assert _published(nothing) == []


def test_a_version_that_is_none(nothing: Access, programs: Programs, tmp_path: Path) -> None:
    wheel = packages.wheel("1.0_x!")
    answer = _post(nothing, wheel, version="1.0_x!")
    assert answer.status_code == 400
    assert "The version '1.0_x!' is not a valid PEP 440 version" in answer.json()["message"]
    # A client that looks at the file name refuses by itself; one that does not is refused with the sentence above.
    programs.twine("twine-7", nothing, wheel.write_to(tmp_path)).failed()
    programs.uv_publish(nothing, wheel.write_to(tmp_path)).failed()
    assert _published(nothing) == []


def test_a_name_that_is_taken_by_other_bytes(access: Access, programs: Programs, tmp_path: Path) -> None:
    first, second = packages.wheel(), packages.wheel(extra="Keywords: other\n")
    assert first.content != second.content
    programs.twine("twine-7", access, first.write_to(tmp_path)).ok()
    path = second.write_to(tmp_path)
    for version in ("twine-7", "twine-6", "twine-5"):
        assert _TAKEN in programs.twine(version, access, path).failed()
    assert _TAKEN in programs.uv_publish(access, path).failed()
    assert "skip" in programs.twine("twine-5", access, path, options=["--verbose", "--skip-existing"]).ok().lower()
    programs.pip_install(access, "mypypipackage").ok()
    assert _published(access) == [first.filename]


def test_every_problem_is_named_at_once(nothing: Access) -> None:
    answer = _post(nothing, packages.wheel(), name="otherpackage", version="0.0.9", sha256_digest="0" * 64)
    problems = answer.json()["errors"]
    assert answer.status_code == 400
    assert len(problems) == 3
    assert answer.json()["message"] == "400 Bad request - " + "; ".join(problems)
