"""The fields and headers that scripts written for GitLab's packages API read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from packaging.utils import NormalizedName

from registry_service.domain.catalog import File, Package, Project, Release, Visibility
from registry_service.domain.distribution import Kind
from registry_service.domain.listing import Entry, Listed, Order, Paging, Wanted, read_cursor
from registry_service.rendering import gitlab_json
from registry_service.rendering.gitlab_json import Reader

_URL = "https://registry.example/api/v4/projects/7/packages"
_BEGAN = datetime(2026, 11, 24, 1, tzinfo=UTC)
_PROJECT = Project(7, "team-a", Visibility.PRIVATE)
_FOO = Package(1, NormalizedName("foo"))
_ENTRY = Entry(_PROJECT, Release(3, _FOO, "2.0", _BEGAN))
_PACKAGE = {
    "id": 3,
    "name": "foo",
    "version": "2.0",
    "package_type": "pypi",
    "status": "default",
    "_links": {"web_path": "/team-a/-/packages/3"},
    "created_at": "2026-11-24T01:00:00.000Z",
    "last_downloaded_at": None,
    "tags": [],
}
_READER = Reader("https://registry.example")
_OWNER = Reader("https://registry.example", may_delete_in=7)


def _listed(*entries: Entry, page: int = 1, has_more: bool = False, total: int | None = None) -> Listed[Entry]:
    return Listed(entries, Paging(page, 1), has_more=has_more, total=total)


def _loaded(content: bytes) -> Any:  # Any: JSON
    return json.loads(content)


def test_a_list_has_gitlabs_fields() -> None:
    assert _loaded(gitlab_json.render_packages(_listed(_ENTRY), _READER)) == [_PACKAGE]


def test_only_who_may_delete_is_told_where() -> None:
    (package,) = _loaded(gitlab_json.render_packages(_listed(_ENTRY), _OWNER))
    assert package["_links"]["delete_api_path"] == f"{_URL}/3"


def test_a_groups_list_says_where_each_package_is() -> None:
    (package,) = _loaded(gitlab_json.render_packages(_listed(_ENTRY), _READER, of_group=True))
    assert package == _PACKAGE | {"project_id": 7, "project_path": "team-a"}


def test_a_package_names_its_other_versions() -> None:
    other = Entry(_PROJECT, Release(2, _FOO, "1.0", _BEGAN))
    package = _loaded(gitlab_json.render_package(_ENTRY, (other,), _READER))
    versions = [{"id": 2, "version": "1.0", "created_at": "2026-11-24T01:00:00.000Z", "tags": []}]
    assert package == _PACKAGE | {"versions": versions}


@pytest.mark.parametrize("sha1", ["d" * 40, None], ids=["computed", "published before anybody computed it"])
def test_files_have_gitlabs_fields(sha1: str | None) -> None:
    kind, md5, blake2 = Kind.SDIST, "b" * 32, "c" * 64
    file = File(5, 3, "foo-2.0.tar.gz", kind, "2.0", 7, "a" * 64, md5, blake2, _BEGAN, "key", sha1=sha1)
    assert _loaded(gitlab_json.render_files(3, Listed((file,), Paging(), has_more=False))) == [
        {
            "id": 5,
            "package_id": 3,
            "created_at": "2026-11-24T01:00:00.000Z",
            "file_name": "foo-2.0.tar.gz",
            "size": 7,
            "file_md5": md5,
            "file_sha1": sha1,
            "file_sha256": "a" * 64,
        }
    ]


@pytest.mark.parametrize(
    ("page", "has_more", "previous", "following"),
    [(1, True, "", "2"), (2, True, "1", "3"), (3, False, "2", ""), (9, False, "", "")],
)
def test_headers_lead_to_the_neighbours(page: int, previous: str, following: str, *, has_more: bool) -> None:
    headers = gitlab_json.pagination(_listed(page=page, has_more=has_more, total=3), _URL, {"sort": "asc"})
    links = {relation: link for link, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', headers.pop("link"))}
    assert headers == {
        "x-total": "3",
        "x-total-pages": "3",
        "x-page": str(page),
        "x-per-page": "1",
        "x-prev-page": previous,
        "x-next-page": following,
    }
    expected = {"first": "1", "last": "3", "prev": previous, "next": following}
    assert links == {
        relation: f"{_URL}?sort=asc&page={number}&per_page=1" for relation, number in expected.items() if number
    }


def test_nobody_counts_a_list_that_is_very_long() -> None:
    headers = gitlab_json.pagination(_listed(page=2, has_more=True), _URL, {})
    assert headers.keys() == {"x-page", "x-per-page", "x-prev-page", "x-next-page", "link"}
    assert 'rel="last"' not in headers["link"]
    assert 'rel="next"' in headers["link"]


def test_a_cursor_leads_to_the_next_page_and_to_no_other() -> None:
    wanted = Wanted(order=Order.NAME, keyset=True)
    headers = gitlab_json.keyset_pagination(_listed(_ENTRY, has_more=True), wanted, _URL, {"order_by": "name"})
    (found,) = re.findall(
        rf'^<{_URL}\?order_by=name&pagination=keyset&per_page=1&cursor=(\w+)>; rel="next"$', headers["link"]
    )
    assert read_cursor(found, Order.NAME).id == 3
    assert headers.keys() == {"link"}


def test_after_the_last_page_there_is_no_link() -> None:
    assert gitlab_json.keyset_pagination(_listed(_ENTRY), Wanted(keyset=True), _URL, {}) == {}
