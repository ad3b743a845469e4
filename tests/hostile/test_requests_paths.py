"""Paths in every spelling, methods in disguise, and what is asked of the index in odd ways."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from registry_service.contract.tokens import Scope, TokenType
from registry_service.use_cases.minting import TokenRequest
from tests.hostile.target import SECRET_PACKAGE, Answer, basic, read_answer
from tests.support import packages

if TYPE_CHECKING:
    from tests.hostile.target import Target

pytestmark = pytest.mark.hostile

_THEIRS = urls.index_path("other-team")
_REFUSED = {303, 400, 401, 403, 404, 405}
_SPELLINGS = (
    "//api/v4/projects/other-team/packages/pypi/simple/",
    "/api/v4/projects/other-team//packages/pypi/simple/",
    "/api/v4/projects/./other-team/packages/pypi/simple/",
    "/api/v4/projects/attacker/../other-team/packages/pypi/simple/",
    "/api/v4/projects/attacker/%2e%2e/other-team/packages/pypi/simple/",
    "/api/v4/projects/attacker%2f..%2fother-team/packages/pypi/simple/",
    "/api/v4/projects/attacker%252f..%252fother-team/packages/pypi/simple/",
    "/api/v4/projects/attacker;/../other-team/packages/pypi/simple/",
    "/api/v4/projects/other-team;x/packages/pypi/simple/",
    "/api/v4/projects/other-team/packages/pypi/simple;x/",
    "/api/v4/projects/OTHER-TEAM/packages/pypi/simple/",
    "/api/v4/projects/%6fther-team/packages/pypi/simple/",
    "/api/v4/projects/other-team%00/packages/pypi/simple/",
    "/api/v4/projects/other-team%20/packages/pypi/simple/",
    "/api/v4/projects/other-team%0a/packages/pypi/simple/",
    "/api/v4/projects/other%2Dteam/packages/pypi/simple/",
    "/api/v4/projects/%c0%afother-team/packages/pypi/simple/",
    "/api/v4/projects/attacker/packages/pypi/simple/..%c0%af..%c0%afother-team/",
    "/api/v4/projects/%EF%BD%8Fther-team/packages/pypi/simple/",
    "/api/v4/groups/other-team/-/packages/pypi/simple/",
    "/api/v4/groups/registry/-/packages/pypi/simple/" + SECRET_PACKAGE + "/",
    "/api/v4/projects/attacker/packages/pypi/simple/" + SECRET_PACKAGE + "/",
    "/api/v4/projects/attacker/packages/pypi/simple/../../../../other-team/packages/pypi/simple/",
    "/API/V4/PROJECTS/other-team/packages/pypi/simple/",
    "/api/v4/projects/other-team/packages/pypi/simple/?project=attacker",
    "/api/v4/projects/other-team/packages/pypi/simple/#/api/v4/projects/attacker",
    "/other-team/-/packages",
    "/attacker/../other-team/-/packages",
    "/attacker%2f..%2fother-team/-/packages",
)


def _ask(target: Target, method: str, path: str, *lines: str, password: str | None = None) -> Answer:
    """Byte for byte, as no client library would send it."""
    answer = target.exchange(target.head(method, path, "Connection: close", *lines, password=password), seconds=10)
    return read_answer(answer)


@pytest.mark.parametrize("path", _SPELLINGS)
def test_no_spelling_leads_into_another_project(target: Target, path: str) -> None:
    """3.1/7, 3.1/14: every one is decided as the plain path, or more strictly."""
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        assert _ask(target, method, path).status in _REFUSED, method
    assert _ask(target, "GET", path, password="").status in _REFUSED


def test_numbers_in_every_spelling(target: Target) -> None:
    """3.1/7: a project's number is decimal digits; nothing else that an integer is read from."""
    own, theirs = target.number("attacker"), target.number("other-team")
    assert _ask(target, "GET", f"/api/v4/projects/{own}/packages/pypi/simple/").status == 200
    for number in (
        f"{theirs}",
        f"0{theirs}",
        f"+{theirs}",
        f"-{theirs}",
        f"{theirs}.0",
        f"0x{theirs}",
        f"{own},{theirs}",
    ):
        assert _ask(target, "GET", f"/api/v4/projects/{number}/packages/pypi/simple/").status == 404
    for number in ("%D9%A3", "%EF%BC%93", "9" * 5000, f"{own}%20", f"{own}_0", "1e0"):
        assert _ask(target, "GET", f"/api/v4/projects/{number}/packages/pypi/simple/").status == 404


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_methods_in_disguise(target: Target, name: str) -> None:
    """3.1/7: the method is the one of the request line, whatever a header or a query says."""
    reader = target.token(TokenRequest("open", TokenType.PERSONAL, scopes=(Scope.READ_API,)))
    for path in (urls.index_path("open") + "/", "/api/v4/projects/open/packages"):
        for method in ("DELETE", "POST", "PUT"):
            answer = _ask(target, "GET", f"{path}?_method={method}", f"{name}: {method}", password=reader)
            assert answer.status == 200
            assert _ask(target, method, path, f"{name}: GET", password=reader).status in _REFUSED


@pytest.mark.parametrize(
    "path",
    [
        "/files/{sha}/..%2f..%2f..%2f..%2fregistry.db",
        "/files/{sha}/%2e%2e%2f%2e%2e%2fregistry.db",
        "/files/{sha}/....//registry.db",
        "/files/{sha}/%00",
        "/files/{sha}/{file}%00.metadata",
        "/files/{sha}/{file};.metadata",
        "/files/{sha}/{file}/..;/x",
        "/files/{sha}/%5c..%5cregistry.db",
        "/files/../../../registry.db",
        "/files/{upper}/{file}",
        "/files/{sha}/{file}/",
        "/files/{zeros}/{file}",
        "/integrity/..%2f/1/{file}/provenance",
        "/simple/..%2f..%2f",
    ],
)
def test_files_outside_of_the_store(target: Target, path: str) -> None:
    """3.3/79, 1a (CVE-2024-4956): a file is found in the database by name and hash, or not at all."""
    wheel = packages.wheel()
    filled = path.format(sha=wheel.sha256, file=wheel.filename, upper=wheel.sha256.upper(), zeros="0" * 64)
    answer = _ask(target, "GET", urls.upload_path("open") + filled)
    assert answer.status == 404
    assert b"SQLite" not in answer.body


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("bytes=-99999999999999999999", 200),
        ("bytes=99999999999-", 416),
        ("bytes=9-1", 200),
        ("bytes=0-0,2-2", 200),
        ("bytes=" + ",".join(f"{one}-{one}" for one in range(0, 12_000, 2)), 200),
        ("bytes=0-" + "9" * 5000, 200),
        ("bytes=--1", 200),
        ("bytes=\u00b2-", 200),
        ("items=0-1", 200),
    ],
    ids=range(9),
)
def test_ranges(target: Target, value: str, status: int) -> None:
    """3.3/79 (CVE-2025-62727): one range, none or the whole; and at once."""
    path = urls.file_path(urls.upload_path("open"), packages.wheel().sha256, packages.wheel().filename)
    started = time.monotonic()
    answer = _ask(target, "GET", path, f"Range: {value}")
    assert answer.status == status
    assert len(answer.body) <= len(packages.wheel().content)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", {200}),
        ("text/html;q=0", {200, 406}),
        ("application/nothing", {406}),
        (",".join(f"application/x-{one}" for one in range(2000)), {406}),
        ("text/html;q=" + "9" * 5000, {200, 400, 406}),
        (";" * 8000, {200, 406}),
        ("text/" + "*" * 8000, {406}),
        ("a/b;" + "x=y;" * 3000, {406}),
        ("*/*;q=0", {406}),
        ("\xff/\xff", {406}),
    ],
    ids=range(10),
)
def test_what_is_accepted(target: Target, accept: str, expected: set[int]) -> None:
    """3.3/74: the right type or 406, never an error; and what a cache must know of it."""
    answer = _ask(target, "GET", urls.index_path("open") + "/", f"Accept: {accept}")
    assert answer.status in expected
    assert "Accept" in answer.headers["vary"]
    if answer.status == 200:
        assert "Authorization" in answer.headers["vary"]


def test_a_file_in_a_browser(target: Target) -> None:
    """3.3/80: it is saved, not shown: no type that a browser renders, no guess, no script."""
    wheel = packages.wheel()
    answer = _ask(target, "GET", urls.file_path(urls.upload_path("open"), wheel.sha256, wheel.filename))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "query",
    [
        "package_name=%27%20OR%201=1--",
        "package_name=%25",
        "package_name=_",
        "package_name=" + "%25a" * 2000,
        "package_name=%00",
        "package_type=%27",
        "order_by=id);DROP%20TABLE%20file;--",
        "sort=desc;--",
        "page=-1",
        "page=" + "9" * 100,
        "per_page=0",
        "per_page=1000000",
        "page=%D9%A3",
        "status=%27",
        "a=" * 5000,
    ],
)
def test_what_is_searched_for(target: Target, query: str) -> None:
    """3.2/68: data, whatever it looks like; and found, or not, within 200 ms."""
    started = time.monotonic()
    answer = _ask(target, "GET", f"/api/v4/projects/open/packages?{query}")
    assert answer.status in {200, 400}
    assert time.monotonic() - started < 1, "200 ms, and what a busy machine takes"
    assert SECRET_PACKAGE.encode() not in answer.body
    if query.startswith(("package_name=%27", "package_name=_", "package_name=%00")):
        assert answer.status == 400 or answer.body == b"[]", "a wildcard is a letter like any other"


def test_a_wrong_credential_opens_no_public_project(target: Target) -> None:
    """3.3/76: nor tells an existing project from none."""
    for path in (urls.index_path("open"), urls.index_path("other-team"), urls.index_path("nosuch"), _THEIRS):
        answer = target.ask("GET", path, headers={"authorization": basic("wrong")})
        assert (answer.status, answer.body) == (401, b'{"message":"401 Unauthorized"}')
