"""Names made of hashes: the same for the same content, another for any other, and never of something half-made."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster.content import cached, digest, files_digest, prune, tracked_files
from tests.cluster.lock import exclusive


def test_the_same_value_has_the_same_digest_whatever_its_order() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert len(digest(None)) == 16


def test_files_are_known_by_name_content_and_executable_bit_not_by_time(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_text("1")
    first = files_digest(tmp_path, ["program"])
    os.utime(file, (0, 0))
    assert files_digest(tmp_path, ["program"]) == first
    file.chmod(0o755)
    executable = files_digest(tmp_path, ["program"])
    assert executable != first
    file.write_text("2")
    assert files_digest(tmp_path, ["program"]) not in {first, executable}
    file.rename(tmp_path / "other")
    assert files_digest(tmp_path, ["other"]) not in {first, executable}


def test_new_files_count_and_ignored_and_deleted_ones_do_not(tmp_path: Path) -> None:
    def git(*argv: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", *argv], cwd=tmp_path, check=True, timeout=60
        )

    git("init", "-q")
    for name in (".gitignore", "kept", "deleted", "outside", "made.pyc"):
        (tmp_path / name).write_text("*.pyc")
    git("add", "kept", "deleted", "outside")
    git("commit", "-q", "-m", "1")
    (tmp_path / "deleted").unlink()
    (tmp_path / "new").write_text("")
    assert tracked_files(tmp_path, ["kept", "deleted", "new", "made.pyc"]) == ["kept", "new"]


def test_a_folder_is_made_once_for_each_content(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("content")

    first = cached(tmp_path, "thing", {"version": 1}, make)
    assert cached(tmp_path, "thing", {"version": 1}, make) == first
    assert cached(tmp_path, "thing", {"version": 2}, make) != first
    assert len(made) == 2
    assert (first / "file").read_text() == "content"
    assert first.name == f"thing-{digest({'version': 1})}"


def test_who_waited_for_another_one_finds_the_folder_made(tmp_path: Path) -> None:
    folder = tmp_path / f"thing-{digest({})}"
    made: list[Path] = []
    with ThreadPoolExecutor(2) as pool:
        with exclusive(tmp_path / "locks" / folder.name):
            waiting = [pool.submit(cached, tmp_path, "thing", {}, made.append) for _ in range(2)]
            folder.mkdir()
        assert [one.result() for one in waiting] == [folder, folder]
    assert made == []


def test_what_could_not_be_made_leaves_nothing_and_is_tried_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise RuntimeError("out of paper")

    with pytest.raises(RuntimeError, match="out of paper"):
        cached(tmp_path, "thing", {}, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["locks"]
    assert cached(tmp_path, "thing", {}, lambda folder: (folder / "whole").touch()).is_dir()


def test_the_oldest_versions_go_and_other_names_stay(tmp_path: Path) -> None:
    for age in range(4):
        folder = cached(tmp_path, "image-a", {"version": age}, lambda _: None)
        os.utime(folder, (1000 - age, 1000 - age))
    other = cached(tmp_path, "image-a-b", {}, lambda _: None)
    prune(tmp_path, "image-a", keep=2)
    kept = {f"image-a-{digest({'version': age})}" for age in (0, 1)}
    assert {path.name for path in tmp_path.glob("image-*")} == kept | {other.name}
