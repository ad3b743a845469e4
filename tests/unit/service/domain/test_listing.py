"""Filters, order and pages of GitLab's packages API."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from packaging.utils import canonicalize_name

from registry_service.domain.catalog import File, Package, Project, Release, Visibility
from registry_service.domain.distribution import Kind
from registry_service.domain.listing import Order, Wanted, select
from registry_service.rendering import gitlab_json

_BEGAN = datetime(2026, 11, 24, tzinfo=UTC)


def _release(number: int, name: str, version: str) -> Release:
    package = Package(number, canonicalize_name(name))
    return Release(number, package, version, _BEGAN + timedelta(hours=number))


_RELEASES = [_release(1, "foo", "2.0"), _release(2, "bar", "1.0"), _release(3, "foo-bar", "3.0")]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(), [1, 2, 3]),
        (Wanted(descending=True), [3, 2, 1]),
        (Wanted(order=Order.NAME), [2, 1, 3]),
        (Wanted(order=Order.VERSION), [2, 1, 3]),
        (Wanted(order=Order.TYPE), [1, 2, 3]),
        (Wanted(name="FOO"), [1, 3]),
        (Wanted(version="1.0"), [2]),
        (Wanted(type="npm"), []),
        (Wanted(page=2, per_page=2), [3]),
        (Wanted(page=9), []),
    ],
)
def test_a_list_is_filtered_sorted_and_cut(wanted: Wanted, ids: list[int]) -> None:
    assert [release.id for release in select(_RELEASES, wanted).releases] == ids


@pytest.mark.parametrize(("page", "previous", "following"), [(1, "", "2"), (2, "1", "3"), (3, "2", ""), (9, "8", "")])
def test_headers_lead_to_the_neighbours(page: int, previous: str, following: str) -> None:
    listed = select(_RELEASES, Wanted(page=page, per_page=1))
    headers = gitlab_json.pagination(listed, "https://registry.example/packages", {"sort": "asc"})
    assert (headers["x-total"], headers["x-total-pages"]) == ("3", "3")
    assert (headers["x-prev-page"], headers["x-next-page"]) == (previous, following)
    assert '<https://registry.example/packages?sort=asc&page=3&per_page=1>; rel="last"' in headers["link"]


def test_a_list_of_nothing_has_one_page() -> None:
    assert select([], Wanted()).pages == 1


def test_packages_have_gitlabs_fields() -> None:
    project = Project(7, "team-a", Visibility.PRIVATE)
    rendered = gitlab_json.render_package(project, _RELEASES[0]).decode()
    assert gitlab_json.render_packages(project, select(_RELEASES, Wanted(per_page=1))).decode() == f"[{rendered}]"
    assert '"_links":{"web_path":"/team-a/-/packages/1","delete_api_path":"/api/v4/projects/7/packages/1"}' in rendered
    assert '"created_at":"2026-11-24T01:00:00.000Z"' in rendered


def test_files_have_gitlabs_fields() -> None:
    file = File(5, 1, "foo-2.0.tar.gz", Kind.SDIST, "2.0", 7, "a" * 64, "b" * 32, "c" * 64, _BEGAN, "key")
    assert json.loads(gitlab_json.render_files(_RELEASES[0], [file])) == [
        {
            "id": 5,
            "package_id": 1,
            "created_at": "2026-11-24T00:00:00.000Z",
            "file_name": "foo-2.0.tar.gz",
            "size": 7,
            "file_md5": "b" * 32,
            "file_sha256": "a" * 64,
        }
    ]
