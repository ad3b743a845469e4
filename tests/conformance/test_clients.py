"""What each client publishes, every other one installs: twine, pip and uv, with the credentials as they find them."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import clients
from tests.conformance.ways import EVERY_WAY
from tests.outcomes.issue_4 import CLIENTS
from tests.support import packages

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs
    from tests.support.service import Registry


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The example as a wheel and a source distribution."""
    return [packages.wheel().write_to(tmp_path), packages.sdist().write_to(tmp_path)]


def test_twine_publishes_with_a_pypirc(access: Access, programs: Programs, files: list[Path]) -> None:
    programs.twine("twine-7", access, *files).ok()
    programs.pip_install(access, "mypypipackage").ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"


def test_twine_publishes_with_variables(access: Access, programs: Programs, files: list[Path]) -> None:
    programs.twine_by_environment("twine-7", access, *files).ok()
    assert "mypypipackage-0.0.1-py3-none-any.whl" in programs.pip_install(access, "mypypipackage==0.0.1").ok()


def test_uv_publishes_and_installs(access: Access, programs: Programs, files: list[Path]) -> None:
    programs.uv_publish(access, *files).ok()
    assert "mypypipackage==0.0.1" in programs.uv_install(access, "mypypipackage").ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"


def test_pip_reads_its_configuration_file(access: Access, programs: Programs, files: list[Path]) -> None:
    programs.twine("twine-7", access, *files).ok()
    configuration = programs.home / "pip.conf"
    configuration.write_text(clients.pip_conf(access))
    variables = {"PIP_CONFIG_FILE": str(configuration), "PIP_TARGET": str(programs.site)}
    programs.pip("install", "--no-deps", "--no-cache-dir", "mypypipackage", variables=variables).ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"


def test_pip_reads_a_netrc(access: Access, programs: Programs, files: list[Path]) -> None:
    programs.twine("twine-7", access, *files).ok()
    (programs.home / ".netrc").write_text(clients.netrc(access))
    variables = {"PIP_INDEX_URL": access.index_url, "PIP_TARGET": str(programs.site)}
    programs.pip("install", "--no-deps", "--no-cache-dir", "mypypipackage", variables=variables).ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"


def test_what_setuptools_builds_is_published_and_installed_from_its_source(access: Access, programs: Programs) -> None:
    """GitLab 13.4's own example, `setup.py` and all; the source's hash is required, as lock files do."""
    packages.write_example(programs.home / "MyPyPiPackage")
    programs.python_build("build", "--no-isolation", "--outdir", "dist", "MyPyPiPackage").ok()
    built = sorted((programs.home / "dist").iterdir())
    assert [path.suffix for path in built] == [".whl", ".gz"]
    programs.twine("twine-7", access, *built).ok()
    sha256 = hashlib.sha256(built[1].read_bytes()).hexdigest()
    lock = programs.home / "requirements.txt"
    lock.write_text(f"mypypipackage==0.0.1 --hash=sha256:{sha256}\n")
    options = ["--no-deps", "--no-cache-dir", "--no-build-isolation", "--require-hashes", "--no-binary", ":all:"]
    index = ["--index-url", access.index_url_with_credential]
    programs.python_build("pip", "install", "--target", programs.site, *options, *index, "-r", lock).ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"


def test_pip_finds_every_spelling_and_the_newest_version(access: Access, programs: Programs, tmp_path: Path) -> None:
    made = [packages.wheel(version, name="My.Pypi_Package") for version in ("0.9", "0.10", "1.0rc1")]
    programs.twine("twine-7", access, *(wheel.write_to(tmp_path) for wheel in made)).ok()
    for spelling in ("my-pypi-package", "My_Pypi.Package", "MY--PYPI.-PACKAGE"):
        found = programs.pip_install(access, spelling, options=["--dry-run", "--ignore-installed"]).ok()
        assert "Would install My.Pypi_Package-0.10\n" in found
    prereleases = programs.pip_install(access, "my-pypi-package", options=["--pre", "--dry-run"]).ok()
    assert "Would install My.Pypi_Package-1.0rc1\n" in prereleases


@pytest.mark.outcome(CLIENTS)
@EVERY_WAY
def test_versions_that_need_escaping_travel_unharmed(access: Access, programs: Programs, tmp_path: Path) -> None:
    versions = ["1.0+cu118", "1!2.0"]
    programs.twine("twine-7", access, *(packages.wheel(version).write_to(tmp_path) for version in versions)).ok()
    for version in versions:
        assert f"mypypipackage-{version}" in programs.pip_install(access, f"mypypipackage=={version}").ok()
        assert f"mypypipackage=={version}" in programs.uv_install(access, f"mypypipackage=={version}").ok()


@pytest.mark.outcome(CLIENTS)
@EVERY_WAY
def test_uv_skips_what_the_index_has(access: Access, programs: Programs, files: list[Path]) -> None:
    programs.uv_publish(access, *files).ok()
    again = programs.uv_publish(access, *files, options=["--check-url", access.index_url_with_credential]).ok()
    assert "already exists" in again


@pytest.mark.outcome(CLIENTS)
@pytest.mark.parametrize("registry", ["websecure"], indirect=True)
@pytest.mark.parametrize("version", ["twine-7", "twine-6", "twine-5"])
def test_twine_says_why_through_a_proxy_when_asked_for_more(
    access: Access, programs: Programs, tmp_path: Path, version: str
) -> None:
    """The proxy's reason phrase says nothing, and so twine says that `--verbose` says more."""
    programs.uv_publish(access, packages.wheel().write_to(tmp_path)).ok()
    changed = packages.wheel(extra="Keywords: other\n").write_to(tmp_path)
    assert "Retry with the --verbose option" in programs.twine(version, access, changed, options=[]).failed()
    said = programs.twine(version, access, changed).failed()
    assert f"File name has already been taken ({changed.name} already exists" in said


def test_a_token_of_another_project_opens_nothing(
    access: Access, programs: Programs, files: list[Path], registry: Registry
) -> None:
    programs.twine("twine-7", access, *files).ok()
    other = registry.project(f"{access.project}-other")
    stranger = dataclasses.replace(access, password=other.password)
    assert "404" in programs.twine("twine-7", stranger, *files).failed()
    assert "No matching distribution" in programs.pip_install(stranger, "mypypipackage").failed()
    assert "404" in programs.uv_publish(stranger, *files).failed()
