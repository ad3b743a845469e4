"""Reading archives in other processes: what they report, and that a hostile one costs little."""

from __future__ import annotations

import asyncio
import gzip
import io
import tarfile
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from registry_service.archives import ArchivePool, limits
from registry_service.domain.archive import Oddity
from tests.support import odd_archives, packages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pool() -> AsyncIterator[ArchivePool]:
    async with ArchivePool(size=2, deadline=5) as opened:
        yield opened


async def test_a_wheel_and_an_sdist_report_their_metadata(pool: ArchivePool, tmp_path: Path) -> None:
    for file, root in (
        (packages.wheel(), "mypypipackage-0.0.1.dist-info"),
        (packages.sdist(), "mypypipackage-0.0.1"),
    ):
        facts = await pool.read(file.write_to(tmp_path), file.filename)
        assert (facts.roots, facts.missing, facts.fault) == ((root,), (), None)
        assert b"Name: mypypipackage" in (facts.metadata or b"")


async def test_missing_members_are_named(pool: ArchivePool, tmp_path: Path) -> None:
    wheel = packages.Distribution("a-1-py3-none-any.whl", packages.zip_of({"a-1.dist-info/METADATA": b"x"}))
    assert (await pool.read(wheel.write_to(tmp_path), wheel.filename)).missing == ("WHEEL", "RECORD")
    bare = packages.Distribution("a-1-py3-none-any.whl", packages.zip_of({"a-1.dist-info/WHEEL": b"x"}))
    assert (await pool.read(bare.write_to(tmp_path), bare.filename)).missing == ("METADATA", "RECORD")
    sdist = packages.Distribution("a-1.tar.gz", packages.tar_of({"a-1/setup.py": b"x"}))
    facts = await pool.read(sdist.write_to(tmp_path), sdist.filename)
    assert (facts.roots, facts.missing, facts.metadata) == (("a-1",), ("PKG-INFO",), None)


async def test_two_roots_are_reported_and_not_chosen_from(pool: ArchivePool, tmp_path: Path) -> None:
    members = {"a-1.dist-info/METADATA": b"x", "A-1.dist-info/METADATA": b"y"}
    wheel = packages.Distribution("a-1-py3-none-any.whl", packages.zip_of(members))
    facts = await pool.read(wheel.write_to(tmp_path), wheel.filename)
    assert (facts.roots, facts.metadata) == (("A-1.dist-info", "a-1.dist-info"), None)


@pytest.mark.parametrize("filename", ["a-1-py3-none-any.whl", "a-1.tar.gz"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x1f\x8b", b"<html>", gzip.compress(b"not a tar")])
async def test_what_is_no_archive_has_a_fault(pool: ArchivePool, tmp_path: Path, filename: str, content: bytes) -> None:
    path = tmp_path / "spool"
    path.write_bytes(content)
    assert (await pool.read(path, filename)).fault


async def test_metadata_that_does_not_end_is_a_fault(pool: ArchivePool, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a-1.dist-info/METADATA", b"0" * (limits.MAX_METADATA_BYTES + 1))
    path = tmp_path / "spool"
    path.write_bytes(buffer.getvalue())
    assert "larger than" in ((await pool.read(path, "a-1-py3-none-any.whl")).fault or "")


async def test_an_archive_that_takes_too_long_costs_its_reader_and_no_more(tmp_path: Path) -> None:
    path, fine = odd_archives.crowded(99_000).write_to(tmp_path), packages.wheel()
    async with ArchivePool(size=1, deadline=0.5) as pool:
        await pool.read(fine.write_to(tmp_path), fine.filename)  # warm
        started = time.monotonic()
        assert "longer than 0.5 seconds" in ((await pool.read(path, path.name)).fault or "")
        assert time.monotonic() - started < 3
    async with ArchivePool(size=1) as pool:
        assert (await pool.read(tmp_path / fine.filename, fine.filename)).fault is None


async def test_a_bomb_is_known_by_what_it_announces(pool: ArchivePool, tmp_path: Path) -> None:
    started = time.monotonic()
    for bomb in (odd_archives.announced(8 * 1024**3), odd_archives.expanding()):
        assert "unpacks to more than 50 times" in (
            (await pool.read(bomb.write_to(tmp_path), bomb.filename)).fault or ""
        )
    assert time.monotonic() - started < 3


async def test_a_bomb_that_announces_nothing_is_stopped_while_it_unpacks(pool: ArchivePool, tmp_path: Path) -> None:
    path = tmp_path / "a-1.tar.gz"
    whole = gzip.decompress(packages.tar_of({"a-1/PKG-INFO": b"x"}))
    path.write_bytes(gzip.compress(whole + bytes(256 * 1024**2), compresslevel=9))
    assert "unpacks to more than 50 times" in ((await pool.read(path, path.name)).fault or "")


async def test_a_header_that_announces_gigabytes_is_not_read(pool: ArchivePool, tmp_path: Path) -> None:
    path = tmp_path / "a-1.tar.gz"
    header = tarfile.TarInfo("a-1/header")
    header.type, header.size = tarfile.XHDTYPE, 7 * 1024**3
    path.write_bytes(gzip.compress(header.tobuf()))
    assert "larger than 1048576 bytes" in ((await pool.read(path, path.name)).fault or "")


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
async def test_more_members_than_are_allowed_is_a_fault(tmp_path: Path, kind: str) -> None:
    count = limits.MAX_MEMBERS + 1
    file = odd_archives.many(count) if kind == "wheel" else odd_archives.crowded(count)
    async with ArchivePool(deadline=60) as pool:
        facts = await pool.read(file.write_to(tmp_path), file.filename)
    assert facts.fault == "it has more than 100000 members"


async def test_a_wheel_of_fifty_thousand_files_is_read_within_the_deadline(pool: ArchivePool, tmp_path: Path) -> None:
    wheel = odd_archives.many(50_000)
    assert (await pool.read(wheel.write_to(tmp_path), wheel.filename)).fault is None


async def test_an_oddity_is_told_by_its_first_member(pool: ArchivePool, tmp_path: Path) -> None:
    links = [odd_archives.member(f"odd-1.0/{name}", tarfile.SYMTYPE, target="/x") for name in ("a" * 300, "b")]
    file = odd_archives.tarred(odd_archives.member("odd-1.0/pipe", tarfile.FIFOTYPE), *links)
    facts = await pool.read(file.write_to(tmp_path), file.filename)
    assert facts.oddities == ((Oddity.SPECIAL, "odd-1.0/pipe"), (Oddity.LINK, f"odd-1.0/{'a' * 192}"))


async def test_a_reader_that_was_left_alone_answers_nobody_else(pool: ArchivePool, tmp_path: Path) -> None:
    path, fine = odd_archives.crowded(99_000).write_to(tmp_path), packages.wheel()
    abandoned = asyncio.create_task(pool.read(path, path.name))
    await asyncio.wait([abandoned], timeout=0.3)
    abandoned.cancel()
    await asyncio.wait([abandoned])
    facts = await asyncio.gather(*(pool.read(fine.write_to(tmp_path), fine.filename) for _ in range(4)))
    assert {one.roots for one in facts} == {("mypypipackage-0.0.1.dist-info",)}
