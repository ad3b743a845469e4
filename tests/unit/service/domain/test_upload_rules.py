"""The upload rules, one row each, and all of them at once."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.metadata import parse_email

from registry_service.domain.archive import ArchiveFacts, Oddity
from registry_service.domain.core_metadata import read_core_metadata
from registry_service.domain.upload_rules import AcceptedUpload, Digests, Upload, is_valid_version, judge

_DIGESTS: Final = Digests(sha256="a" * 64, md5="b" * 32, blake2_256="c" * 64, sha1="d" * 40)
_METADATA: Final = b"Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\nSummary: one\nRequires-Python: >=3.6\n\ntext\n"
_WHEEL: Final = Upload(
    fields={"name": "foo-bar", "version": "1.0"},
    filename="foo_bar-1.0-py3-none-any.whl",
    size=3,
    digests=_DIGESTS,
    facts=ArchiveFacts(roots=("foo_bar-1.0.dist-info",), metadata=_METADATA),
)
_SDIST: Final = replace(
    _WHEEL, filename="foo_bar-1.0.tar.gz", facts=ArchiveFacts(roots=("foo_bar-1.0",), metadata=_METADATA)
)


@pytest.mark.parametrize(
    ("upload", "fields"),
    [
        (_WHEEL, {}),
        (_SDIST, {}),
        (_WHEEL, {"name": "Foo.Bar", "version": "1.0.0", "filetype": "bdist_wheel"}),
        (
            _SDIST,
            {"filetype": "sdist", "sha256_digest": "A" * 64, "md5_digest": "b" * 32, "blake2_256_digest": "c" * 64},
        ),
        (_SDIST, {"filetype": "", "sha256_digest": "UNKNOWN", "md5_digest": ""}),
    ],
)
def test_what_real_clients_send_is_accepted(upload: Upload, fields: Mapping[str, str]) -> None:
    accepted = judge(replace(upload, fields={**upload.fields, **fields}))
    assert isinstance(accepted, AcceptedUpload)
    assert (accepted.distribution.name, accepted.metadata.summary) == ("foo-bar", "one")
    assert accepted.metadata.requires_python == ">=3.6"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, "The form field name is missing"),
        ({"version": "UNKNOWN"}, "The form field version is missing"),
        ({"version": "1.0_x!"}, "The version '1.0_x!' is not a valid PEP 440 version"),
        ({"name": "other"}, "The form names the package 'other', the file name 'foo-bar'"),
        ({"name": "-"}, "The form names the package '-', the file name 'foo-bar'"),
        ({"version": "1.1"}, "The form gives the version '1.1', the file name '1.0'"),
        ({"version": "0.9"}, "The form gives the version '0.9', the file name '1.0'"),
        ({"attestations": "nonsense"}, "The form field attestations must be a JSON array"),
        ({"filetype": "sdist"}, "The form's filetype is 'sdist', the file name's 'bdist_wheel'"),
        ({"sha256_digest": "0" * 64}, "The form's sha256_digest does not match"),
        ({"sha256_digest": "d" * 64}, "The form's sha256_digest does not match"),
        ({"md5_digest": "d" * 32}, "The form's md5_digest does not match"),
        ({"blake2_256_digest": "d" * 64}, "The form's blake2_256_digest does not match"),
    ],
)
def test_a_form_that_says_something_else_is_refused(fields: Mapping[str, str], problem: str) -> None:
    problems = judge(replace(_WHEEL, fields={**_WHEEL.fields, **fields}))
    assert isinstance(problems, tuple)
    assert any(found.startswith(problem) for found in problems)


@pytest.mark.parametrize(
    ("upload", "facts", "problem"),
    [
        (_WHEEL, {"fault": "BadZipFile: File is not a zip file"}, "cannot be read: BadZipFile"),
        (_WHEEL, {"roots": ()}, "must hold exactly one .dist-info folder, not 0"),
        (_WHEEL, {"roots": ("a-1.dist-info", "b-1.dist-info")}, "must hold exactly one .dist-info folder, not 2"),
        (_SDIST, {"roots": ("a", "b")}, "must hold exactly one top folder, not 2"),
        (_WHEEL, {"missing": ("RECORD",)}, "holds no RECORD"),
        (_SDIST, {"missing": ("PKG-INFO",), "metadata": None}, "holds no PKG-INFO"),
        (_WHEEL, {"roots": ("other-1.0.dist-info",)}, "'other-1.0.dist-info' in the archive is not named for"),
        (_SDIST, {"roots": ("foo_bar-2.0",)}, "'foo_bar-2.0' in the archive is not named for"),
        (_WHEEL, {"metadata": _METADATA.replace(b"Foo.Bar", b"evil")}, "The archive names the package 'evil'"),
        (_WHEEL, {"metadata": _METADATA.replace(b"n: 1.0", b"n: 6.6")}, "The archive gives the version '6.6'"),
        (_WHEEL, {"metadata": b"Metadata-Version: 2.1\n"}, "The archive's metadata has no Name"),
        (_WHEEL, {"metadata": b"Metadata-Version: 2.1\n"}, "The archive's metadata has no Version"),
        (_WHEEL, {"metadata": _METADATA.replace(b"2.1", b"3.0")}, "Metadata-Version '3.0' is not supported"),
        (_WHEEL, {"metadata": _METADATA.replace(b"2.1", b"0.9")}, "Metadata-Version '0.9' is not supported"),
        (_WHEEL, {"metadata": b"Name: foo-bar\nVersion: 1.0\n"}, "Metadata-Version '' is not supported"),
    ],
)
def test_an_archive_that_is_not_what_its_name_says_is_refused(
    upload: Upload, facts: Mapping[str, object], problem: str
) -> None:
    problems = judge(replace(upload, facts=replace(upload.facts, **facts)))  # type: ignore[arg-type]  # a row's cells
    assert isinstance(problems, tuple)
    assert any(problem in found for found in problems)


@pytest.mark.parametrize("oddity", Oddity)
def test_every_oddity_is_told_with_its_member(oddity: Oddity) -> None:
    (problem,) = judge(replace(_WHEEL, facts=replace(_WHEEL.facts, oddities=((oddity, "a/{b}"),))))  # type: ignore[misc]  # it is refused
    assert problem.startswith(_WHEEL.filename)
    assert "'a/{b}'" in problem


def test_the_tags_of_name_and_wheel_file_agree() -> None:
    """3.2/37: a wheel's file name and its WHEEL file name the same systems."""
    facts = replace(_WHEEL.facts, tags=("py2-none-any", "py3-none-any"))
    (problem,) = judge(replace(_WHEEL, facts=facts))  # type: ignore[misc]  # it is refused
    assert "whose tags are py2-none-any, py3-none-any" in problem
    both = replace(_WHEEL, filename="foo_bar-1.0-py2.py3-none-any.whl", facts=facts)
    assert isinstance(judge(both), AcceptedUpload)


def test_other_tags_are_refused_however_they_sort_and_at_most_ten_are_shown() -> None:
    (problem,) = judge(replace(_WHEEL, facts=replace(_WHEEL.facts, tags=("py9-none-any",))))  # type: ignore[misc]  # it is refused
    assert "whose tags are py9-none-any: build" in problem
    many = tuple(f"cp3{number:02}-none-any" for number in range(12))
    (problem,) = judge(replace(_WHEEL, facts=replace(_WHEEL.facts, tags=many)))  # type: ignore[misc]  # it is refused
    assert f"whose tags are {', '.join(many[:10])}: build" in problem


def test_what_cannot_be_read_is_still_compared_with_its_digests() -> None:
    facts = ArchiveFacts(fault="it is damaged")
    problems = judge(replace(_WHEEL, fields={**_WHEEL.fields, "sha256_digest": "d" * 64}, facts=facts))
    assert isinstance(problems, tuple)
    assert [problem.split(":")[0] for problem in problems] == [
        f"{_WHEEL.filename} cannot be read",
        f"The form's sha256_digest does not match the file, whose digest is {'a' * 64}",
    ]


def test_an_sdist_is_not_called_a_wheel() -> None:
    (problem,) = judge(replace(_SDIST, fields={**_SDIST.fields, "filetype": "bdist_wheel"}))  # type: ignore[misc]  # it is refused
    assert problem == "The form's filetype is 'bdist_wheel', the file name's 'sdist'"


def test_fields_that_came_as_files_are_named() -> None:
    problems = judge(replace(_WHEEL, sent_as_files=("summary", "x")))
    assert isinstance(problems, tuple)
    assert [problem.split()[3] for problem in problems] == ["summary", "x"]


@pytest.mark.parametrize(
    "filename", ["foo_bar-1.0-py3-none-any.whl", "Foo.Bar-1.0-py3-none-any.whl", "foo_bar-v1.0-py3-none-any.whl"]
)
def test_strict_names_are_the_standards(filename: str) -> None:
    upload = replace(_WHEEL, filename=filename)
    assert isinstance(judge(upload), AcceptedUpload)
    strict = judge(upload, strict_filenames=True)
    assert isinstance(strict, AcceptedUpload) == (filename == _WHEEL.filename)
    assert isinstance(strict, AcceptedUpload) or f"must be named {_WHEEL.filename}" in strict[0]


def test_the_archives_own_name_decides_how_an_old_sdists_is_read() -> None:
    metadata = b"Metadata-Version: 1.0\nName: foo\nVersion: 1.0-1\n"
    facts = ArchiveFacts(roots=("foo-1.0-1",), metadata=metadata)
    for form in ({"name": "foo", "version": "1.0-1"}, {"name": "Foo", "version": "1.0.post1"}):
        accepted = judge(replace(_SDIST, filename="foo-1.0-1.tar.gz", fields=form, facts=facts))
        assert isinstance(accepted, AcceptedUpload)
        assert str(accepted.distribution.version) == "1.0.post1"


def test_a_newer_minor_metadata_version_is_stored() -> None:
    facts = replace(_WHEEL.facts, metadata=_METADATA.replace(b"2.1", b"2.99"))
    assert isinstance(judge(replace(_WHEEL, facts=facts)), AcceptedUpload)


def test_all_problems_are_reported_at_once() -> None:
    broken = replace(_WHEEL, fields={"version": "x", "filetype": "sdist"}, facts=ArchiveFacts())
    problems = judge(broken)
    assert isinstance(problems, tuple)
    assert len(problems) >= 5


def test_a_name_that_is_none_is_reported_with_the_form() -> None:
    problems = judge(replace(_WHEEL, filename="x.exe", fields={}))
    assert isinstance(problems, tuple)
    assert [problem.split(":")[0] for problem in problems] == [
        "The form field name is missing",
        "The form field version is missing",
        "Only wheels (.whl) and source distributions (.tar.gz) are accepted",
    ]


def test_metadata_keeps_one_line_of_each_field() -> None:
    metadata = read_core_metadata(b"Metadata-Version: 2.1\nName: a\nVersion: 1\nSummary: one\n  two\x00\n\n")
    assert metadata.summary.split() == ["one", "two"]
    assert metadata.requires_python is None


def test_a_byte_order_mark_hides_no_field() -> None:
    assert read_core_metadata(b"\xef\xbb\xbf" + _METADATA) == read_core_metadata(_METADATA)


def test_a_million_fields_are_read_at_once() -> None:
    many = b"Name: a\n" * 200_000 + b"Version: 1\n" + b"Summary: " + b"x" * 200_000 + b"\n" + _METADATA
    assert read_core_metadata(many).version == ""


_METADATA_PIECES = st.sampled_from(
    [
        *(
            b"Metadata-Version: 2.1\n",
            b"Name: a\n",
            b"Version: 1\n",
            b"Summary: ",
            b"Requires-Python: >=3",
            b"name:b\r\n",
        ),
        *(b"Description: x\n", b"Content-Type: multipart/mixed; boundary=x\n", b"--x\n", b"From x\n", b": y\n"),
        *(b"Content-Transfer-Encoding: base64\n", b"=?utf-8?b?/w==?=", b"\xe9", b"\xc3\xa9", b"\xed\xa0\x80", b"\0"),
        *(b"\n", b"\r", b"\r\n", b" ", b"\t", b":", b"\x0b", b"\x85", b"\xe2\x80\xa8"),
    ]
)


@given(st.lists(_METADATA_PIECES, max_size=14).map(b"".join))
def test_metadata_are_read_as_packaging_reads_them(content: bytes) -> None:
    raw, _ = parse_email(content)
    found = read_core_metadata(content)
    assert (found.metadata_version, found.name, found.version) == (
        raw.get("metadata_version", ""),
        raw.get("name", ""),
        raw.get("version", ""),
    )
    for text in (found.name, found.summary, found.requires_python or ""):
        text.encode()  # a database stores it


# GitLab 13.4, "Ensure your version string is valid", as it stands there.
_GITLAB: Final = re.compile(
    r"""\A(?:
    v?
    (?:([0-9]+)!)?
    ([0-9]+(?:\.[0-9]+)*)
    ([-_\.]?((a|b|c|rc|alpha|beta|pre|preview))[-_\.]?([0-9]+)?)?
    ((?:-([0-9]+))|(?:[-_\.]?(post|rev|r)[-_\.]?([0-9]+)?))?
    ([-_\.]?(dev)[-_\.]?([0-9]+)?)?
    (?:\+([a-z0-9]+(?:[-_\.][a-z0-9]+)*))?
    )\Z""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_pieces = st.sampled_from(
    [
        "1",
        "0",
        ".",
        "v",
        "!",
        "a",
        "rc",
        "alpha",
        "preview",
        "post",
        "rev",
        "r",
        "dev",
        "-",
        "_",
        "+",
        "x",
        " ",
        "\n",
        "٣",
    ]
)


@given(st.lists(_pieces, max_size=12).map("".join))
def test_the_version_rule_is_gitlabs(version: str) -> None:
    assert is_valid_version(version) == (_GITLAB.match(version) is not None)
