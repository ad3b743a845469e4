"""Every way in which a tar archive may say one thing to one reader and another to the next, one row each."""

from __future__ import annotations

import gzip
import io
import random
import struct
from typing import TYPE_CHECKING

import pytest

from registry_service.archives.gzip_stream import GzipStream
from registry_service.archives.limits import UnreadableError
from registry_service.archives.reading import read_archive
from registry_service.archives.tar_framing import read_members
from registry_service.domain.archive import ArchiveFacts, Oddity
from tests.support.packages import metadata
from tests.support.raw_archives import pax_header, pax_record, tar_header, tar_of

if TYPE_CHECKING:
    from pathlib import Path

_LIMIT = 4 * 1024 * 1024
_END = bytes(1024)
_FILE = tar_header(b"odd-1.0/a", b"a")
_HIDDEN = tar_header(b"odd-1.0/hidden", b"h")

REFUSED = {
    "no gzip": (b"text", "not compressed with gzip"),
    "no deflate": (gzip.compress(b"")[:10] + b"\xff\xff\xff\xff", "cannot be unpacked"),
    "another checksum of gzip": (tar_of(_FILE)[:-8] + bytes(8), "cannot be unpacked"),
    "cut off": (tar_of(_FILE)[:-9], "in the middle of its gzip stream"),
    "a second stream": (tar_of(_FILE) + tar_of(_HIDDEN), "goes on after the archive's end"),
    "a second stream behind an empty one": (gzip.compress(b"") + tar_of(_FILE), "goes on after the archive's end"),
    "bytes behind the stream": (tar_of(_FILE) + b"x", "goes on after the archive's end"),
    "bytes behind many zeros": (tar_of(_FILE) + bytes(2**20) + b"x", "goes on after the archive's end"),
    "bytes behind the end": (gzip.compress(_FILE + _END + _HIDDEN), "goes on after the archive's end"),
    "one empty block, then more": (gzip.compress(_FILE + bytes(512) + _HIDDEN), "goes on after the archive's end"),
    "cut off in a header": (gzip.compress(_FILE + _HIDDEN[:200]), "in the middle of a header"),
    "cut off in a member": (gzip.compress(_FILE[:-100]), "in the middle of a member"),
    "cut off in a long name": (gzip.compress(tar_header(b"x", b"long", kind=b"L")[:-9]), "middle of a member"),
    "another checksum": (tar_of(tar_header(b"a", checksum=b"0000001\0")), "another checksum"),
    "a checksum that is none": (tar_of(tar_header(b"a", checksum=b"-000001\0")), "number that cannot be read"),
    **{
        f"a {field} that is none": (tar_of(tar_header(b"a", **{field: b"9"})), "number that cannot be read")
        for field in ("uid", "gid", "mtime", "devmajor", "devminor")
    },
    "a number that is none": (tar_of(tar_header(b"a", size=b"0o000000007\0")), "number that cannot be read"),
    "a negative number": (tar_of(tar_header(b"a", size=b"-0000000007\0")), "number that cannot be read"),
    "a negative number of GNU's": (tar_of(tar_header(b"a", size=b"\xff" * 12)), "number that cannot be read"),
    "another format": (tar_of(tar_header(b"a", magic=b"tar!!!!!")), "no format that all tools know"),
    "GNU's with a prefix": (tar_of(tar_header(b"a", magic=b"ustar  \0", prefix=b"b")), "no format that all tools"),
    "GNU's with a map of holes": (tar_of(tar_header(b"a", magic=b"ustar  \0", rest=b"1")), "no format that all tools"),
    "posix with bytes behind the prefix": (tar_of(tar_header(b"a", prefix=b"b\0", rest=b"1")), "no format that all"),
    "the first with bytes behind": (tar_of(tar_header(b"a", magic=bytes(8), rest=b"1")), "no format that all tools"),
    "the first with a prefix": (tar_of(tar_header(b"a", magic=bytes(8), prefix=b"b")), "no format that all tools"),
    "a pax size": (tar_of(pax_header((b"size", b"1024")), _FILE), "a pax header of it sets 'size'"),
    "a pax sparse file": (tar_of(pax_header((b"GNU.sparse.major", b"1")), _FILE), "a sparse file"),
    "a pax size of Solaris": (tar_of(pax_header((b"SCHILY.realsize", b"1")), _FILE), "a sparse file"),
    "an unknown pax key": (tar_of(pax_header((b"hdrcharset", b"BINARY")), _FILE), "'hdrcharset', which not every"),
    "a global pax path": (tar_of(pax_header((b"path", b"b"), kind=b"g"), _FILE), "'path', which not every"),
    "a pax key twice": (tar_of(pax_header((b"path", b"b"), (b"path", b"c")), _FILE), "'path' twice"),
    "an empty pax path": (tar_of(pax_header((b"path", b"")), _FILE), "name a member twice, or not at all"),
    "two long names": (
        tar_of(tar_header(b"x", b"long\0", kind=b"L"), pax_header((b"path", b"b")), _FILE),
        "name a member twice",
    ),
    "two long targets": (tar_of(*[tar_header(b"x", b"long\0", kind=b"K")] * 2, _FILE), "name a member twice"),
    "a long name that goes on": (tar_of(tar_header(b"x", b"long", kind=b"L"), _FILE), "has no end"),
    "a name for nobody": (tar_of(_FILE, tar_header(b"x", b"long\0", kind=b"L")), "for a member that does not come"),
    "a target for nobody": (tar_of(_FILE, pax_header((b"linkpath", b"b"))), "for a member that does not come"),
    "a long name without end": (tar_of(tar_header(b"x", kind=b"L", size=b"00010000000\0")), "larger than 1048576"),
    "a GNU sparse file": (tar_of(tar_header(b"a", kind=b"S")), "'a' as a sparse file"),
    "a folder with content": (tar_of(tar_header(b"a/", _HIDDEN, kind=b"5")), "'a/' has content and is no file"),
    "a link with content": (tar_of(tar_header(b"a", _HIDDEN, kind=b"2")), "'a' has content and is no file"),
    "an old folder with content": (tar_of(tar_header(b"a/", _HIDDEN, kind=b"\0")), "'a/' has content and is no"),
    "a file named like a folder": (tar_of(tar_header(b"a/", kind=b"0")), "a file for some tools and a folder for"),
    "too much": (tar_of(tar_header(b"a", size=b"00777777777\0")), "unpacks to more than 50 times"),
    "too much of GNU's": (tar_of(tar_header(b"a", size=b"\x80" + b"\x7f" * 11)), "unpacks to more than 50 times"),
    "too many zeros": (gzip.compress(_FILE + bytes(5 * 2**20)), "unpacks to more than 50 times"),
}


def _names(archive: bytes) -> list[str]:
    with io.BytesIO(archive) as file:
        stream = GzipStream(file, _LIMIT)
        names = [member.name for member in read_members(stream, lambda _: False)]
        stream.require_end()
    return names


@pytest.mark.parametrize("row", REFUSED)
def test_what_two_readers_take_differently_is_refused(row: str) -> None:
    """3.2/50, 3.2/52: pax against ustar, sparse files, several streams, trailing bytes, bombs."""
    archive, problem = REFUSED[row]
    with pytest.raises(UnreadableError, match=problem):
        _names(archive)


@pytest.mark.parametrize(
    "record", [b"", b"9 path=b", b"8 path=b\n", b"x path=b\n", b"06 a=b\n", b"5 path=b\n", b"99 path=b\n"]
)
def test_a_malformed_pax_record_is_refused(record: bytes) -> None:
    """1c: a reader that skips it silently sees other members than one that does not (CVE-2025-62518)."""
    broken = tar_header(b"pax", (pax_record(b"mtime", b"1") + record) if record else b"\n", kind=b"x")
    with pytest.raises(UnreadableError, match="malformed"):
        _names(tar_of(broken, _FILE))


ACCEPTED = {
    "posix": (tar_of(_FILE), ["odd-1.0/a"]),
    "posix with a prefix": (tar_of(tar_header(b"a", prefix=b"odd-1.0")), ["odd-1.0/a"]),
    "GNU": (tar_of(tar_header(b"a", magic=b"ustar  \0")), ["a"]),
    "the first": (tar_of(tar_header(b"a", kind=b"\0", magic=bytes(8))), ["a"]),
    "spaces for zeros": (tar_of(tar_header(b"a", b"abc", size=b"          3\0")), ["a"]),
    "a size of GNU's": (tar_of(tar_header(b"a", b"abc", size=b"\x80" + bytes(10) + b"\x03")), ["a"]),
    "a long name": (tar_of(tar_header(b"x", b"b" * 200 + b"\0", kind=b"L"), _FILE), ["b" * 200]),
    "a pax name": (tar_of(pax_header((b"path", "ü".encode()), (b"mtime", b"1.5")), _FILE), ["ü"]),
    "a pax link": (tar_of(pax_header((b"linkpath", b"b")), tar_header(b"l", kind=b"2")), ["l"]),
    "extended attributes": (tar_of(pax_header((b"SCHILY.xattr.user.a", b"\0\n")), _FILE), ["odd-1.0/a"]),
    "a commit's hash for all": (tar_of(pax_header((b"comment", b"1234"), kind=b"g"), _FILE), ["odd-1.0/a"]),
    "no end": (gzip.compress(_FILE), ["odd-1.0/a"]),
    "nothing": (gzip.compress(b""), []),
    "zeros of a tape": (gzip.compress(_FILE + bytes(10240)) + bytes(512), ["odd-1.0/a"]),
}


@pytest.mark.parametrize("row", ACCEPTED)
def test_what_every_reader_takes_alike_is_read(row: str) -> None:
    archive, names = ACCEPTED[row]
    assert _names(archive) == names


def test_a_large_member_is_skipped() -> None:
    noise = random.Random(1).randbytes(600_000)
    assert _names(tar_of(tar_header(b"a", noise), _FILE)) == ["a", "odd-1.0/a"]


_INFO = tar_header(b"odd-1.0/PKG-INFO", metadata("odd", "1.0"))
_FOLDER = tar_header(b"odd-1.0/f/g", kind=b"5")


def _link(name: bytes, target: bytes, kind: bytes = b"2") -> bytes:
    return tar_header(b"odd-1.0/" + name, kind=kind, target=target)


def _read(folder: Path, *pieces: bytes) -> ArchiveFacts:
    path = folder / "odd-1.0.tar.gz"
    path.write_bytes(tar_of(_INFO, *pieces))
    return read_archive(path, path.name)


ODD = {
    "an absolute link": ([_link(b"l", b"/etc/passwd")], Oddity.LINK, "odd-1.0/l"),
    "a link up": ([_link(b"l", b"../x")], Oddity.LINK, "odd-1.0/l"),
    "a link far up": ([_link(b"l", b"../../x")], Oddity.LINK, "odd-1.0/l"),
    "a link for Windows": ([_link(b"l", b"..\\..\\x")], Oddity.LINK, "odd-1.0/l"),
    "a link to nothing": ([_link(b"l", b"")], Oddity.LINK, "odd-1.0/l"),
    "a circle": ([_link(b"l", b"m"), _link(b"m", b"l")], Oddity.LINK, "odd-1.0/l"),
    "a link to itself": ([_link(b"l", b"./l")], Oddity.LINK, "odd-1.0/l"),
    # Read letter by letter, l leads to f/g: through up, which is the top folder, it leads out.
    "a chain": ([_FOLDER, _link(b"f/g/up", b"../.."), _link(b"l", b"f/g/up/..")], Oddity.LINK, "odd-1.0/l"),
    "a chain in the other order": (
        [_link(b"l", b"f/g/up/.."), _FOLDER, _link(b"f/g/up", b"../..")],
        Oddity.LINK,
        "odd-1.0/l",
    ),
    "a top folder that is a link": ([tar_header(b"even", kind=b"2", target=b"odd-1.0")], Oddity.LINK, "even"),
    "a hard link out": ([_link(b"l", b"../x", b"1")], Oddity.LINK, "odd-1.0/l"),
    "a hard link to what is not there": ([_link(b"l", b"odd-1.0/x", b"1")], Oddity.LINK, "odd-1.0/l"),
    "a hard link to what comes later": ([_link(b"l", b"odd-1.0/a", b"1"), _FILE], Oddity.LINK, "odd-1.0/l"),
    "the first of two hard links": (
        [_link(b"l", b"odd-1.0/x", b"1"), _link(b"m", b"odd-1.0/y", b"1")],
        Oddity.LINK,
        "odd-1.0/l",
    ),
    "a hard link to a link": ([_link(b"m", b"a"), _link(b"l", b"odd-1.0/m", b"1"), _FILE], Oddity.LINK, "odd-1.0/l"),
    "a file below a link": (
        [_FOLDER, _link(b"l", b"f"), tar_header(b"odd-1.0/l/x")],
        Oddity.BELOW_LINK,
        "odd-1.0/l/x",
    ),
    "a device": ([_link(b"d", b"", b"3")], Oddity.SPECIAL, "odd-1.0/d"),
    "a block device": ([_link(b"d", b"", b"4")], Oddity.SPECIAL, "odd-1.0/d"),
    "a pipe": ([_link(b"d", b"", b"6")], Oddity.SPECIAL, "odd-1.0/d"),
    "an unknown kind": ([_link(b"d", b"", b"V")], Oddity.SPECIAL, "odd-1.0/d"),
    "setuid": ([tar_header(b"odd-1.0/s", mode=b"0004755\0")], Oddity.PRIVILEGED, "odd-1.0/s"),
    "setgid": ([tar_header(b"odd-1.0/s", mode=b"0002755\0")], Oddity.PRIVILEGED, "odd-1.0/s"),
    "up": ([tar_header(b"odd-1.0/../../x")], Oddity.OUTSIDE, "odd-1.0/../../x"),
    "absolute": ([tar_header(b"/odd-1.0/x")], Oddity.OUTSIDE, "/odd-1.0/x"),
    "not UTF-8": ([tar_header(b"odd-1.0/\xff")], Oddity.NAME, "odd-1.0/\\xff"),
    "a target not UTF-8": ([_link(b"l", b"\xff")], Oddity.NAME, "odd-1.0/l"),
    "a control character": ([tar_header(b"odd-1.0/\n")], Oddity.NAME, "odd-1.0/\n"),
    "a backslash": ([tar_header(b"odd-1.0/a\\b")], Oddity.NAME, "odd-1.0/a\\b"),
    "a file without a name": ([tar_header(b".")], Oddity.NAME, "."),
    "a link without a name": ([tar_header(b".", kind=b"2", target=b"x")], Oddity.NAME, "."),
    "a link without a name leads out": ([tar_header(b".", kind=b"2", target=b"x")], Oddity.LINK, ""),
    "twice": ([_FILE, _FILE], Oddity.TWICE, "odd-1.0/a"),
    "twice by dots": ([_FILE, tar_header(b"odd-1.0/./a")], Oddity.TWICE, "odd-1.0/./a"),
    "a file and a folder": ([_FILE, tar_header(b"odd-1.0/a/b")], Oddity.TWICE, "odd-1.0/a/b"),
    "a folder and a file": ([tar_header(b"odd-1.0/a/b"), _FILE], Oddity.TWICE, "odd-1.0/a"),
}


@pytest.mark.parametrize("row", ODD)
def test_a_member_that_no_sdist_should_have_is_noticed(tmp_path: Path, row: str) -> None:
    """3.2/52: links and chains of links that lead out, devices, pipes, setuid, `..`, names."""
    pieces, oddity, member = ODD[row]
    facts = _read(tmp_path, *pieces)
    assert (oddity, member) in facts.oddities, facts
    assert facts.fault is None


def test_links_that_stay_are_left_alone(tmp_path: Path) -> None:
    links = [
        _link(b"f/g/top", b"../.."),
        _link(b"l", b"f/g/top/a"),
        _link(b"h", b"odd-1.0/a", b"1"),
        _link(b"d", b"gone"),
    ]
    facts = _read(tmp_path, _FOLDER, _FILE, *links, tar_header(b"odd-1.0/f/", kind=b"\0"))
    assert (facts.oddities, facts.fault, facts.roots) == ((), None, ("odd-1.0",))
    assert facts.metadata == metadata("odd", "1.0")


def test_an_sdist_that_is_a_zip_too_is_refused(tmp_path: Path) -> None:
    """3.2/56: a zip inside gzip's stored blocks, whose comment reaches to the end of the file."""
    path = tmp_path / "odd-1.0.tar.gz"
    stored = gzip.compress(_INFO + _END, compresslevel=0, mtime=0)
    name = b"x"
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), 0, 0)
    path.write_bytes(stored + entry + end)
    assert "zip and a tar archive at once" in (read_archive(path, path.name).fault or "")


def test_what_the_readers_did_not_foresee_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "odd-1.0.tar.gz"
    path.write_bytes(tar_of(_INFO))
    for error, problem in ((MemoryError(), "more memory"), (RuntimeError("x"), "cut off (RuntimeError: x)")):

        def fail(_: Path, error: BaseException = error) -> ArchiveFacts:
            raise error

        monkeypatch.setattr("registry_service.archives.reading.read_sdist", fail)
        assert problem in (read_archive(path, path.name).fault or "")


def test_the_commonest_accidents_have_names(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    for content, problem in ((b"", "it is empty"), (b" <HTML>", "it is a web page")):
        path.write_bytes(content)
        for filename in ("odd-1.0.tar.gz", "odd-1.0-py3-none-any.whl"):
            assert problem in (read_archive(path, filename).fault or "")
