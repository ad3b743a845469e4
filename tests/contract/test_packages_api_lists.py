"""How GitLab's lists are filtered, sorted and cut: by both databases, and alike."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from registry_service.database.schema import file, package, release
from registry_service.domain.listing import MAX_COUNTED
from tests.support import packages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import httpx2

    from registry_service.database import Transaction
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_PAGING = ("x-total", "x-page", "x-per-page", "x-prev-page", "x-next-page")

_PACKAGES = "/api/v4/projects/demo/packages"
# In the order in which they are published; where bytes and a dictionary disagree, bytes win: "a-b" < "ab".
_PUBLISHED = (("ab", "2.0"), ("a-b", "10.0"), ("b", "2.0a1"), ("ab", "1.0"), ("a-b", "2.0+b"))


@pytest.fixture
async def token(registry: Registry) -> str:
    """A project with some packages, and a token that reads them."""
    token = await registry.token()
    for name, version in _PUBLISHED:
        published = await registry.publish(packages.wheel(version, name=name), token)
        assert published.status_code == 201, published.text
    return token


async def _list(registry: Registry, token: str, query: Mapping[str, object]) -> httpx2.Response:
    parameters = {name: str(value) for name, value in query.items()}
    return await registry.http.get(_PACKAGES, params=parameters, headers={"private-token": token})


def _shown(answer: httpx2.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(package["name"], package["version"]) for package in answer.json()]


_BY_AGE = [("ab", "2.0"), ("a-b", "10.0"), ("b", "2.0a1"), ("ab", "1.0"), ("a-b", "2.0+b")]
_BY_NAME = [("a-b", "10.0"), ("a-b", "2.0+b"), ("ab", "2.0"), ("ab", "1.0"), ("b", "2.0a1")]
_BY_VERSION = [("ab", "1.0"), ("a-b", "10.0"), ("ab", "2.0"), ("a-b", "2.0+b"), ("b", "2.0a1")]


# One test for all: a registry for each would take most of the time.
_LISTS: tuple[tuple[Mapping[str, object], list[tuple[str, str]]], ...] = (
    ({}, _BY_AGE),
    ({"sort": "desc"}, _BY_AGE[::-1]),
    ({"order_by": "name"}, _BY_NAME),
    ({"order_by": "name", "sort": "desc"}, _BY_NAME[::-1]),
    ({"order_by": "version"}, _BY_VERSION),
    ({"order_by": "version", "sort": "desc"}, _BY_VERSION[::-1]),
    ({"order_by": "type", "sort": "desc"}, _BY_AGE[::-1]),
    ({"package_name": "A_b"}, [("a-b", "10.0"), ("a-b", "2.0+b")]),
    ({"package_name": "b"}, _BY_AGE),
    ({"package_name": "%"}, []),
    ({"package_name": "a\0"}, []),
    ({"package_version": "2"}, [("ab", "2.0")]),
    ({"package_version": "2.0+B"}, [("a-b", "2.0+b")]),
    ({"package_version": "\0"}, []),
    ({"package_version": "9"}, []),
    ({"package_type": "pypi"}, _BY_AGE),
    ({"package_type": "npm"}, []),
    ({"status": "default"}, _BY_AGE),
    ({"status": "hidden"}, []),
    ({"include_versionless": "true", "private": "x"}, _BY_AGE),
    ({"page": 2, "per_page": 2}, _BY_AGE[2:4]),
    ({"page": 9, "per_page": 100000}, []),
)


async def test_a_list_is_filtered_sorted_and_cut(registry: Registry, token: str) -> None:
    for query, expected in _LISTS:
        assert _shown(await _list(registry, token, query)) == expected, query


async def test_headers_count_what_was_asked_for(registry: Registry, token: str) -> None:
    answer = await _list(registry, token, {"package_name": "a", "per_page": 3, "page": 2})
    found = {name: answer.headers[name] for name in answer.headers if name.startswith(_PAGING)}
    assert found == {
        "x-total": "4",
        "x-total-pages": "2",
        "x-page": "2",
        "x-per-page": "3",
        "x-prev-page": "1",
        "x-next-page": "",
    }


async def test_cursors_lead_through_the_whole_list(registry: Registry, token: str) -> None:
    orders, sorts, sizes = ("created_at", "name", "version", "type"), ("asc", "desc"), (1, 2, 5)
    for order, sort, per_page in itertools.product(orders, sorts, sizes):
        query = {"order_by": order, "sort": sort, "per_page": per_page}
        expected = _shown(await _list(registry, token, query | {"per_page": 100}))
        pages = [page async for page in _pages(registry, token, query | {"pagination": "keyset"})]
        assert [shown for page in pages for shown in _shown(page)] == expected, query
        assert all(len(page.json()) == per_page for page in pages[:-1]), query
        assert not any(name.startswith(_PAGING) for page in pages for name in page.headers), query


async def _pages(registry: Registry, token: str, query: Mapping[str, Any]) -> AsyncIterator[httpx2.Response]:
    page = await _list(registry, token, query)
    yield page
    while found := re.fullmatch(r'<(.*)>; rel="next"', page.headers.get("link", "")):
        page = await registry.http.get(found[1], headers={"private-token": token})
        yield page


async def test_what_is_published_meanwhile_moves_no_page(registry: Registry, token: str) -> None:
    pages = _pages(registry, token, {"order_by": "name", "per_page": 2, "pagination": "keyset"})
    first = _shown(await anext(pages))
    await registry.publish(packages.wheel("1.0", name="a-a"), token)
    rest = [shown async for page in pages for shown in _shown(page)]
    assert first + rest == _BY_NAME


_NONSENSE: tuple[tuple[Mapping[str, object], list[str]], ...] = (
    ({"order_by": "x"}, ["order_by"]),
    ({"order_by": "project_path"}, ["order_by"]),
    ({"sort": "up"}, ["sort"]),
    ({"page": 0}, ["page"]),
    ({"page": "x", "per_page": -1}, ["per_page", "page"]),
    ({"page": "9" * 5000}, ["page"]),
    ({"package_type": "x", "status": "x"}, ["package_type", "status"]),
    ({"pagination": "x"}, ["pagination"]),
    ({"pagination": "keyset", "cursor": "nonsense"}, ["cursor"]),
    # One of another order.
    ({"pagination": "keyset", "order_by": "name", "cursor": "eyJ2ZXJzaW9uIjoiMS4wIiwiaWQiOjF9"}, ["cursor"]),
)


async def test_a_parameter_that_makes_no_sense_is_refused(registry: Registry) -> None:
    token = await registry.token()
    for query, wrong in _NONSENSE:
        answer = await _list(registry, token, query)
        assert answer.status_code == 400, query
        assert answer.json()["errors"] == [f"{name} does not have a valid value" for name in wrong]


async def test_a_cursor_reads_no_other_project(registry: Registry, token: str) -> None:
    """Whatever a cursor says, a list stays inside what its reader may read."""
    answer = await _list(
        registry, token, {"pagination": "keyset", "order_by": "name", "cursor": "eyJuYW1lIjoiYSIsImlkIjoxfQ"}
    )
    assert _shown(answer) == _BY_NAME


async def test_nobody_counts_a_list_that_is_very_long(registry: Registry) -> None:
    """As GitLab has it: no totals and no last page, and the pages themselves stay as they are."""
    token, count = await registry.token(), MAX_COUNTED + 1
    async with registry.service.database.transaction() as tx:
        await _hold(tx, count)
    answer = await _list(registry, token, {"sort": "desc", "per_page": 100, "page": 101})
    assert [package["version"] for package in answer.json()] == ["1"]
    assert (answer.headers["x-prev-page"], answer.headers["x-next-page"]) == ("100", "")
    assert not {"x-total", "x-total-pages"} & answer.headers.keys()
    assert 'rel="last"' not in answer.headers["link"]
    counted = await _list(registry, token, {"package_version": str(count)})
    assert counted.headers["x-total"] == "1"


async def _hold(tx: Transaction, count: int) -> None:
    """One package of so many releases, without a blob for any of their files."""
    now = datetime.now(UTC)
    await tx.execute(insert(package).values(id=1, project_id=1, name="many", created_at=now))
    releases = [
        {"id": number, "package_id": 1, "version": str(number), "canonical_version": str(number)}
        for number in range(1, count + 1)
    ]
    await tx.connection.execute(insert(release).values(summary="", created_at=now), releases)
    files = [{"release_id": number, "filename": f"many-{number}.tar.gz"} for number in range(1, count + 1)]
    digests = {"sha256": "a" * 64, "md5": "b" * 32, "blake2_256": "c" * 64}
    facts = {"kind": "sdist", "variant": "sdist", "version": "1", "size": 1, "metadata_size": 0, "blob_key": "none"}
    times = {"upload_time": now, "stored_at": now}
    values = {"project_id": 1, "published_by": "ci", **digests, **facts, **times}
    await tx.connection.execute(insert(file).values(**values), files)


async def test_a_list_says_which_status_counts_and_asks_for_it(registry: Registry, token: str) -> None:
    def shown(answer: httpx2.Response) -> list[tuple[str, str]]:
        return [(package["name"], package["status"]) for package in answer.json()]

    for name, status in (("b", "deprecated"), ("a-b", "quarantined")):
        url = f"/api/v1/projects/demo/packages/{name}/status"
        answer = await registry.http.put(url, json={"status": status}, headers={"private-token": token})
        assert answer.status_code == 204
    statuses = {"ab": "default", "a-b": "error", "b": "deprecated"}
    assert shown(await _list(registry, token, {})) == [(name, statuses[name]) for name, _ in _BY_AGE]
    for name, status in statuses.items():
        expected = [(held, status) for held, _ in _BY_AGE if held == name]
        assert shown(await _list(registry, token, {"status": status})) == expected
