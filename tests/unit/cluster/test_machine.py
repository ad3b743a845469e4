"""What a build borrows of the machine's configuration."""

from pathlib import Path

from tests.cluster.machine import Mount, mounts, pip_settings


def test_pips_files_and_variables_come_together_and_variables_win(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("[global]\nindex-url = https://a.example/simple/\ntimeout = 10\n")
    (tmp_path / "second").write_text("[global]\nindex-url = https://b.example/simple/\n[install]\nuser = true\n")
    environment = {"PIP_TIMEOUT": "20", "PIP_FIND_LINKS": "/wheels", "PIP_CONFIG_FILE": "/etc/x", "HOME": "/root"}
    files = [tmp_path / "first", tmp_path / "second", tmp_path / "absent"]
    assert pip_settings(environment, files) == {
        "index-url": "https://b.example/simple/",
        "timeout": "20",
        "find-links": "/wheels",
    }


def test_a_mount_says_whether_it_may_be_written_to() -> None:
    assert Mount(Path("/a"), "/b").option() == "/a:/b:ro"
    assert Mount(Path("/a"), "/b", writable=True).option() == "/a:/b:rw"


def test_every_source_exists_and_nothing_of_the_machine_is_mounted_at_two_places(tmp_path: Path) -> None:
    found = mounts({"HOME": str(tmp_path), "PIP_FIND_LINKS": f"{tmp_path} /absent https://a.example/"}, tmp_path)
    assert all(mount.source.exists() for mount in found)
    assert str(tmp_path) in {mount.target for mount in found}
    assert len({mount.target for mount in found}) == len(found)
