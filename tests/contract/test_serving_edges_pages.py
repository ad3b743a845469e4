"""Index pages at their edges, over a socket: the numbers are those of the protocol's list of edge cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select

from registry_service.contract.sync import NEVER_WRITTEN, RULES_PATH, Rules, Upstream
from registry_service.contract.wire import encode
from registry_service.database.schema import file as file_table
from registry_service.database.schema import package as package_table
from registry_service.database.schema import release as release_table
from registry_service.rendering.negotiation import Representation
from tests.outcomes import issue_4
from tests.support import packages, schemas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx2
    from sqlalchemy import Table

    from registry_service.database.transaction import Transaction
    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(issue_4.EDGE_CASES)]

_BASE = "/api/v4/projects/demo/packages/pypi"
_PAGE = f"{_BASE}/simple/mypypipackage/"
_JSON, _HTML = Representation.JSON.value, Representation.HTML.value
_MANY = 5_000


async def _get(
    wire: httpx2.AsyncClient, token: str, url: str = _PAGE, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    return await wire.get(url, headers=headers, auth=("__token__", token))


async def test_reasons_and_requires_python_are_text_wherever_they_stand(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.18: not yanked, yanked without and with a reason; markup in either is escaped in HTML and bare in JSON."""
    token, hostile = await registry.token(), ">=3.8,!=3.9.*; \"<a>\" & 'b'"
    for version in ("1.0", "2.0", "3.0"):
        published = await registry.publish(packages.wheel(version, requires_python=hostile), token)
        assert published.status_code == 201, published.text
    reason = "\"><script>alert(1)</script> & 'more' é"
    for version, body in (("2.0", {}), ("3.0", {"reason": reason})):
        url = f"/api/v1/projects/demo/packages/mypypipackage/{version}/yank"
        assert (await wire.put(url, json=body, auth=("a", token))).status_code == 204
    files = (await _get(wire, token, headers={"accept": _JSON})).json()["files"]
    assert [file["yanked"] for file in files] == [False, True, reason]
    assert {file["requires-python"] for file in files} == {hostile}
    anchors = [line for line in (await _get(wire, token)).text.splitlines() if line.startswith("<a ")]
    specifier = 'data-requires-python="&gt;=3.8,!=3.9.*; &quot;&lt;a&gt;&quot; &amp; &#x27;b&#x27;"'
    assert all(specifier in anchor for anchor in anchors)
    escaped = 'data-yanked="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#x27;more&#x27; é"'
    assert ["data-yanked" in anchor for anchor in anchors] == [False, True, True]
    assert 'data-yanked=""' in anchors[1]
    assert escaped in anchors[2]


async def test_a_yanks_reason_is_one_line(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.18: a line break never gets into a page."""
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    for reason in ("two\\nlines", "bell\\u0007", "\\u2028", "\\u0085", "\\ufdd0", "\\ud800", "\\u202e", "x" * 1001):
        url = "/api/v1/projects/demo/packages/mypypipackage/1.0/yank"
        body = f'{{"reason": "{reason}"}}'
        assert (await wire.put(url, content=body, auth=("a", token))).status_code == 400, reason
    assert (await _get(wire, token, headers={"accept": _JSON})).json()["files"][0]["yanked"] is False


@pytest.mark.parametrize("slash", ["", "/"])
async def test_every_spelling_is_the_page_itself_and_no_redirect(
    registry: Registry, wire: httpx2.AsyncClient, slash: str
) -> None:
    """6.19: so that no proxy can spoil a Location, and no credential is lost on the way."""
    token = await registry.token()
    assert (await registry.publish(packages.wheel(name="foo-bar"), token)).status_code == 201
    behind_a_proxy = {"x-forwarded-proto": "https", "x-forwarded-host": "other.example", "x-forwarded-prefix": "/p"}
    expected = await _get(wire, token, f"{_BASE}/simple/foo-bar/")
    for spelled in ("Foo.Bar", "foo_bar", "foo-bar", "FOO--bar", "foo._-bar", "%66oo-bar"):
        answer = await _get(wire, token, f"{_BASE}/simple/{spelled}{slash}", behind_a_proxy)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (
            200,
            expected.content,
            expected.headers["etag"],
        )
        assert "location" not in answer.headers
    assert (await _get(wire, token, f"{_BASE}/simple{slash}", behind_a_proxy)).status_code == 200


async def test_an_empty_page_is_not_a_missing_one(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.20: a new project's root and a package whose files are all deleted are empty, one never held is 404."""
    token, json = await registry.token(), {"accept": _JSON}
    root = await _get(wire, token, f"{_BASE}/simple/", json)
    assert (root.status_code, root.json()["projects"]) == (200, [])
    assert (await _get(wire, token, headers=json)).status_code == 404
    await registry.publish(packages.wheel(), token)
    assert (await wire.delete("/api/v4/projects/demo/packages/1", auth=("a", token))).status_code == 204
    page = await _get(wire, token, headers=json)
    assert (page.status_code, page.json()["files"], page.json()["versions"]) == (200, [], [])
    schemas.validate("simple-package", page.json())
    assert "<a " not in (await _get(wire, token)).text


async def test_a_page_of_only_yanked_files_still_lists_them(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.20: resolvers pass them over; who asks for exactly one of them still finds it."""
    token = await registry.token()
    for file in (packages.wheel("1.0"), packages.sdist("1.0")):
        await registry.publish(file, token)
    await wire.put("/api/v1/projects/demo/packages/mypypipackage/1.0/yank", auth=("a", token))
    page = (await _get(wire, token, headers={"accept": _JSON})).json()
    assert [(file["filename"], file["yanked"]) for file in page["files"]] == [
        (packages.wheel("1.0").filename, True),
        (packages.sdist("1.0").filename, True),
    ]


async def _copy(tx: Transaction, table: Table, values: Sequence[Mapping[str, object]]) -> None:
    """Add rows like the one that is there, which differ in what is given."""
    row = dict((await tx.execute(select(table))).mappings().one())
    del row["id"]
    await tx.connection.execute(insert(table), [{**row, **given} for given in values])


async def test_a_page_of_five_thousand_files_is_whole_and_revalidated(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.20: every file in both forms, and 304 for who has the page."""
    token = await registry.token()
    await registry.publish(packages.wheel("0.0"), token)
    names = [f"mypypipackage-0.{number}-py3-none-any.whl" for number in range(1, _MANY)]
    async with registry.service.database.transaction() as tx:
        rows = [{"filename": name, "version": name.split("-")[1], "variant": name} for name in names]
        await _copy(tx, file_table, rows)
    page = await _get(wire, token, headers={"accept": _JSON})
    schemas.validate("simple-package", {**page.json(), "files": page.json()["files"][:100]})
    assert len({file["filename"] for file in page.json()["files"]}) == len(page.json()["versions"]) == _MANY
    assert page.json()["versions"][:3] == ["0.0", "0.1", "0.2"]
    shown = await _get(wire, token, headers={"accept": "text/html"})
    assert shown.text.count("<a ") == _MANY
    for representation, etag in ((_JSON, page.headers["etag"]), ("text/html", shown.headers["etag"])):
        again = await _get(wire, token, headers={"accept": representation, "if-none-match": etag})
        assert (again.status_code, again.content) == (304, b"")


async def test_a_root_of_many_packages_is_whole_and_revalidated(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.33: pip never asks for it, mirrors and searches do."""
    token = await registry.token()
    await registry.publish(packages.wheel(name="package-0"), token)
    numbers = range(2, _MANY + 1)
    async with registry.service.database.transaction() as tx:
        await _copy(tx, package_table, [{"id": number, "name": f"package-{number}"} for number in numbers])
        await _copy(tx, release_table, [{"id": number, "package_id": number} for number in numbers])
        named = [{"release_id": number, "filename": f"package_{number}-1.tar.gz"} for number in numbers]
        await _copy(tx, file_table, named)
    root = await _get(wire, token, f"{_BASE}/simple/", {"accept": _JSON})
    schemas.validate("simple-root", root.json())
    names = [project["name"] for project in root.json()["projects"]]
    assert names == sorted({"package-0", *(f"package-{number}" for number in numbers)})
    assert (await _get(wire, token, f"{_BASE}/simple/")).text.count("<a ") == _MANY
    again = await _get(wire, token, f"{_BASE}/simple/", {"accept": _JSON, "if-none-match": root.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


_ACCEPTED: tuple[tuple[str | None, str | None], ...] = (
    (None, "text/html; charset=utf-8"),
    ("*/*", "text/html; charset=utf-8"),
    ("text/*", "text/html; charset=utf-8"),
    ("application/json", None),
    (f"{_JSON};q=0", None),
    (f"{_JSON};q=0, */*", "text/html; charset=utf-8"),
    ("application/vnd.pypi.simple.latest+json", _JSON),
    ("application/vnd.pypi.simple.latest+html", _HTML),
    ("application/vnd.pypi.simple.v2+json", None),
    ("application/vnd.pypi.simple.v2+json, application/vnd.pypi.simple.v1+json;q=0.1", _JSON),
    (_JSON.upper(), _JSON),
    (f"{_JSON} ;q=1 ,", _JSON),
    (", ".join([_JSON, *["image/png"] * 500]), _JSON),
    ("image/png," * 5000, None),
    ("\xe9\xff", None),
)


async def test_an_odd_accept_header_gets_a_page_that_it_allows_or_406(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.24: `Accept` absent and in every odd form; the type of the answer is always a concrete one."""
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    for accept, type_ in _ACCEPTED:
        headers = [] if accept is None else [(b"accept", accept.encode("latin-1"))]
        answer = await wire.get(_PAGE, headers=headers, auth=("a", token))
        assert (accept, answer.status_code) == (accept, 406 if type_ is None else 200)
        assert answer.headers["content-type"] == (type_ or "application/json")
        assert "Accept" in answer.headers["vary"]
        if type_ is None:
            schemas.validate("error", answer.json())


_FORMATS = (
    ("application/vnd.pypi.simple.v1+json", _JSON),
    ("application/vnd.pypi.simple.v1%2Bjson", _JSON),
    ("application/vnd.pypi.simple.v1%20json", _JSON),
    ("application%2Fvnd.pypi.simple.latest%2Bhtml", _HTML),
    ("text/html&other=1", "text/html; charset=utf-8"),
    ("application/vnd.pypi.simple.v2%2Bjson", None),
    ("text/html,application/json", None),
    ("", None),
)


async def test_the_format_of_the_url_counts_more_than_accept(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.24: its `+` may have become a space on the way; what is not offered is 406."""
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    for wanted, type_ in _FORMATS:
        headers = {"accept": "text/html" if type_ == _JSON else _JSON}
        answer = await _get(wire, token, f"{_PAGE}?format={wanted}", headers)
        assert (wanted, answer.status_code) == (wanted, 406 if type_ is None else 200)
        assert answer.headers["content-type"] == (type_ or "application/json")


async def test_json_pages_have_the_shape_that_clients_insist_on(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.25: live pages against the schemas; a URL is a path without a query, and a version stands there once."""
    token = await registry.token()
    for file in (
        packages.wheel("1.0"),
        packages.sdist("1.0.0"),
        packages.wheel("1!2.0+cu118"),
        packages.sdist("2.0.dev1"),
    ):
        published = await registry.publish(file, token)
        assert published.status_code == 201, published.text
    page = await _get(wire, token, headers={"accept": _JSON})
    assert page.headers["content-type"] == _JSON
    schemas.validate("simple-package", page.json())
    assert page.json()["versions"] == ["1.0", "2.0.dev1", "1!2.0+cu118"]
    root = await _get(wire, token, f"{_BASE}/simple/", {"accept": _JSON})
    schemas.validate("simple-root", root.json())


async def test_names_end_where_the_url_ends(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.34: no line break is cut off, no letter beyond ASCII is folded into one."""
    token = await registry.token()
    await registry.publish(packages.wheel(name="kit"), token)
    assert (await _get(wire, token, f"{_BASE}/simple/KIT/")).status_code == 200
    for spelled in (
        "kit%0A",
        "%0Akit",
        "k%C4%B1t",
        "k%C4%B0t",
        "%E2%84%AAit",
        "kit%00",
        "kit.",
        "-kit",
        "%FF",
        "kit%20",
    ):
        answer = await _get(wire, token, f"{_BASE}/simple/{spelled}/")
        assert (answer.status_code, answer.json()) == (404, {"message": "404 Package Not Found"})
    for project in ("demo%0A", "DEMO", "d%C3%A9mo", "demo%00"):
        answer = await _get(wire, token, f"/api/v4/projects/{project}/packages/pypi/simple/")
        assert (answer.status_code, answer.json()) == (404, {"message": "404 Project Not Found"})


async def test_a_name_comes_from_here_or_from_upstream_and_never_from_both(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.28: a name that was ever held, or is reserved, goes nowhere else; any other goes with 302 and no cache."""
    rules = Rules(upstream=Upstream("https://index.example/simple/", reserved_names=("Ours",)))
    accepted = await registry.sync.put(RULES_PATH, content=encode(rules), headers={"if-match": NEVER_WRITTEN})
    assert accepted.status_code == 200
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    page = await _get(wire, token, headers={"accept": _JSON})
    assert [file["filename"] for file in page.json()["files"]] == [packages.wheel("1.0").filename]
    await wire.delete("/api/v4/projects/demo/packages/1", auth=("a", token))
    assert (await _get(wire, token, headers={"accept": _JSON})).json()["files"] == []
    assert (await _get(wire, token, f"{_BASE}/simple/OURS/")).status_code == 404
    for method in ("GET", "HEAD"):
        elsewhere = await wire.request(method, f"{_BASE}/simple/Some_Other/", auth=("a", token))
        assert (elsewhere.status_code, elsewhere.content) == (302, b"")
        assert elsewhere.headers["location"] == "https://index.example/simple/some-other/"
        assert elsewhere.headers["cache-control"] == "no-store"
    assert (await wire.get(f"{_BASE}/simple/some-other/")).status_code == 401
