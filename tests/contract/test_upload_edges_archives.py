"""Archives that are not what they seem, and odd ones that are: edge cases 12, 13 and 15 of uploading."""

from __future__ import annotations

import gzip
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.outcomes.issue_4 import EDGE_CASES
from tests.support import odd_archives, packages
from tests.support.odd_archives import SDIST, STEM, WHEEL, member, sdist_as, tarred, wheel_as, with_member
from tests.support.packages import Distribution

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(EDGE_CASES)]

_METADATA = packages.metadata("odd", "1.0")
_PAGE = b"\n<!DOCTYPE html>\n<html><title>Sign in</title></html>\n"
_OUT = "a path that leads out of the archive: paths must be relative and without '..'"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind of database: what is judged here is judged before any is asked."""
    return f"sqlite:///{tmp_path / 'registry.db'}"


TRICKS = {
    "an empty wheel": (Distribution(WHEEL, b""), "cannot be read: it is empty"),
    "an empty sdist": (Distribution(SDIST, b""), "cannot be read: it is empty"),
    "a wheel cut off": (Distribution(WHEEL, wheel_as(WHEEL).content[:-30]), "it is damaged or was cut off"),
    "an sdist cut off": (Distribution(SDIST, tarred().content[:-20]), "it is damaged or was cut off"),
    "a page named .whl": (Distribution(WHEEL, _PAGE), "it is a web page: what was downloaded was a sign-in"),
    "a page named .tar.gz": (Distribution(SDIST, _PAGE), "it is a web page: what was downloaded was a sign-in"),
    "a wheel named .tar.gz": (Distribution(SDIST, wheel_as(WHEEL).content), "it is not compressed with gzip"),
    "an sdist named .whl": (Distribution(WHEEL, tarred().content), "it is not a zip archive"),
    "no tar in it": (Distribution(SDIST, gzip.compress(b"text")), "it is damaged or was cut off"),
    "a wheel that is a tar too": (odd_archives.tar_and_zip(), "it is a zip and a tar archive at once"),
    "an sdist that is a zip too": (
        odd_archives.followed_by(tarred(), wheel_as(WHEEL).content),
        "it is a zip and a tar archive at once",
    ),
    "a wheel that explodes": (odd_archives.expanding(), "it unpacks to more than 50 times its size"),
    "an sdist that explodes": (odd_archives.announced(8 * 2**30), "it unpacks to more than 50 times its size"),
    "a sparse file": (tarred(member(f"{STEM}/sparse", tarfile.GNUTYPE_SPARSE)), "'odd-1.0/sparse' as a sparse file"),
    "a link in a wheel": (odd_archives.with_link(), "holds the link 'odd/link'"),
    "a link out": (tarred(member(f"{STEM}/l", tarfile.SYMTYPE, target="../../x")), f"holds the link '{STEM}/l'"),
    "a link to the root": (tarred(member(f"{STEM}/l", tarfile.SYMTYPE, target="/x")), f"holds the link '{STEM}/l'"),
    "a hard link out": (tarred(member(f"{STEM}/l", tarfile.LNKTYPE, target="x/y")), f"holds the link '{STEM}/l'"),
    "a device": (tarred(member(f"{STEM}/null", tarfile.CHRTYPE)), "which is neither a file nor a folder"),
    "a pipe": (tarred(member(f"{STEM}/pipe", tarfile.FIFOTYPE)), "which is neither a file nor a folder"),
    "up in a wheel": (with_member("odd/../../x"), f"'odd/../../x', {_OUT}"),
    "up in an sdist": (tarred(member(f"{STEM}/../../x")), f"'odd-1.0/../../x', {_OUT}"),
    "up for Windows": (with_member("odd\\..\\..\\x"), _OUT),
    "absolute in a wheel": (with_member("/etc/x"), f"'/etc/x', {_OUT}"),
    "absolute in an sdist": (tarred(member(f"/{STEM}/x")), f"'/odd-1.0/x', {_OUT}"),
    "absolute for Windows": (with_member("C:/x"), f"'C:/x', {_OUT}"),
    "twice in a wheel": (with_member(f"{STEM}.dist-info/METADATA"), "METADATA' twice: which of them is installed"),
    "twice in an sdist": (tarred(member(f"{STEM}/PKG-INFO")), "PKG-INFO' twice: which of them is installed"),
    "bytes before a wheel": (odd_archives.preceded_by(b"#!/bin/sh\n", wheel_as(WHEEL)), "begins with other bytes"),
    "bytes in a wheel": (
        odd_archives.hidden_between(),
        "other bytes than members stand between its members or before its directory",
    ),
    "two names in a wheel": (odd_archives.renamed_in_place(), "'odd/good.py' otherwise than its zip directory says"),
    "bytes behind a wheel": (odd_archives.followed_by(wheel_as(WHEEL), b"x"), "goes on after the archive's end"),
    "bytes behind an sdist": (odd_archives.followed_by(tarred(), b"x"), "goes on after the archive's end"),
    "hidden in an sdist": (odd_archives.hidden_behind_the_end(), "goes on after the archive's end"),
    "sizes behind members": (odd_archives.streamed(), "zip it into a file"),
    "gzip streams": (Distribution(SDIST, gzip.compress(b"") + tarred().content), "goes on after the archive's end"),
    "lzma": (with_member("odd/x", method=14), "'odd/x' compressed with another method than deflate"),
    "bzip2": (with_member("odd/x", method=12), "'odd/x' compressed with another method than deflate"),
    "zstandard": (odd_archives.zstandard(), "METADATA' compressed with another method than deflate"),
    "encrypted": (odd_archives.encrypted(), "METADATA' encrypted: no installer has the password"),
}


async def test_tricks_and_accidents(registry: Registry) -> None:
    """6.12: what two tools may read differently, or nobody can read, is refused and named."""
    token = await registry.token()
    for name, (file, problem) in TRICKS.items():
        refused = await registry.publish(file, token)
        assert (refused.status_code, problem in refused.json()["message"]) == (400, True), (name, refused.text)
    assert (await registry.page(token, "odd")).status_code == 404


@pytest.mark.parametrize(
    "file",
    [
        odd_archives.zip64(),
        tarred(member(f"{STEM}/a/link", tarfile.SYMTYPE, target="../PKG-INFO")),
        tarred(member(f"{STEM}/link", tarfile.LNKTYPE, target=f"{STEM}/PKG-INFO")),
        tarred(member(".", tarfile.DIRTYPE), member(f"./{STEM}/x")),
        odd_archives.followed_by(tarred(), bytes(10240)),
    ],
    ids=["zip64", "link", "hard link", "dots", "padding"],
)
async def test_unusual_archives_that_every_tool_reads(registry: Registry, file: Distribution) -> None:
    """6.12: Zip64, links that stay inside, `./` before paths, a tape's padding."""
    answer = await registry.publish(file, await registry.token())
    assert answer.status_code == 201, answer.text


async def test_a_wheel_of_very_many_files(registry: Registry) -> None:
    """6.12: as many files as fit under this test's limit."""
    answer = await registry.publish(odd_archives.many(15_000), await registry.token())
    assert answer.status_code == 201, answer.text


WHEELS = {
    "no dist-info": (Distribution(WHEEL, packages.zip_of({"odd.py": b""})), "exactly one .dist-info folder, not 0"),
    "two dist-infos": (with_member("other-2.0.dist-info/METADATA"), "exactly one .dist-info folder, not 2"),
    "another's dist-info": (wheel_as(WHEEL, dist_info="even-1.0", content=_METADATA), "'even-1.0.dist-info' in the"),
    "another version's": (wheel_as(WHEEL, dist_info="odd-2.0", content=_METADATA), "'odd-2.0.dist-info' in the"),
    "no Name": (wheel_as(WHEEL, content=b"Metadata-Version: 2.1\nVersion: 1.0\n"), "metadata has no Name"),
    "no Version": (wheel_as(WHEEL, content=b"Metadata-Version: 2.1\nName: odd\n"), "metadata has no Version"),
    "two Names": (wheel_as(WHEEL, content=b"Name: odd\n" + _METADATA), "metadata has no Name"),
    "another Name": (
        wheel_as(WHEEL, content=_METADATA.replace(b"odd", b"even")),
        "The archive names the package 'even'",
    ),
    "another Version": (wheel_as(WHEEL, content=_METADATA.replace(b": 1.0", b": 2")), "archive gives the version '2'"),
    "3.0": (wheel_as(WHEEL, content=_METADATA.replace(b"2.1", b"3.0", 1)), "Metadata-Version '3.0' is not supported"),
}


async def test_wheels_whose_parts_disagree(registry: Registry) -> None:
    """6.13: name, version and the one `.dist-info` folder agree with the file name, or the wheel is refused."""
    token = await registry.token()
    for name, (file, problem) in WHEELS.items():
        refused = await registry.publish(file, token, name="odd", version="1.0")
        assert (refused.status_code, problem in refused.json()["message"]) == (400, True), (name, refused.text)


async def test_a_dist_info_folder_in_another_spelling(registry: Registry) -> None:
    """6.13: `Foo.Bar-1.0.dist-info` in `foo_bar-1.0-py3-none-any.whl` is one name in two spellings."""
    content = packages.metadata("Foo.Bar", "1.0.0")
    wheel = wheel_as("foo_bar-1.0-py3-none-any.whl", dist_info="Foo.Bar-1.0", content=content)
    assert (await registry.publish(wheel, await registry.token())).status_code == 201


SDISTS = {
    "nested": packages.tar_of(
        {f"{STEM}/odd.egg-info/PKG-INFO": b"x", f"{STEM}/{STEM}/PKG-INFO": b"y", f"{STEM}/PKG-INFO": _METADATA}
    ),
    "deep only": packages.tar_of({f"{STEM}/odd.egg-info/PKG-INFO": _METADATA}),
    "none": packages.tar_of({f"{STEM}/setup.py": b""}),
    "two tops": packages.tar_of({f"{STEM}/PKG-INFO": _METADATA, "other/x": b""}),
    "another's top": packages.tar_of({"even-1.0/PKG-INFO": _METADATA}),
    "no top": packages.tar_of({"PKG-INFO": _METADATA}),
}


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("nested", ""),
        ("deep only", "odd-1.0.tar.gz holds no PKG-INFO"),
        ("none", "odd-1.0.tar.gz holds no PKG-INFO"),
        ("two tops", "must hold exactly one top folder, not 2"),
        ("another's top", "The folder 'even-1.0' in the archive is not named for odd-1.0.tar.gz"),
        ("no top", "odd-1.0.tar.gz holds no PKG-INFO"),
    ],
)
async def test_where_an_sdist_keeps_its_metadata(registry: Registry, kind: str, problem: str) -> None:
    """6.15: the PKG-INFO of the one top folder counts, whatever else is called PKG-INFO."""
    answer = await registry.publish(Distribution(SDIST, SDISTS[kind]), await registry.token())
    assert (answer.status_code == 201) == (not problem), answer.text
    assert problem in answer.text


async def test_sdists_of_other_kinds(registry: Registry) -> None:
    """6.15: `.zip`, `.tar.bz2`, eggs and installers are refused with what is accepted instead."""
    token = await registry.token()
    for suffix in (".zip", ".tar.bz2", ".tgz", ".TAR.GZ", ".egg", ".exe", ".rpm", ".WHL"):
        file = Distribution(STEM + suffix, tarred().content)
        refused = await registry.publish(file, token, name="odd", version="1.0")
        assert refused.status_code == 400
        assert "Only wheels (.whl) and source distributions (.tar.gz) are accepted" in refused.json()["message"]


@pytest.mark.parametrize(
    ("filename", "of"),
    [
        ("odd-1.0-1.tar.gz", "odd 1.0-1"),
        ("odd-1.0-1.tar.gz", "odd 1.0.post1"),
        ("odd-1.0-1.tar.gz", "odd-1.0 1"),
        ("odd-2020-1.tar.gz", "odd-2020 1"),
        ("odd-2020-1.tar.gz", "odd 2020-1"),
        ("flake8-2020-1.0.tar.gz", "flake8-2020 1.0"),
        ("odd-even-1.0.tar.gz", "odd-even 1.0"),
        ("Odd.Even-1.0.tar.gz", "odd_even 1.0"),
        ("ODD-01.00.tar.gz", "odd 1.0"),
        ("odd-1.0rc1.tar.gz", "odd 1.0.RC.1"),
    ],
)
async def test_old_names_of_sdists(registry: Registry, filename: str, of: str) -> None:
    """6.15: an old sdist's name is read as installers read it, who know whose file it is."""
    token, (name, version) = await registry.token(), of.split()
    sdist = sdist_as(filename, name=name, version=version)
    answer = await registry.publish(sdist, token, name=name, version=version)
    assert answer.status_code == 201, answer.text
    assert await registry.filenames(name, token) == [filename]
    refused = await registry.publish(sdist, token, name="other", version=version)
    assert "The form names the package 'other'" in refused.json()["message"]


async def test_a_package_whose_name_begins_with_anothers(registry: Registry) -> None:
    """6.15: `odd` and `odd-even` are two packages, also where an old file name lets the one begin like the other."""
    token = await registry.token()
    for filename, name in (("odd-1.0.tar.gz", "odd"), ("odd-even-1.0.tar.gz", "odd-even")):
        file = sdist_as(filename, name=name, version="1.0")
        assert (await registry.publish(file, token, name=name, version="1.0")).status_code == 201
        assert await registry.filenames(name, token) == [filename]
    stranger = sdist_as("odd-even-2.0.tar.gz", name="odd-even", version="2.0")
    assert (await registry.publish(stranger, token, name="odd", version="2.0")).status_code == 400
