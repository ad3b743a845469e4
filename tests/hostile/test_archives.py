"""Hostile archives against a running registry: refused with a reason, at the cost of one reader process at most."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from tests.support import odd_archives, packages
from tests.support.forms import CONTENT_TYPE, file, form, part
from tests.support.odd_archives import SDIST, STEM, WHEEL, member, tarred, wheel_as, with_member
from tests.support.packages import MIB, Distribution
from tests.support.raw_archives import ZipMember, pax_header, tar_header, tar_of, zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.target import Answer, Target

pytestmark = pytest.mark.hostile

_INFO = tar_header(f"{STEM}/PKG-INFO".encode(), packages.metadata("odd", "1.0"))


def _upload(target: Target, distribution: Distribution) -> Answer:
    fields = (part(name, value) for name, value in {"name": "odd", "version": "1.0"}.items())
    body = form(*fields, file(distribution))
    return target.ask("POST", urls.upload_path("attacker"), headers={"content-type": CONTENT_TYPE}, body=body)


def _refused(target: Target, distribution: Distribution, problem: str) -> None:
    answer = _upload(target, distribution)
    assert (answer.status, problem in json.loads(answer.body)["message"]) == (400, True), answer.body
    page = target.ask("GET", urls.index_path("attacker") + "odd/")
    assert page.status == 404


def _many_entries(count: int) -> Distribution:
    """A directory of very many entries, all of the one member there is (CVE-2024-0450)."""
    member_ = ZipMember(b"x", bytes(10))
    whole = zip_of([member_])
    start, end = whole.index(b"PK\x01\x02"), whole.rindex(b"PK\x05\x06")
    return Distribution(WHEEL, whole[:start] + whole[start:end] * count + whole[end:])


def _many_members(count: int) -> Distribution:
    """Very many members that no directory lists."""
    whole = zip_of([ZipMember(b"x", b"")])
    start = whole.index(b"PK\x01\x02")
    return Distribution(WHEEL, whole[:start] * count + whole[start:])


def _nested(depth: int) -> Distribution:
    """Zip in zip in zip: each unpacks to the next, and nobody but the attacker wants to look."""
    content = bytes(MIB)
    for _ in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.zip", content)
        content = buffer.getvalue()
    return Distribution(WHEEL, content)


def _zeros_tar(gibibytes: int) -> Distribution:
    """Ten mebibytes of gzip that unpack to a thousand times as much, announced and there."""
    header = member(f"{STEM}/zeros")
    header.size = gibibytes * 1024 * MIB
    compressor = zlib.compressobj(9, wbits=31)
    packed = compressor.compress(_INFO + header.tobuf(tarfile.GNU_FORMAT))
    packed += compressor.flush(zlib.Z_FULL_FLUSH)
    once = compressor.compress(bytes(MIB)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return Distribution(SDIST, packed + once * (gibibytes * 1024))


BOMBS: dict[str, tuple[Callable[[], Distribution], str]] = {
    "49 a thousand to one": (odd_archives.expanding, "unpacks to more than 50 times"),
    "49 one member many times": (lambda: _many_entries(2**20), "members"),
    "49 very many members": (lambda: _many_members(1_000_000), "100000 members"),
    "49 zip in zip": (lambda: _nested(20), "exactly one .dist-info folder, not 0"),
    "49 sizes that lie": (
        lambda: Distribution(
            WHEEL,
            zip_of([ZipMember(b"a.dist-info/RECORD", bytes(50 * MIB), 8, own={"size": 9}, listed={"size": 9})]),
        ),
        "not of the size and checksum",
    ),
    "50 ten gibibytes of zeros": (lambda: _zeros_tar(10), "unpacks to more than 50 times"),
    "50 very many tiny members": (lambda: odd_archives.crowded(120_000), "more than 100000 members"),
    "50 zeros behind the end": (
        lambda: Distribution(SDIST, gzip.compress(_INFO + bytes(100 * MIB))),
        "unpacks to more than 50 times",
    ),
    "50 headers without a member": (
        lambda: Distribution(SDIST, tar_of(tar_header(b"x", b"n" * 900_000 + b"\0", kind=b"L") * 60)),
        "name a member twice",
    ),
}


@pytest.fixture(scope="module")
def made() -> dict[str, Distribution]:
    """The bombs, made before anything is measured."""
    return {name: make() for name, (make, _) in BOMBS.items()}


@pytest.mark.parametrize("row", BOMBS)
def test_a_bomb_costs_no_more_than_its_limits(made: dict[str, Distribution], target: Target, row: str) -> None:
    """3.2/49, 3.2/50: refused by what is announced, or by what was unpacked so far; others are served meanwhile."""
    _refused(target, made[row], BOMBS[row][1])


ARCHIVES = {
    "52 a link out": (tarred(member(f"{STEM}/l", tarfile.SYMTYPE, target="../../x")), "the link"),
    "52 a chain of links": (
        Distribution(
            SDIST,
            tar_of(
                _INFO,
                tar_header(f"{STEM}/f/up".encode(), kind=b"2", target=b".."),
                tar_header(f"{STEM}/l".encode(), kind=b"2", target=b"f/up/.."),
            ),
        ),
        "the link 'odd-1.0/l'",
    ),
    "52 a hard link out": (tarred(member(f"{STEM}/l", tarfile.LNKTYPE, target="/etc/passwd")), "the link"),
    "52 below a link": (
        tarred(member(f"{STEM}/l", tarfile.SYMTYPE, target="f"), member(f"{STEM}/l/x")),
        "'odd-1.0/l/x' below a link",
    ),
    "52 a device": (tarred(member(f"{STEM}/d", tarfile.BLKTYPE)), "neither a file nor a folder"),
    "52 a pipe": (tarred(member(f"{STEM}/d", tarfile.FIFOTYPE)), "neither a file nor a folder"),
    "52 setuid": (
        Distribution(SDIST, tar_of(_INFO, tar_header(f"{STEM}/s".encode(), mode=b"0004755\0"))),
        "clear its setuid",
    ),
    "52 up": (tarred(member(f"{STEM}/../../x")), "leads out of the archive"),
    "52 pax size": (Distribution(SDIST, tar_of(pax_header((b"size", b"0")), _INFO)), "sets 'size'"),
    "50 two streams": (Distribution(SDIST, tar_of(_INFO) * 2), "goes on after the archive's end"),
    "50 trailing bytes": (Distribution(SDIST, tar_of(_INFO) + b"x"), "goes on after the archive's end"),
    "53 two METADATA": (with_member(f"{STEM.upper()}.dist-info/METADATA"), "exactly one .dist-info folder, not 2"),
    "53 METADATA twice": (with_member(f"{STEM}.dist-info/METADATA"), "METADATA' twice"),
    "55 two names": (odd_archives.renamed_in_place(), "'odd/good.py' otherwise than"),
    "55 a data descriptor": (odd_archives.streamed(), "a data descriptor"),
    "55 hidden bytes": (odd_archives.hidden_between(), "other bytes than members"),
    "55 encrypted": (odd_archives.encrypted(), "encrypted"),
    "55 zstandard": (odd_archives.zstandard(), "another method than deflate"),
    "55 case alone": (with_member(f"{STEM}.dist-info/wheel"), "twice for systems that ignore case"),
    "56 a tar and a zip": (odd_archives.tar_and_zip(), "a zip and a tar archive at once"),
    "56 a tar named wheel": (Distribution(WHEEL, tarred().content), "not a zip archive"),
    "56 a zip named sdist": (Distribution(SDIST, wheel_as(WHEEL).content), "not compressed with gzip"),
    "56 gzip named wheel": (Distribution(WHEEL, gzip.compress(bytes(MIB))), "not a zip archive"),
    "56 an egg": (Distribution(f"{STEM}.egg", wheel_as(WHEEL).content), "Only wheels"),
    "56 a program": (Distribution(f"{STEM}.exe", wheel_as(WHEEL).content), "Only wheels"),
    "56 bzip2": (Distribution(f"{STEM}.tar.bz2", tarred().content), "Only wheels"),
    "58 an entry point": (
        with_member(f"{STEM}.dist-info/entry_points.txt", b"[console_scripts]\n../../bin/x = odd:main\n"),
        "the entry point '../../bin/x'",
    ),
    "58 a script out": (with_member(f"{STEM}.data/scripts/../../x"), "leads out of the archive"),
    "58 an absolute path": (with_member("/bin/x"), "leads out of the archive"),
    "37 other tags": (Distribution(f"{STEM}-cp311-abi3-any.whl", wheel_as(WHEEL).content), "other systems than its"),
    "37 another name": (wheel_as(WHEEL, content=packages.metadata("even", "1.0")), "names the package 'even'"),
    "37 another version": (wheel_as(WHEEL, content=packages.metadata("odd", "2.0")), "gives the version '2.0'"),
    "37 another folder": (
        wheel_as(WHEEL, dist_info="even-1.0", content=packages.metadata("odd", "1.0")),
        "not named for",
    ),
    "37 another top folder": (tarred(top="even-1.0"), "not named for"),
}


@pytest.mark.parametrize("row", ARCHIVES)
def test_a_hostile_archive_is_refused_with_a_reason(target: Target, row: str) -> None:
    """3.2/37, 3.2/50 to 3.2/58: each is told what is wrong with it, and nothing of it is stored."""
    _refused(target, *ARCHIVES[row])


def test_honest_uploads_go_on_between_bombs(made: dict[str, Distribution], target: Target) -> None:
    """3.2/49: a reader that was killed is replaced; the next upload, an honest one, is accepted."""
    _refused(target, made["49 very many members"], "100000 members")
    wheel = packages.wheel(name="honest")
    body = form(part("name", "honest"), part("version", "0.0.1"), file(wheel))
    answer = target.ask("POST", urls.upload_path("attacker"), headers={"content-type": CONTENT_TYPE}, body=body)
    assert answer.status == 201, answer.body
