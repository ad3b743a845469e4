"""Control groups of every version are made, listed and removed alike."""

from pathlib import Path

from tests.cluster.control_groups import ControlGroups


def hierarchy(folder: Path, **settings: str) -> Path:
    folder.mkdir()
    for name, value in {"cgroup.procs": "", **settings}.items():
        (folder / name).write_text(value)
    return folder


def test_version_1_has_a_group_in_every_hierarchy(tmp_path: Path) -> None:
    for name in ("cpu", "memory"):
        hierarchy(tmp_path / name)
    (tmp_path / "alias").symlink_to("cpu")
    (tmp_path / "unrelated").mkdir()
    groups = ControlGroups("pods", tmp_path)
    groups.create()
    assert sorted(path.parent.name for path in tmp_path.glob("*/pods") if not path.parent.is_symlink()) == [
        "cpu",
        "memory",
    ]
    groups.create()
    groups.remove()
    assert not list(tmp_path.glob("*/pods"))
    groups.remove()


def test_version_2_has_one_group(tmp_path: Path) -> None:
    hierarchy(tmp_path / "unified")
    (tmp_path / "cgroup.procs").write_text("")
    groups = ControlGroups("pods", tmp_path)
    groups.create()
    assert (tmp_path / "pods").is_dir()
    assert not (tmp_path / "unified" / "pods").exists()


def test_members_are_those_of_the_group_and_below(tmp_path: Path) -> None:
    hierarchy(tmp_path / "cpu")
    (tmp_path / "cpu" / "cgroup.procs").write_text("1\n")
    groups = ControlGroups("pods", tmp_path)
    groups.create()
    (tmp_path / "cpu" / "pods" / "pod-a").mkdir()
    (tmp_path / "cpu" / "pods" / "cgroup.procs").write_text("7\n8\n")
    (tmp_path / "cpu" / "pods" / "pod-a" / "cgroup.procs").write_text("9\n")
    assert groups.members() == {7, 8, 9}
