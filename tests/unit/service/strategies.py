"""Names, versions, file names and whole catalogs, as anybody might publish them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from registry_service.contract import urls
from registry_service.domain.catalog import File
from registry_service.domain.distribution import Kind, parse_filename
from registry_service.domain.simple_index import PackagePage, package_page
from registry_service.domain.status import Status, StatusMarker
from registry_service.rendering import html, json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hypothesis.strategies import DrawFn
    from packaging.utils import NormalizedName

ORIGIN = "https://registry.example"
_MARKUP = """<>&"'=#?%+ \\/;`é漢\u2028"""
# A few, so that examples collide: one release with several files, one version in several spellings.
_SMALL = st.integers(0, 2).map(str) | st.integers(0, 20261124).map(str)
_SEPARATORS = st.sampled_from(["", ".", "_"])

# PEP 508: letters, digits, and inner dots, hyphens and underscores, in any mixture.
project_names = st.builds(
    lambda start, inside, end: start + inside + end if end else start,
    st.sampled_from("aBz0Q9"),
    st.text("aBz0._-", max_size=6),
    st.sampled_from(["", "x", "Z", "7"]),
)
# One line of anything that people can write down: what a yank's reason is, and a Requires-Python.
one_line = st.text(
    st.sampled_from(_MARKUP) | st.characters(exclude_categories=("C", "Z")), max_size=20
) | st.sampled_from(["", '">', "<script>alert(1)</script>", "&amp;", "--><a href='x'>", "]]>"])
specifiers = st.sampled_from([">=3.6", ">=3.8,!=3.9.*,<4", '>=3.6; "x" < "y"', "~=3.11", "==3.*"]) | one_line.filter(
    bool
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - `timezones` adds it


@st.composite
def spelled_versions(draw: DrawFn, *, local: bool = True) -> str:
    """Versions in every spelling that PEP 440 understands, canonical or not, without a hyphen."""
    parts = [draw(st.sampled_from(["", "1!", "0!", "v"])), ".".join(draw(st.lists(_SMALL, min_size=1, max_size=4)))]
    for words in (("a", "b", "rc", "alpha", "Beta", "c", "pre", "PREVIEW"), ("post", "rev", "r"), ("dev", "DEV")):
        if draw(st.booleans()):
            parts += [draw(_SEPARATORS), draw(st.sampled_from(words)), draw(_SEPARATORS), draw(_SMALL)]
    if local and draw(st.booleans()):
        parts.append(draw(st.sampled_from(["+cu118", "+0", "+Ubuntu.1", "+a_b", "+1.2.3"])))
    return "".join(parts)


@st.composite
def wheel_filenames(draw: DrawFn, name: str, version: str) -> str:
    """A wheel's name: the distribution escaped, then build and compatibility tags, alone or compressed."""
    escaped = re.sub(r"[-_.]+", "_", name)
    build = draw(st.sampled_from(["", "-1", "-20261124abc"]))
    python = draw(st.sampled_from(["py3", "py2.py3", "cp311", "py3.py2"]))
    abi = draw(st.sampled_from(["none", "abi3", "cp311"]))
    platform = draw(
        st.sampled_from(
            [
                "any",
                "manylinux_2_17_x86_64.manylinux2014_x86_64",
                "macosx_11_0_universal2",
                "pyemscripten_2026_0_wasm32",
            ]
        )
    )
    return f"{escaped}-{version}{build}-{python}-{abi}-{platform}.whl"


@st.composite
def filenames(
    draw: DrawFn,
    names: st.SearchStrategy[str] = project_names,
    versions: st.SearchStrategy[str] = spelled_versions(),  # noqa: B008 - a strategy is a value
) -> str:
    """A wheel's or an sdist's, of a name and a version that stand in it as its builder spelled them."""
    name, version = draw(names), draw(versions)
    return draw(wheel_filenames(name, version) | st.just(f"{name}-{version}.tar.gz"))


@dataclass(frozen=True)
class Catalog:
    """One package of an index at `base`, its files in the order in which a database might give them."""

    base: str
    name: NormalizedName
    files: tuple[File, ...]
    marker: StatusMarker

    def page(self, files: Iterable[File] | None = None) -> PackagePage:
        """Its page, of these rows or its own."""
        return package_page(self.base, self.name, self.files if files is None else files, self.marker)

    def json(self, files: Iterable[File] | None = None) -> bytes:
        """Its page as JSON."""
        return json.render_package(self.page(files), ORIGIN)

    def html(self, files: Iterable[File] | None = None) -> bytes:
        """Its page as HTML."""
        return html.render_package(self.page(files), ORIGIN)


@st.composite
def catalogs(draw: DrawFn) -> Catalog:
    """A package with any files that the upload rules let in."""
    name = canonicalize_name(draw(project_names))
    spelled = st.sampled_from([name, name.replace("-", "_"), name.replace("-", ".").upper(), name.title()])
    versions = spelled_versions() | st.sampled_from(["1.0", "1", "1.0.0", "1.0a1", "1.alpha1", "1.0+a.b", "1+a_b"])
    found = draw(st.lists(filenames(spelled, versions), max_size=6, unique=True))
    base = draw(st.sampled_from([urls.upload_path("demo"), urls.group_path("registry")]))
    marker = StatusMarker(draw(st.sampled_from(Status)), draw(one_line))
    return Catalog(base, name, tuple(draw(_files(filename)) for filename in found), marker)


@st.composite
def _files(draw: DrawFn, filename: str) -> File:
    parsed = parse_filename(filename)
    has_metadata = parsed.kind is Kind.WHEEL and draw(st.booleans())
    return File(
        id=draw(st.integers(1, 2**63 - 1)),
        release_id=1,
        filename=filename,
        kind=parsed.kind,
        version=str(parsed.version),
        size=draw(st.integers(0, 2**40)),
        sha256=_digest(filename, "sha256"),
        md5=_digest(filename, "md5"),
        blake2_256=_digest(filename, "blake2s"),
        upload_time=draw(moments),
        blob_key="1/a/b",
        requires_python=draw(st.none() | specifiers),
        metadata_sha256=_digest(filename + ".metadata", "sha256") if has_metadata else None,
        yanked=draw(st.none() | one_line),
        attested=draw(st.booleans()),
    )


def _digest(text: str, algorithm: str) -> str:
    return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()
