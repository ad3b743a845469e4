"""`make lock` for base images: the digest of the tag, from whichever program the machine has."""

from pathlib import Path

import pytest

from tests.supply.base_images import NoDigestError, main, pinned
from tests.supply.locks import ROOT

OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64
IMAGES = ["docker.io/library/python:3.13-slim-bookworm", "docker.io/library/golang:1.26-bookworm"]


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    copy = tmp_path / "Dockerfile"
    copy.write_text((ROOT / "Dockerfile").read_text())
    return copy


def program(folder: Path, name: str, answer: str) -> None:
    """A program that logs its arguments and prints an answer."""
    folder.mkdir(exist_ok=True)
    script = folder / name
    script.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/asked"\necho "{answer}"\n')
    script.chmod(0o755)


@pytest.mark.parametrize("name", ["docker", "skopeo"])
def test_every_base_image_gets_the_digest_of_its_tag(
    name: str, dockerfile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", name, NEW)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    assert main(dockerfile) == 0
    for image in IMAGES:
        assert f"_IMAGE={image}@{NEW}\n" in dockerfile.read_text()
    asked = (tmp_path / "bin" / "asked").read_text()
    assert all(image in asked for image in IMAGES)


def test_a_former_digest_is_replaced_and_nothing_else_changes() -> None:
    text = f"ARG BASE_IMAGE=python:3@{OLD}\nFROM ${{BASE_IMAGE}} AS x\nARG MINIO_VERSION=v0\n"
    assert pinned(text, lambda _: NEW) == text.replace(OLD, NEW)


def test_no_digest_changes_nothing(dockerfile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dockerfile.read_text()
    program(tmp_path / "bin", "skopeo", "unauthorized")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    with pytest.raises(NoDigestError, match="unauthorized"):
        main(dockerfile)
    assert dockerfile.read_text() == before


def test_without_a_program_it_says_so(
    dockerfile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dockerfile.read_text()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(dockerfile) == 0
    assert "docker or skopeo" in capsys.readouterr().err
    assert dockerfile.read_text() == before
