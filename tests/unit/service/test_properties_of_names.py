"""Names, versions and file names: our domain against `packaging` and GitLab's own rule, over generated inputs."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from registry_service.domain.distribution import InvalidFilenameError, Kind, parse_filename
from registry_service.domain.upload_rules import is_valid_version
from registry_service.errors import NotFoundError
from registry_service.use_cases.browsing import normalize
from tests.outcomes import issue_4
from tests.unit.service.strategies import filenames, project_names, spelled_versions

pytestmark = pytest.mark.outcome(issue_4.PROPERTIES)

# The same examples every time; a slow machine is no wrong answer.
_EVERY_TIME = settings(derandomize=True, max_examples=100, deadline=None)

# GitLab 13.4, "Ensure your version string is valid".
_GITLAB_VERSION = re.compile(
    r"""v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)
    ([-_\.]?((a|b|c|rc|alpha|beta|pre|preview))[-_\.]?([0-9]+)?)?
    ((?:-([0-9]+))|(?:[-_\.]?(post|rev|r)[-_\.]?([0-9]+)?))?
    ([-_\.]?(dev)[-_\.]?([0-9]+)?)?
    (?:\+([a-z0-9]+(?:[-_\.][a-z0-9]+)*))?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# PEP 508 as PyPA's "Names and normalization" has it.
_NAME = re.compile(r"([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])\Z", re.IGNORECASE | re.ASCII)
_NAME_LIKE = "aZ0.-_\n\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}\N{LATIN SMALL LETTER LONG S}\N{KELVIN SIGN}"
_VERSION_LIKE = st.text(
    st.sampled_from("0123456789.!+-_ \n\tvabcrpostdev\N{FULLWIDTH DIGIT ONE}\N{LATIN SMALL LETTER E WITH ACUTE}"),
    max_size=12,
)

# The last two are letters to a pattern that ignores case and knows Unicode.
_AROUND = st.sampled_from(["", " ", "\n", "\t", "\N{NO-BREAK SPACE}", "\N{FULLWIDTH DIGIT ONE}", "-1", "x"])
_AFTER = _AROUND | st.sampled_from(["+\N{KELVIN SIGN}", ".po\N{LATIN SMALL LETTER LONG S}t1"])
_SURROUNDED = st.builds("{}{}{}".format, _AROUND, spelled_versions(local=False), _AFTER) | spelled_versions()


@_EVERY_TIME
@given(project_names, st.text("-_.", min_size=1, max_size=3))
def test_every_spelling_of_a_name_is_one_package(name: str, separators: str) -> None:
    respelled = re.sub(r"[-_.]+", lambda _: separators, name).swapcase()
    assert normalize(name) == normalize(respelled) == canonicalize_name(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", normalize(name))
    assert normalize(normalize(name)) == normalize(name)


@_EVERY_TIME
@given(st.text(max_size=8) | st.text(st.sampled_from(_NAME_LIKE), max_size=5) | project_names)
def test_what_is_no_name_has_no_page(text: str) -> None:
    """6.34: the rule ends at the text's end and is about ASCII alone: no line break, no dotted I, no Kelvin sign."""
    if _NAME.match(text):
        assert normalize(text) == canonicalize_name(text)
        return
    with pytest.raises(NotFoundError):
        normalize(text)


@_EVERY_TIME
@given(_SURROUNDED | _VERSION_LIKE)
def test_a_version_is_valid_when_gitlab_and_packaging_say_so(text: str) -> None:
    """6.34: and never with white space around."""
    assert is_valid_version(text) == (_GITLAB_VERSION.fullmatch(text) is not None)
    if is_valid_version(text):
        assert is_valid_version(str(Version(text)))


@_EVERY_TIME
@given(spelled_versions(), spelled_versions())
def test_equal_versions_are_one_release_and_others_are_not(one: str, other: str) -> None:
    first, second = (parse_filename(f"foo-{version}.tar.gz") for version in (one, other))
    same = first.canonical_version == second.canonical_version
    assert same == (Version(one) == Version(other))
    plain = Version(one).base_version
    longer, shorter = (parse_filename(f"foo-{version}.tar.gz") for version in (f"{plain}.0", plain))
    assert longer.canonical_version == shorter.canonical_version


@_EVERY_TIME
@given(filenames())
def test_a_file_name_says_what_packaging_reads_in_it(filename: str) -> None:
    found = parse_filename(filename)
    if filename.endswith(".whl"):
        name, version, build, tags = parse_wheel_filename(filename)
        assert found.kind is Kind.WHEEL
        assert found.build == "".join(map(str, build))
        assert found.tags == tuple(sorted(map(str, tags)))
    else:
        name, version = parse_sdist_filename(filename)
        assert (found.kind, found.build, found.tags) == (Kind.SDIST, "", ())
    assert (found.filename, found.name, found.version) == (filename, name, version)


@_EVERY_TIME
@given(filenames(), st.integers(0, 60), st.characters())
def test_a_changed_file_name_is_refused_or_read_as_packaging_reads_it(filename: str, at: int, new: str) -> None:
    changed = filename[:at] + new + filename[at + 1 :]
    try:
        found = parse_filename(changed)
    except InvalidFilenameError:
        return
    assert changed.isascii()
    assert changed.isprintable()
    assert not set(changed) & set("/\\ \"'<>&%?#")
    read = parse_wheel_filename(changed)[:2] if changed.endswith(".whl") else parse_sdist_filename(changed)
    assert (found.name, found.version) == read


@_EVERY_TIME
@given(st.text(st.sampled_from("aA0.-_+!é/ ")), st.sampled_from([".whl", ".tar.gz", ".zip", ""]))
def test_what_packaging_cannot_read_is_refused(stem: str, suffix: str) -> None:
    try:
        _ = parse_wheel_filename(stem + suffix) if suffix == ".whl" else parse_sdist_filename(stem + suffix)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        with pytest.raises(InvalidFilenameError):
            parse_filename(stem + suffix)


@_EVERY_TIME
@given(filenames(), filenames())
def test_two_files_of_a_release_are_one_exactly_when_a_client_could_not_choose(one: str, other: str) -> None:
    first, second = parse_filename(one), parse_filename(other)
    assume(first.kind is second.kind)
    same = (first.build, frozenset(first.tags)) == (second.build, frozenset(second.tags))
    assert (first.variant == second.variant) == same
