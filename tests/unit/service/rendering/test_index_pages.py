"""Index pages: the HTML that PEP 833 froze, the JSON that uv and pip read."""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from packaging.utils import canonicalize_name

from registry_service.domain.catalog import File
from registry_service.domain.distribution import Kind
from registry_service.domain.simple_index import PackagePage, RootPage, package_page
from registry_service.domain.status import Status, StatusMarker
from registry_service.rendering import html
from registry_service.rendering import json as json_pages
from registry_service.rendering.provenance import render_provenance

_WHEN = datetime(2026, 11, 24, 5, 30, 0, 120, tzinfo=UTC)


def _file(filename: str, version: str, **more: str | bool | None) -> File:
    return File(
        id=1,
        release_id=1,
        filename=filename,
        kind=Kind.WHEEL,
        version=version,
        size=7,
        sha256="a" * 64,
        md5="b" * 32,
        blake2_256="c" * 64,
        upload_time=_WHEN,
        blob_key="k",
        **more,  # type: ignore[arg-type]  # each is given its own type
    )


_PAGE = package_page(
    "/api/v4/projects/team-a/packages/pypi",
    canonicalize_name("foo"),
    [
        _file("foo-1.10-py3-none-any.whl", "1.10"),
        _file("foo-1.9-py3-none-any.whl", "1.9", requires_python='>=3.6,<4"', metadata_sha256="d" * 64),
        _file("foo-1.9+cu118-py3-none-any.whl", "1.9+cu118"),
        _file("foo-1.9.tar.gz", "1.9"),
    ],
)


class _Anchors(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.found and not self.found[-1][1]:
            self.found[-1] = (self.found[-1][0], data)


def test_files_stand_in_the_order_of_their_versions() -> None:
    assert _PAGE.versions == ("1.9", "1.9+cu118", "1.10")
    assert [file.filename for file in _PAGE.files][:2] == ["foo-1.9-py3-none-any.whl", "foo-1.9.tar.gz"]


def test_html_is_as_it_was_frozen() -> None:
    page = PackagePage("/api/v4/projects/p/packages/pypi", canonicalize_name("foo"), ("1.9",), (_PAGE.files[0],))
    assert html.render_package(page).decode() == (
        '<!DOCTYPE html>\n<html>\n<head>\n<meta name="pypi:repository-version" content="1.4">\n'
        "<title>Links for foo</title>\n</head>\n<body>\n<h1>Links for foo</h1>\n"
        f'<a href="/api/v4/projects/p/packages/pypi/files/{"a" * 64}/foo-1.9-py3-none-any.whl#sha256={"a" * 64}" '
        f'data-requires-python="&gt;=3.6,&lt;4&quot;" data-core-metadata="sha256={"d" * 64}" '
        f'data-dist-info-metadata="sha256={"d" * 64}">foo-1.9-py3-none-any.whl</a><br>\n</body>\n</html>\n'
    )


def test_html_escapes_a_plus_in_the_address_and_not_in_the_text() -> None:
    anchors = _Anchors(html.render_package(_PAGE).decode()).found
    (local,) = [(attributes, text) for attributes, text in anchors if "+" in text]
    assert local[1] == "foo-1.9+cu118-py3-none-any.whl"
    assert "foo-1.9%2Bcu118-py3-none-any.whl#sha256=" in (local[0]["href"] or "")


def test_json_has_what_the_specifications_demand() -> None:
    page = json.loads(json_pages.render_package(_PAGE))
    assert (page["meta"], page["name"]) == ({"api-version": "1.4"}, "foo")
    assert page["versions"] == ["1.9", "1.9+cu118", "1.10"]
    first = page["files"][0]
    assert first == {
        "filename": "foo-1.9-py3-none-any.whl",
        "url": f"/api/v4/projects/team-a/packages/pypi/files/{'a' * 64}/foo-1.9-py3-none-any.whl",
        "hashes": {"sha256": "a" * 64},
        "size": 7,
        "upload-time": "2026-11-24T05:30:00.000120Z",
        "yanked": False,
        "requires-python": '>=3.6,<4"',
        "core-metadata": {"sha256": "d" * 64},
        "dist-info-metadata": {"sha256": "d" * 64},
    }
    assert "core-metadata" not in page["files"][1]


def test_a_yanked_file_says_so_with_its_reason_or_without() -> None:
    files = [_file("foo-1.whl", "1", yanked=""), _file("foo-2.whl", "2", yanked='"bad"')]
    page = package_page("/base", canonicalize_name("foo"), files)
    assert [file["yanked"] for file in json.loads(json_pages.render_package(page))["files"]] == [True, '"bad"']
    shown = html.render_package(page).decode()
    assert 'data-yanked=""' in shown
    assert 'data-yanked="&quot;bad&quot;"' in shown


def test_the_root_lists_names() -> None:
    root = RootPage("/api/v4/projects/team-a/packages/pypi", (canonicalize_name("Bar"), canonicalize_name("foo")))
    assert json.loads(json_pages.render_root(root))["projects"] == [{"name": "bar"}, {"name": "foo"}]
    anchors = _Anchors(html.render_root(root).decode()).found
    assert anchors[0] == ({"href": "/api/v4/projects/team-a/packages/pypi/simple/bar/"}, "bar")


def test_a_package_without_files_has_an_empty_page() -> None:
    page = package_page("/base", canonicalize_name("foo"), [])
    assert json.loads(json_pages.render_package(page))["files"] == []


@pytest.mark.parametrize(
    ("marker", "shown"),
    [
        (StatusMarker(Status.ARCHIVED, 'see "new"'), {"status": "archived", "reason": 'see "new"'}),
        (StatusMarker(Status.DEPRECATED), {"status": "deprecated"}),
    ],
)
def test_a_status_stands_beside_the_files(marker: StatusMarker, shown: dict[str, str]) -> None:
    page = package_page("/base", canonicalize_name("foo"), _PAGE.files, marker)
    content = json.loads(json_pages.render_package(page))
    assert (content["project-status"], len(content["files"])) == (shown, 4)
    page_html = html.render_package(page).decode()
    assert f'<meta name="pypi:project-status" content="{shown["status"]}">' in page_html
    reason = '<meta name="pypi:project-status-reason" content="see &quot;new&quot;">'
    assert (reason in page_html) is ("reason" in shown)


def test_an_active_package_says_nothing_of_its_status() -> None:
    assert "project-status" not in json.loads(json_pages.render_package(_PAGE))
    assert "project-status" not in html.render_package(_PAGE).decode()


def test_what_is_quarantined_offers_no_files_and_still_has_its_versions() -> None:
    page = package_page("/base", canonicalize_name("foo"), _PAGE.files, StatusMarker(Status.QUARANTINED))
    content = json.loads(json_pages.render_package(page))
    assert (content["files"], content["versions"]) == ([], ["1.9", "1.9+cu118", "1.10"])
    assert "<a " not in html.render_package(page).decode()


def test_provenance_is_linked_by_an_absolute_url_or_not_at_all() -> None:
    page = package_page("/base", canonicalize_name("foo"), [_file("foo-1+l.tar.gz", "1+l", attested=True)])
    url = "https://registry.example/base/integrity/foo/1%2Bl/foo-1%2Bl.tar.gz/provenance"
    (file,) = json.loads(json_pages.render_package(page, "https://registry.example"))["files"]
    assert file["provenance"] == url
    assert f'data-provenance="{url}"' in html.render_package(page, "https://registry.example").decode()
    assert b"provenance" not in json_pages.render_package(page) + html.render_package(page)


def test_provenance_names_the_token_and_holds_what_was_sent() -> None:
    provenance = json.loads(render_provenance(_file("foo-1.tar.gz", "1", published_by="ci"), '[{"version":1}]'))
    publisher = {"kind": "RegistryToken", "claims": {"name": "ci"}}
    bundle = {"publisher": publisher, "attestations": [{"version": 1}]}
    assert provenance == {"version": 1, "attestation_bundles": [bundle]}
