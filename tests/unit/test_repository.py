"""Rules about the repository itself."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

from registry_operator import VERSION
from registry_service.contract import environment

ROOT = Path(__file__).parents[2]


def test_the_operator_folder_is_not_a_package() -> None:
    """An __init__.py there would shadow the standard library and stop Python from starting."""
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_no_file_has_more_than_300_lines() -> None:
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in _files("*.py")}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_no_function_has_more_than_30_lines() -> None:
    found = {
        f"{name}:{node.lineno} {node.name}": length
        for name in _files("*.py")
        for node in ast.walk(ast.parse((ROOT / name).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > 30
    }
    assert found == {}


def test_no_name_says_nothing() -> None:
    empty = re.compile(r"/(utils?|helpers?|common|misc|managers?|base)\.py$")
    assert [name for name in _files("*.py") if empty.search(name)] == []


def test_the_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    settings = {value for value in vars(environment).values() if str(value).startswith("REGISTRY_")}
    assert set(re.findall(r"`(REGISTRY_[A-Z0-9_]+)`", readme)) == settings


def test_every_place_tells_the_same_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    charts = [yaml.safe_load(path.read_text())["appVersion"] for path in sorted(ROOT.glob("charts/*/Chart.yaml"))]
    images = re.findall(r'image\.version="([^"]+)"', (ROOT / "Dockerfile").read_text())
    assert {VERSION, *charts, *images} == {project["version"]}


def test_locks_name_no_host() -> None:
    for name in _files("*requirements.lock"):
        assert "://" not in (ROOT / name).read_text(), name


def test_a_lock_is_installed_as_it_is() -> None:
    for name in ("Makefile", *_files("*Dockerfile"), "tests/support/environments.py"):
        text = (ROOT / name).read_text()
        assert text.count("--require-hashes") == text.count("--no-deps"), name


def _files(pattern: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.split()
