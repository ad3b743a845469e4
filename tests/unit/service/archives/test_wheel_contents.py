"""What a wheel's small files say of the others, one row for each way of being wrong."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest

from registry_service.archives import limits
from registry_service.archives.reading import read_archive
from registry_service.domain.archive import ArchiveFacts, Oddity
from tests.support.odd_archives import STEM, WHEEL, recorded, tar_and_zip, wheel_members, with_member
from tests.support.packages import Distribution, metadata, record_of, zip_of
from tests.support.raw_archives import ZipMember
from tests.support.raw_archives import zip_of as raw_zip_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_INFO = f"{STEM}.dist-info"
_WHOLE = wheel_members(STEM, metadata("odd", "1.0"))
_RECORD = _WHOLE[f"{_INFO}/RECORD"].decode()
_LINE = _RECORD.splitlines()[0]


def _read(folder: Path, content: bytes) -> ArchiveFacts:
    path = Distribution(WHEEL, content).write_to(folder)
    return read_archive(path, path.name)


def _with(members: Mapping[str, bytes]) -> bytes:
    files = {name: content for name, content in _WHOLE.items() if not name.endswith("RECORD")}
    return zip_of(recorded({**files, **members}))


def _with_record(record: str | bytes) -> bytes:
    return zip_of({**_WHOLE, f"{_INFO}/RECORD": record if isinstance(record, bytes) else record.encode()})


def _hash(algorithm: str) -> str:
    digest = hashlib.new(algorithm, _WHOLE[f"{_INFO}/METADATA"]).digest()
    return f"{algorithm}={base64.urlsafe_b64encode(digest).decode()}"


RECORDS: dict[str, tuple[str, Oddity, str]] = {
    "not listed": (_RECORD.replace(_LINE + "\n", ""), Oddity.UNRECORDED, f"{_INFO}/METADATA"),
    "empty": ("", Oddity.UNRECORDED, f"{_INFO}/METADATA"),
    "not held": (_RECORD + "odd/gone.py,sha256=x,3\n", Oddity.ABSENT, "odd/gone.py"),
    "a folder": (_RECORD + "odd/,,\n", Oddity.ABSENT, "odd/"),
    "another hash": (_RECORD.replace("sha256=", "sha256=x", 1), Oddity.ALTERED, f"{_INFO}/METADATA"),
    "another size": (_RECORD.replace(_LINE, _LINE + "0"), Oddity.ALTERED, f"{_INFO}/METADATA"),
    "no hash": (_RECORD.replace(_LINE, f"{_INFO}/METADATA,,"), Oddity.ALTERED, f"{_INFO}/METADATA"),
    "a weak hash": (_RECORD.replace(_LINE, f"{_INFO}/METADATA,{_hash('sha1')},"), Oddity.ALTERED, f"{_INFO}/METADATA"),
    "no such hash": (_RECORD.replace(_LINE, f"{_INFO}/METADATA,sha=x,"), Oddity.ALTERED, f"{_INFO}/METADATA"),
}


@pytest.mark.parametrize("row", RECORDS)
def test_a_record_that_is_wrong_is_noticed(tmp_path: Path, row: str) -> None:
    record, oddity, member = RECORDS[row]
    facts = _read(tmp_path, _with_record(record))
    assert (facts.oddities[0], facts.fault) == ((oddity, member), None)


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (b"\xff,,\n", "no table of path, hash and size in UTF-8"),
        (b"odd/x.py,sha256=x\n", "a line of 2 fields"),
        (b'"odd/x.py,,\n', "no table of path"),
        (_RECORD.encode() + f"{_INFO}/METADATA,sha256=x,1\n".encode(), "METADATA' twice, with different hashes"),
    ],
)
def test_a_record_that_is_no_table_is_a_fault(tmp_path: Path, record: bytes, problem: str) -> None:
    assert problem in (_read(tmp_path, _with_record(record)).fault or "")


@pytest.mark.parametrize(
    "record",
    [
        _RECORD,
        _RECORD.replace("\n", "\r\n"),
        _RECORD + "\n" + _LINE + "\n",
        _RECORD.replace(_LINE, f"{_INFO}/METADATA,{_hash('sha512')},"),
        _RECORD.replace(_LINE, f"{_INFO}/METADATA,{_hash('sha384')},{len(_WHOLE[f'{_INFO}/METADATA'])}"),
        _RECORD + f"{_INFO}/RECORD.jws,,\n",
    ],
)
def test_records_that_are_right(tmp_path: Path, record: str) -> None:
    facts = _read(tmp_path, _with_record(record))
    assert (facts.oddities, facts.fault, facts.tags) == ((), None, ("py3-none-any",))


def test_signatures_of_a_record_are_not_in_it(tmp_path: Path) -> None:
    """They sign it, so that it cannot list them."""
    signed = {f"{_INFO}/RECORD.jws": b"{}", f"{_INFO}/RECORD.p7s": b""}
    assert _read(tmp_path, zip_of({**_WHOLE, **signed})).oddities == ()


def test_folders_are_not_in_a_record(tmp_path: Path) -> None:
    assert _read(tmp_path, zip_of({"odd/": b"", f"{STEM}.data/": b"", **_WHOLE})).oddities == ()


@pytest.mark.parametrize(
    ("tag", "tags"),
    [
        (b"Tag: py2.py3-none-any\n", ("py2-none-any", "py3-none-any")),
        (b"tag:PY3-none-any\r\nTag: py3-none-any", ("py3-none-any",)),
        (b"Root-Is-Purelib: true\n", ()),
    ],
)
def test_the_tags_of_a_wheel(tmp_path: Path, tag: bytes, tags: tuple[str, ...]) -> None:
    """3.2/37: told one by one, whatever the file calls them together."""
    assert _read(tmp_path, _with({f"{_INFO}/WHEEL": tag})).tags == tags


@pytest.mark.parametrize("tag", [b"Tag: py3-none\n", b"Tag:\n", b"Tag: " + b"-".join([b"a." * 200 + b"a"] * 3)])
def test_what_is_no_tag_is_a_fault(tmp_path: Path, tag: bytes) -> None:
    assert "tags are like py3-none-any" in (_read(tmp_path, _with({f"{_INFO}/WHEEL": tag})).fault or "")


@pytest.mark.parametrize(
    ("text", "script"),
    [
        (b"[console_scripts]\n../../bin/x = odd:main\n", "../../bin/x"),
        (b"[console_scripts]\n/bin/x = odd:main\n", "/bin/x"),
        (b"[console_scripts]\n.. = odd:main\n", ".."),
        (b"[console_scripts]\nC\\x = odd:main\n", "C\\x"),
        (b"[gui_scripts]\nodd = odd:main; import os\n", "odd"),
        (b"[console_scripts]\nodd = odd:main\n  import os\n", "odd"),
        (b"[console_scripts]\nodd = odd\n", "odd"),
        (b"[console_scripts]\nodd\n", "entry_points.txt"),
        (b"odd = odd:main\n", "entry_points.txt"),
        (b"[console_scripts]\n\xff = odd:main\n", "entry_points.txt"),
    ],
)
def test_entry_points_that_become_no_sane_program(tmp_path: Path, text: bytes, script: str) -> None:
    """3.2/58: their names become files in the folder of programs, their values lines of Python."""
    facts = _read(tmp_path, _with({f"{_INFO}/entry_points.txt": text}))
    assert facts.oddities == ((Oddity.SCRIPT, script),)


def test_sane_entry_points(tmp_path: Path) -> None:
    text = (
        b"[console_scripts]\nodd = odd.cli:main\nOdd-3.11=odd:App.run [extra]\ntwo words = odd : main\n"
        b"[odd.plugins]\n../x = anything % at all\n"
    )
    assert _read(tmp_path, _with({f"{_INFO}/entry_points.txt": text})).oddities == ()
    assert _read(tmp_path, _with({f"{_INFO}/entry_points.txt": b""})).oddities == ()


@pytest.mark.parametrize(
    ("name", "oddity"),
    [
        (f"{STEM}.data/scripts/../../x", Oddity.OUTSIDE),
        (f"{STEM}.data/elsewhere/x", Oddity.SCHEME),
        (f"{STEM}.data/x", Oddity.SCHEME),
        ("/etc/x", Oddity.OUTSIDE),
        ("C:/x", Oddity.OUTSIDE),
        ("odd/\x7f", Oddity.NAME),
        ("odd/a\\b", Oddity.NAME),
    ],
)
def test_a_path_that_no_wheel_should_have(tmp_path: Path, name: str, oddity: Oddity) -> None:
    """3.2/58: `.data/scripts/../../x`, absolute paths, and names that systems read differently."""
    assert (oddity, name) in _read(tmp_path, with_member(name).content).oddities


@pytest.mark.parametrize("name", [f"{STEM}.data/scripts/x", f"{STEM}.data/purelib/odd/x.py", "odd/ünïcode.py"])
def test_paths_that_wheels_have(tmp_path: Path, name: str) -> None:
    assert _read(tmp_path, with_member(name).content).oddities == ()


@pytest.mark.parametrize(
    ("mode", "oddity"),
    [(0o120777, Oddity.LINK), (0o010644, Oddity.SPECIAL), (0o020644, Oddity.SPECIAL), (0o104755, Oddity.PRIVILEGED)],
)
def test_a_mode_that_no_wheel_should_have(tmp_path: Path, mode: int, oddity: Oddity) -> None:
    wheel = with_member("odd/x", attributes=mode << 16)
    assert _read(tmp_path, wheel.content).oddities == ((oddity, "odd/x"),)


@pytest.mark.parametrize(
    ("first", "second"), [("odd/a.py", "odd/A.py"), ("odd/STRASSE", "odd/straße"), ("odd/é", "odd/e\u0301")]
)
def test_names_that_some_systems_take_for_one(tmp_path: Path, first: str, second: str) -> None:
    """3.2/55: case-fold duplicates, and the same letters composed otherwise."""
    assert _read(tmp_path, _with({first: b"", second: b""})).oddities == ((Oddity.CASE, second),)


@pytest.mark.parametrize("name", [b"odd/\xff", "odd/ü".encode(), b"odd/\xed\xa0\x80"])
def test_a_name_that_is_not_marked_as_utf8(tmp_path: Path, name: bytes) -> None:
    """3.2/55: a name without the mark is in the code page of whoever reads it."""
    flags = 0x800 if b"\xa0" in name else 0
    said = {"flags": flags}
    facts = _read(tmp_path, raw_zip_of([ZipMember(name, own=said, listed=said)]))
    assert facts.oddities == ((Oddity.NAME, name.decode("utf-8", "backslashreplace")),)


def test_a_wheel_that_is_a_tar_too(tmp_path: Path) -> None:
    """3.2/56: whoever looks at the first block takes it for a tar archive."""
    assert "zip and a tar archive at once" in (_read(tmp_path, tar_and_zip().content).fault or "")


def test_too_large_a_file_is_a_fault(tmp_path: Path) -> None:
    wheel = _with({f"{_INFO}/entry_points.txt": bytes(1024 * 1024 + 1)})
    assert "its entry_points.txt is larger than 1048576 bytes" in (_read(tmp_path, wheel).fault or "")


def test_too_many_members_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MEMBERS", 2)
    assert "more than 2 members" in (_read(tmp_path, zip_of(_WHOLE)).fault or "")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert _read(tmp_path, zip_of({f"{_INFO}/top_level.txt": b"odd"})).missing == ("METADATA", "WHEEL", "RECORD")


def test_two_folders_are_not_chosen_from(tmp_path: Path) -> None:
    """3.2/53: `a-1.dist-info` beside `A-1.dist-info`."""
    members = {"a-1.dist-info/METADATA": b"x", "A-1.dist-info/METADATA": b"y"}
    facts = _read(tmp_path, zip_of({**members, "a-1.dist-info/RECORD": record_of(members, "")}))
    assert (facts.roots, facts.metadata) == (("A-1.dist-info", "a-1.dist-info"), None)
