"""Every way in which a zip archive may say one thing to one reader and another to the next, one row each."""

from __future__ import annotations

import io
import zlib

import pytest

from registry_service.archives.limits import UnreadableError
from registry_service.archives.zip_content import content
from registry_service.archives.zip_framing import read_members
from tests.support.raw_archives import IN_EXTRA, ZipMember, extra, unicode_path, zip64_extra, zip64_of, zip_of

_NAME = b"odd/x.py"
_CRC = zlib.crc32(_NAME)
_TWO = (ZipMember(b"a"), ZipMember(b"b"))
_LARGE = {"packed": IN_EXTRA, "size": IN_EXTRA}
_SAME_PATH = unicode_path(_NAME, crc=_CRC)

REFUSED = {
    "not a zip": (b"text that is no archive", "it is not a zip archive"),
    "bytes before": (b"#!" + zip_of(_TWO), "begins with other bytes"),
    "bytes between": (zip_of(_TWO, between=b"hidden"), "other bytes than members stand"),
    "a member's shadow": (zip_of(_TWO, between=b"PK\x03\x04"), "cut short"),
    "bytes behind": (zip_of(_TWO) + b"x", "goes on after the archive's end"),
    "two ends": (zip_of(_TWO) + zip_of(()), "goes on after the archive's end"),
    "two directories": (zip_of(_TWO) + zip_of(_TWO), "goes on after the archive's end"),
    "a comment with an end": (zip_of(_TWO, end={"comment": 22}) + zip_of(()), "its zip comment holds a zip record"),
    "a comment cut off": (zip_of(_TWO, end={"comment": 9}) + b"x", "cut off"),
    "cut off": (zip_of(_TWO)[:-9], "cut off"),
    "cut off in a member": (zip_of(_TWO)[:35], "cut off"),
    "more packed than there is": (zip_of([ZipMember(own={"packed": 2**31})]), "cut off"),
    "more packed than a file can have": (
        zip_of([ZipMember(own={**_LARGE, "extra": zip64_extra(2**64 - 1, 2**64 - 1)})]),
        "cut off",
    ),
    "an unknown record": (zip_of(_TWO, tail=b"PK\x06\x08...."), "other bytes than members stand"),
    "fewer counted": (zip_of(_TWO, end={"count": 1}), "counts other members"),
    "more counted": (zip_of(_TWO, end={"count": 3}), "counts other members"),
    "more counted here": (zip_of(_TWO, end={"here": 1}), "counts other members"),
    "another size": (zip_of(_TWO, end={"size": 1}), "counts other members"),
    "another start": (zip_of(_TWO, end={"start": 0}), "counts other members"),
    "another disk": (zip_of(_TWO, end={"disk": 1}), "counts other members"),
    "left to no record": (zip_of(_TWO, end={"count": 0xFFFF}), "counts other members"),
    "not listed": (zip_of([ZipMember(b"a"), ZipMember(listed={"count": 0})]), "does not list 'odd/x.py'"),
    "not held": (zip_of([ZipMember(listed={"offset": 9})]), "'odd/x.py' otherwise than"),
    "listed twice": (zip_of([ZipMember(b"a"), ZipMember(b"a", listed={"offset": 0})]), "'a' otherwise than"),
    "another name": (zip_of([ZipMember(own={"name": b"odd/y.py"})]), "'odd/x.py' otherwise than"),
    "another size listed": (zip_of([ZipMember(listed={"size": 8})]), "otherwise than"),
    "another packed size listed": (zip_of([ZipMember(listed={"packed": 8})]), "otherwise than"),
    "another checksum": (zip_of([ZipMember(listed={"crc": 8})]), "otherwise than"),
    "another method": (zip_of([ZipMember(listed={"method": 8})]), "otherwise than"),
    "other flags": (zip_of([ZipMember(listed={"flags": 0x800})]), "otherwise than"),
    "a packed size that leads elsewhere": (zip_of([ZipMember(own={"packed": 3})]), "other bytes than members"),
    "sizes behind": (zip_of([ZipMember(own={"flags": 8}, listed={"flags": 8})]), "a data descriptor"),
    "encrypted": (zip_of([ZipMember(own={"flags": 1}, listed={"flags": 1})]), "encrypted"),
    "bzip2": (zip_of([ZipMember(method=12)]), "another method than deflate"),
    "a later version": (zip_of([ZipMember(own={"version": 64})]), "version 64 of the zip format"),
    "a later version listed": (zip_of([ZipMember(listed={"version": 0xFF14})]), "of the zip format"),
    "a comment on a member": (zip_of([ZipMember(listed={"comment": b"x"})]), "a comment on 'odd/x.py'"),
    "half an extra field": (zip_of([ZipMember(own={"extra": b"abc"})]), "cut short"),
    "an extra field cut short": (zip_of([ZipMember(own={"extra": b"ab\x09\0x"})]), "cut short"),
    "two Zip64 fields": (zip_of([ZipMember(own={"extra": zip64_extra() * 2})]), "two extra fields of one kind"),
    "half a Zip64 value": (zip_of([ZipMember(own={"extra": extra(1, b"1234")})]), "a length that it cannot have"),
    "a Zip64 size too few": (zip_of([ZipMember(own={**_LARGE, "extra": zip64_extra(7)})]), "missing a size"),
    "Zip64 sizes of its own": (zip_of([ZipMember(own={"extra": zip64_extra(7, 8)})]), "other sizes than its header"),
    "a Zip64 size in another place": (
        zip_of([ZipMember(content=b"c" * 9, method=8, own={"packed": IN_EXTRA, "extra": zip64_extra(11)})]),
        "other sizes than its header",
    ),
    "Zip64 sizes only listed": (zip_of([ZipMember(listed={"extra": zip64_extra(7, 8)})]), "other sizes than its"),
    "two Unicode paths": (zip_of([ZipMember(own={"extra": _SAME_PATH * 2})]), "two extra fields of one kind"),
    "another Unicode path": (
        zip_of([ZipMember(own={"extra": unicode_path(b"evil", crc=_CRC)})]),
        "'odd/x.py' has another name in its Unicode path",
    ),
    "another Unicode path listed": (
        zip_of([ZipMember(listed={"extra": unicode_path(b"evil", crc=_CRC)})]),
        "'odd/x.py' has another name in its Unicode path",
    ),
    "a Unicode path of another name": (
        zip_of([ZipMember(own={"extra": unicode_path(_NAME, crc=1)})]),
        "'odd/x.py' has another name in its Unicode path",
    ),
    "Zip64: data of its own": (zip64_of(_TWO, end={"rest": 48}), "data of some tool's own"),
    "Zip64: another count": (zip64_of(_TWO, end={"count": 3}), "Zip64 end of its directory counts other members"),
    "Zip64: another size": (zip64_of(_TWO, end={"size": 3}), "Zip64 end of its directory counts other members"),
    "Zip64: another start": (zip64_of(_TWO, end={"start": 3}), "Zip64 end of its directory counts other members"),
    "Zip64: another disk": (zip64_of(_TWO, end={"disk": 3}), "Zip64 end of its directory counts other members"),
    "Zip64: no locator": (zip64_of(_TWO, locator={"signature": 1}), "no locator behind it"),
    "Zip64: another offset": (zip64_of(_TWO, locator={"offset": 1}), "points elsewhere"),
    "Zip64: more disks": (zip64_of(_TWO, locator={"disks": 2}), "points elsewhere"),
    "Zip64: another count in the small end": (zip64_of(_TWO, small={"count": 1}), "counts other members"),
    "Zip64: no small end": (zip64_of(_TWO)[:-22] + b"PK\x07\x08" + bytes(18), "other bytes than members"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_what_two_readers_take_differently_is_refused(row: str) -> None:
    """3.2/55: local and central names and sizes, deleted entries, data descriptors, end records, extra fields."""
    archive, problem = REFUSED[row]
    with pytest.raises(UnreadableError, match=problem):
        read_members(io.BytesIO(archive))


ACCEPTED = {
    "plain": zip_of(_TWO),
    "deflated": zip_of([ZipMember(b"a", method=8), ZipMember(b"b", b"")]),
    "empty": zip_of(()),
    "a comment": zip_of(_TWO, end={"comment": 7}) + b"comment",
    "Zip64 sizes": zip_of([ZipMember(b"a", own={**_LARGE, "extra": zip64_extra(7, 7)}), ZipMember(b"b")]),
    "Zip64 sizes twice": zip_of([ZipMember(b"a", own={"extra": zip64_extra(7, 7)}), ZipMember(b"b")]),
    "Zip64 sizes listed": zip_of([ZipMember(b"a", listed={**_LARGE, "extra": zip64_extra(7, 7)}), ZipMember(b"b")]),
    "Zip64 offset": zip_of([ZipMember(b"a", listed={"offset": IN_EXTRA, "extra": zip64_extra(0)}), ZipMember(b"b")]),
    "Zip64 end": zip64_of(_TWO),
    "Zip64 end beside a whole small one": zip64_of(_TWO, small={"count": 2}),
    "other extra fields": zip_of([ZipMember(b"a", own={"extra": extra(0x5455, b"times") * 2}), ZipMember(b"b")]),
    "the same Unicode path": zip_of(
        [ZipMember(b"a", own={"extra": unicode_path(b"a", crc=zlib.crc32(b"a"))}), _TWO[1]]
    ),
}


@pytest.mark.parametrize("row", ACCEPTED)
def test_what_every_reader_takes_alike_is_read(row: str) -> None:
    file = io.BytesIO(ACCEPTED[row])
    members = read_members(file)
    assert [member.name for member in members] == ([] if row == "empty" else ["a", "b"])
    assert {b"".join(content(file, member)) for member in members} <= {b"content", b""}


DAMAGED = {
    "another checksum": (ZipMember(own={"crc": 1}, listed={"crc": 1}), "not of the size and checksum"),
    "larger than announced": (ZipMember(method=8, own={"size": 3}, listed={"size": 3}), "not of the size"),
    "smaller than announced": (ZipMember(method=8, own={"size": 9}, listed={"size": 9}), "not of the size"),
    "stored in other sizes": (ZipMember(own={"size": 9}, listed={"size": 9}), "not of the size"),
    "no deflate": (ZipMember(method=8, packed=b"\xff\xff"), "cannot be unpacked"),
    "ends too early": (ZipMember(method=8, packed=b"\x4b\xce"), "ends too early"),
    "bytes behind": (ZipMember(method=8, packed=b"\x03\0xx"), "other bytes stand behind the content"),
}


@pytest.mark.parametrize("row", DAMAGED)
def test_content_that_is_not_what_was_said_of_it_is_refused(row: str) -> None:
    """3.2/49: sizes that lie cost no more than was announced."""
    member, problem = DAMAGED[row]
    file = io.BytesIO(zip_of([member]))
    (read,) = read_members(file)
    with pytest.raises(UnreadableError, match=problem):
        list(content(file, read))
