"""File names: what is a distribution, and what two of them have in common."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.domain.catalog import project_path_problem
from registry_service.domain.distribution import InvalidFilenameError, Kind, parse_filename


@pytest.mark.parametrize(
    ("filename", "name", "version", "kind"),
    [
        ("mypypipackage-0.0.1.tar.gz", "mypypipackage", "0.0.1", Kind.SDIST),
        ("mypypipackage-0.0.1-py3-none-any.whl", "mypypipackage", "0.0.1", Kind.WHEEL),
        ("My.Package-1.0-py2.py3-none-any.whl", "my-package", "1.0", Kind.WHEEL),
        ("foo-bar-1.0.tar.gz", "foo-bar", "1.0", Kind.SDIST),
        ("flake8-2020-1.0.tar.gz", "flake8-2020", "1.0", Kind.SDIST),
        ("foo-1.0+cu118-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "foo", "1.0+cu118", Kind.WHEEL),
        ("foo-1!2.0.tar.gz", "foo", "1!2.0", Kind.SDIST),
        ("foo-1.0-1abc-py3-none-any.whl", "foo", "1.0", Kind.WHEEL),
    ],
)
def test_a_file_name_says_name_version_and_kind(filename: str, name: str, version: str, kind: Kind) -> None:
    found = parse_filename(filename)
    assert (found.filename, found.name, str(found.version), found.kind) == (filename, name, version, kind)


@pytest.mark.parametrize(
    "filename",
    [
        "",
        "x.zip",
        "foo-1.0.exe",
        "foo.tar.gz",
        "foo-1.0.whl",
        "foo-bad-py3-none-any.whl",
        "../foo-1.0.tar.gz",
        "foo/bar-1.0.tar.gz",
        "foo-1.0\n.tar.gz",
        "fóo-1.0.tar.gz",
        ".foo-1.0.tar.gz",
        "a" * 250 + "-1.0.tar.gz",
    ],
)
def test_anything_else_is_refused_by_name(filename: str) -> None:
    with pytest.raises(InvalidFilenameError, match=r"file name|Only wheels|the file no name"):
        parse_filename(filename)


@pytest.mark.parametrize(
    ("filename", "name", "found", "version"),
    [
        ("a-1.0-1.tar.gz", None, "a-1-0", "1"),
        ("a-1.0-1.tar.gz", "a", "a", "1.0.post1"),
        ("a-1.0-1.tar.gz", "A_1.0", "a-1-0", "1"),
        ("a-1.0-1.tar.gz", "other", "a-1-0", "1"),
        ("a-1.0-1.tar.gz", "", "a-1-0", "1"),
        ("a-b-1.0.tar.gz", "a", "a-b", "1.0"),
        ("a_-1.0.tar.gz", "a", "a-", "1.0"),
        ("A.B-1.0-rc.1.tar.gz", "a-b", "a-b", "1.0rc1"),
    ],
)
def test_whose_file_it_is_decides_where_an_old_sdists_name_ends(
    filename: str, name: str | None, found: str, version: str
) -> None:
    distribution = parse_filename(filename, name=name)
    assert (distribution.name, str(distribution.version)) == (found, version)


@pytest.mark.parametrize(
    ("filename", "standard"),
    [
        ("foo_bar-1.0.tar.gz", "foo_bar-1.0.tar.gz"),
        ("Foo.Bar-1.0-RC1.tar.gz", "foo_bar-1.0rc1.tar.gz"),
        ("Foo.Bar-01.0+Local_1-1-py2.py3-none-any.whl", "foo_bar-1.0+local.1-1-py2.py3-none-any.whl"),
        ("foo-1!1.0.0-py3-none-any.whl", "foo-1!1.0.0-py3-none-any.whl"),
    ],
)
def test_every_file_has_one_standard_name(filename: str, standard: str) -> None:
    found = parse_filename(filename, name="foo-bar")
    assert found.standard_filename == standard
    assert parse_filename(standard).standard_filename == standard


def test_one_release_and_one_variant_whatever_the_spelling() -> None:
    short, long = parse_filename("foo-1.0-py3-none-any.whl"), parse_filename("Foo-1.0.0-py3-none-any.whl")
    assert (short.name, short.canonical_version, short.variant) == (long.name, long.canonical_version, long.variant)
    tagged = [parse_filename(f"foo-1.0-{tags}-none-any.whl") for tags in ("py2.py3", "py3.py2", "py3")]
    assert tagged[0].variant == tagged[1].variant != tagged[2].variant
    assert parse_filename("foo-1.0-2-py3-none-any.whl").variant != short.variant
    assert parse_filename("foo-1.0.tar.gz").variant == "sdist|"


@given(st.text())
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    with contextlib.suppress(InvalidFilenameError):
        assert parse_filename(text).filename == text


@pytest.mark.parametrize("path", ["a", "team-a", "a1", "1a", "x" * 63])
def test_a_namespace_name_is_a_project_path(path: str) -> None:
    assert project_path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "lower-case"),
        ("Team", "lower-case"),
        ("-a", "lower-case"),
        ("a/b", "lower-case"),
        ("x" * 64, "at most 63"),
        ("123", "all digits"),
    ],
)
def test_what_is_no_project_path_says_why(path: str, problem: str) -> None:
    assert problem in (project_path_problem(path) or "")
