"""Index pages over generated catalogs: JSON and HTML say the same, and the same rows are the same bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from registry_service.contract import urls
from registry_service.domain.simple_index import RootPage
from registry_service.domain.status import Status
from registry_service.rendering import html
from registry_service.rendering import json as json_pages
from tests.outcomes import issue_4
from tests.support import schemas
from tests.unit.service.strategies import ORIGIN, Catalog, catalogs, project_names

if TYPE_CHECKING:
    from random import Random

pytestmark = pytest.mark.outcome(issue_4.PROPERTIES)

_EVERY_TIME = settings(derandomize=True, max_examples=40, deadline=None)


class _Page(HTMLParser):
    """What the standard library's parser sees of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.doctype = ""
        self.tags: list[str] = []
        self.meta: dict[str, str | None] = {}
        self.anchors: list[dict[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(content.decode())
        self.close()

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "meta":
            self.meta[dict(attrs)["name"] or ""] = dict(attrs)["content"]
        if tag == "a":
            self.anchors.append(dict(attrs))
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["a"]:
            self.texts[-1] += data


@_EVERY_TIME
@given(catalogs())
def test_json_and_html_agree_file_by_file(catalog: Catalog) -> None:
    page, shown = json.loads(catalog.json()), _Page(catalog.html())
    assert len(page["files"]) == len(shown.anchors)
    status = page.get("project-status", {})
    assert shown.meta.get("pypi:project-status") == status.get("status")
    assert shown.meta.get("pypi:project-status-reason") == status.get("reason")
    for file, anchor, text in zip(page["files"], shown.anchors, shown.texts, strict=True):
        assert anchor.pop("href") == f"{file['url']}#sha256={file['hashes']['sha256']}"
        assert text == file["filename"]
        assert anchor.pop("data-requires-python", None) == file.get("requires-python")
        metadata = file.get("core-metadata")
        for name in ("data-core-metadata", "data-dist-info-metadata"):
            assert anchor.pop(name, None) == (metadata and f"sha256={metadata['sha256']}")
        assert anchor.pop("data-provenance", None) == file.get("provenance")
        yanked = anchor.pop("data-yanked", None)
        assert file["yanked"] == (False if yanked is None else yanked or True)
        assert anchor == {}


@_EVERY_TIME
@given(catalogs())
def test_a_page_says_of_each_file_what_the_catalog_does(catalog: Catalog) -> None:
    page = json.loads(catalog.json())
    said = {file["filename"]: file for file in page["files"]}
    assert page.get("project-status", {"status": "active"})["status"] == catalog.marker.status
    assert page.get("project-status", {}).get("reason", "") == catalog.marker.reason
    # PEP 792: an index must not offer what is quarantined; its versions may stay.
    offered = () if catalog.marker.status is Status.QUARANTINED else catalog.files
    assert said.keys() == {file.filename for file in offered}
    for file in offered:
        entry = said[file.filename]
        assert (entry["size"], entry["hashes"]) == (file.size, {"sha256": file.sha256})
        assert entry.get("requires-python") == file.requires_python
        assert entry["yanked"] == (False if file.yanked is None else file.yanked or True)
        assert entry.get("core-metadata", {}).get("sha256") == file.metadata_sha256
        read = datetime.strptime(entry["upload-time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        assert read == file.upload_time
        assert ("provenance" in entry) == file.attested


@_EVERY_TIME
@given(catalogs())
def test_a_url_ends_with_the_file_name_and_an_anchors_text_is_it(catalog: Catalog) -> None:
    """6.17: `+` and `!` are escaped in addresses and bare in text; there is never a query."""
    shown = _Page(catalog.html())
    for anchor, text in zip(shown.anchors, shown.texts, strict=True):
        url = urlsplit(anchor["href"] or "")
        last = url.path.rpartition("/")[2]
        assert unquote(last) == text
        assert not set(last) & set("+! ")
        assert (url.scheme, url.netloc, url.query) == ("", "", "")
        assert url.path.startswith(f"{catalog.base}/files/")
        provenance = urlsplit(anchor.get("data-provenance") or f"{ORIGIN}/{last}/provenance")
        assert f"{provenance.scheme}://{provenance.netloc}" == ORIGIN
        assert unquote(provenance.path.split("/")[-2]) == text


@_EVERY_TIME
@given(catalogs())
def test_versions_are_each_once_in_packagings_order_and_every_files_is_there(catalog: Catalog) -> None:
    """6.25: equal versions are one, however a file spells them (PEP 700: logically a set)."""
    page = json.loads(catalog.json())
    versions = [Version(version) for version in page["versions"]]
    assert versions == sorted(set(versions))
    assert set(versions) == {_read(file.filename) for file in catalog.files}
    order = [_read(file["filename"]) for file in page["files"]]
    assert order == sorted(order)


@_EVERY_TIME
@given(catalogs(), st.randoms(use_true_random=False))
def test_the_same_catalog_is_the_same_bytes_in_any_order_of_its_rows(catalog: Catalog, random: Random) -> None:
    rows = list(catalog.files)
    random.shuffle(rows)
    assert catalog.json(rows) == catalog.json()
    assert catalog.html(rows) == catalog.html()


@pytest.mark.outcome(issue_4.VALID_PAGES)
@_EVERY_TIME
@given(catalogs())
def test_a_page_is_what_the_schema_describes(catalog: Catalog) -> None:
    schemas.validate("simple-package", json.loads(catalog.json()))


@pytest.mark.outcome(issue_4.VALID_PAGES)
@_EVERY_TIME
@given(catalogs())
def test_a_page_has_the_frame_that_pep_503_and_629_ask_for(catalog: Catalog) -> None:
    """6.18: whatever a reason or a specifier holds, nothing but anchors stands in the page."""
    shown = _Page(catalog.html())
    assert shown.doctype == "DOCTYPE html"
    assert shown.meta["pypi:repository-version"] == "1.4"
    assert shown.meta.keys() <= {"pypi:repository-version", "pypi:project-status", "pypi:project-status-reason"}
    frame = ["html", "head", *(["meta"] * len(shown.meta)), "title", "/title", "/head", "body", "h1", "/h1"]
    files = len(json.loads(catalog.json())["files"])
    assert shown.tags == [*frame, *(["a", "/a", "br"] * files), "/body", "/html"]


@_EVERY_TIME
@given(st.lists(project_names, max_size=8))
def test_the_root_names_every_package_once_in_both_forms(names: list[str]) -> None:
    root = RootPage(urls.upload_path("demo"), tuple(sorted({canonicalize_name(name) for name in names})))
    page, shown = json.loads(json_pages.render_root(root)), _Page(html.render_root(root))
    schemas.validate("simple-root", page)
    listed = [entry["name"] for entry in page["projects"]]
    assert listed == shown.texts == list(root.names)
    for name, anchor in zip(listed, shown.anchors, strict=True):
        assert anchor.keys() == {"href"}
        assert anchor["href"] == f"{root.base}/simple/{name}/"


def _read(filename: str) -> Version:
    return parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
