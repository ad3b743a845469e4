"""Every page of the service is valid HTML, by the checker of the W3C: index pages as generated and as served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from tests.outcomes import issue_4
from tests.support import html_checker, packages
from tests.unit.service.strategies import Catalog, catalogs

if TYPE_CHECKING:
    from tests.conftest import Aloud
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.outcome(issue_4.VALID_PAGES)

_BASE = "/api/v4/projects/demo/packages/pypi"
_ORIGIN = {"origin": "http://registry.example"}
_HOSTILE = '"><script>alert(1)</script> & <b>é</b> -->'
# Controls and noncharacters, which HTML forbids in any spelling.
_UNWRITABLE = "\x07\x85\x9f\ufdd0\ufffe\U0001ffff."
# Index pages are what PEP 833 froze; they say no language.
_FROZEN = "Consider adding a “lang” attribute"


@pytest.fixture(scope="module", autouse=True)
def checker(aloud: Aloud) -> None:
    """Fetched aloud, because it takes a while the first time."""
    with aloud():
        html_checker.program()


def test_the_checker_finds_what_is_wrong() -> None:
    right = b"<!DOCTYPE html><html lang='en'><head><title>x</title></head><body><p><a href='x'>y</a></p></body></html>"
    wrong = {
        "element": right.replace(b"</a>", b""),
        "attribute": right.replace(b"href", b"herf"),
        "entity": b"&nosuch;",
    }
    remarks = html_checker.check({"right": right, **wrong})
    assert {remark.page for remark in remarks if remark.kind == "error"} == wrong.keys()


def test_generated_index_pages_are_valid() -> None:
    """Whatever a file's name, a reason or a specifier holds."""
    pages: dict[str, bytes] = {}

    @settings(derandomize=True, max_examples=60, deadline=None)
    @given(catalogs())
    def collect(catalog: Catalog) -> None:
        pages[f"{len(pages)}: {catalog!r}"] = catalog.html()

    collect()
    assert len(pages) >= 50
    assert [remark for remark in html_checker.check(pages) if not remark.text.startswith(_FROZEN)] == []


@pytest.mark.anyio
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_served_pages_are_valid(registry: Registry) -> None:
    """Indexes with every attribute, and what a person meets in a browser, from signing in to what is missing."""
    pages = await _empty_pages(registry)
    await _fill(registry)
    auth = ("a", await registry.token())
    for url in (
        f"{_BASE}/simple/",
        f"{_BASE}/simple/mypypipackage/",
        "/api/v4/groups/registry/-/packages/pypi/simple/",
    ):
        pages[url] = (await registry.http.get(url, headers={"accept": "text/html"}, auth=auth)).content
    for url in (
        "/demo/-/packages",
        "/demo/-/packages/1",
        "/demo/-/packages/2",
        "/demo/-/packages/99",
        "/nosuch/-/packages",
        "/api/docs",
    ):
        answer = await registry.http.get(url)
        assert answer.headers["content-type"].startswith("text/html")
        pages[f"{url} filled"] = answer.content
    remarks = html_checker.check(pages)
    assert [remark for remark in remarks if not ("/simple/" in remark.page and remark.text.startswith(_FROZEN))] == []


async def _empty_pages(registry: Registry) -> dict[str, bytes]:
    """The pages of a registry without packages, and of the way in."""
    http, form = registry.http, {"username": "__token__", "next": "/demo/-/packages"}
    pages = {
        "sign in": await http.get("/-/sign-in?next=/demo/-/packages%22%3E"),
        "refused": await http.post("/-/sign-in", data={**form, "token": "wrong"}, headers=_ORIGIN),
    }
    await http.post("/-/sign-in", data={**form, "token": await registry.token()}, headers=_ORIGIN)
    pages["no packages"] = await http.get("/demo/-/packages")
    assert all(page.headers["content-type"].startswith("text/html") for page in pages.values())
    return {name: page.content for name, page in pages.items()}


async def _fill(registry: Registry) -> None:
    """Publish, yank and mark with text that would break a page that does not escape it."""
    auth, hostile = ("a", await registry.token()), _HOSTILE + _UNWRITABLE
    for file in (
        packages.wheel("1.0", extra=f"Summary: {hostile}\n", requires_python=f">=3.8 {hostile}"),
        packages.sdist("1.0"),
        packages.wheel("1!2.0+local"),
        packages.wheel(name="other"),
    ):
        assert (await registry.publish(file, auth[1])).status_code == 201
    ours = "/api/v1/projects/demo/packages/mypypipackage"
    for url, body in (
        (f"{ours}/1.0/yank", {"reason": _HOSTILE}),
        (f"{ours}/status", {"status": "deprecated", "reason": _HOSTILE}),
    ):
        assert (await registry.http.put(url, json=body, auth=auth)).status_code == 204
