"""Files and conditional requests at their edges, over a socket: ranges, validators, methods, types, escapes."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from registry_service.domain.catalog import Visibility
from registry_service.rendering.negotiation import Representation
from tests.outcomes import issue_4
from tests.support import packages, schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

    from tests.contract.conftest import Registry

pytestmark = [pytest.mark.anyio, pytest.mark.outcome(issue_4.EDGE_CASES)]

_BASE = "/api/v4/projects/demo/packages/pypi"
_PAGE = f"{_BASE}/simple/mypypipackage/"
_JSON = Representation.JSON.value
_WHEEL = packages.wheel("1.0")
_SIZE = len(_WHEEL.content)
_FILE = f"{_BASE}/files/{_WHEEL.sha256}/{_WHEEL.filename}"


def _metadata() -> bytes:
    with zipfile.ZipFile(io.BytesIO(_WHEEL.content)) as archive:
        return archive.read("mypypipackage-1.0.dist-info/METADATA")


async def _published(registry: Registry) -> tuple[str, str]:
    """The credential of a project that holds the wheel and an sdist."""
    token = await registry.token()
    for file in (_WHEEL, packages.sdist("1.0")):
        assert (await registry.publish(file, token)).status_code == 201
    return ("__token__", token)


_STRONG = f'"{_WHEEL.sha256}"'
_RANGES: tuple[tuple[Mapping[str, str], int, str | None], ...] = (
    ({"range": "bytes=0-0"}, 206, f"bytes 0-0/{_SIZE}"),
    ({"range": "bytes=0-9"}, 206, f"bytes 0-9/{_SIZE}"),
    ({"range": "bytes=100-"}, 206, f"bytes 100-{_SIZE - 1}/{_SIZE}"),
    ({"range": f"bytes={_SIZE - 1}-"}, 206, f"bytes {_SIZE - 1}-{_SIZE - 1}/{_SIZE}"),
    ({"range": f"bytes=10-{_SIZE + 999}"}, 206, f"bytes 10-{_SIZE - 1}/{_SIZE}"),
    ({"range": "bytes=-1"}, 206, f"bytes {_SIZE - 1}-{_SIZE - 1}/{_SIZE}"),
    ({"range": f"bytes=-{_SIZE + 1}"}, 206, f"bytes 0-{_SIZE - 1}/{_SIZE}"),
    ({"range": f"bytes={_SIZE}-"}, 416, f"bytes */{_SIZE}"),
    ({"range": f"bytes={_SIZE}-{_SIZE + 9}"}, 416, f"bytes */{_SIZE}"),
    ({"range": "bytes=-0"}, 416, f"bytes */{_SIZE}"),
    ({"range": "bytes=0-0,2-3"}, 200, None),
    ({"range": "bytes=9-0"}, 200, None),
    ({"range": "bytes=-"}, 200, None),
    ({"range": "bytes=a-b"}, 200, None),
    ({"range": "lines=0-9"}, 200, None),
    ({"range": "bytes=0-" + "9" * 4000}, 200, None),
    ({"range": "bytes=0-9", "if-range": _STRONG}, 206, f"bytes 0-9/{_SIZE}"),
    ({"range": "bytes=0-9", "if-range": f"W/{_STRONG}"}, 200, None),
    ({"range": "bytes=0-9", "if-range": '"another"'}, 200, None),
    ({"range": "bytes=0-9", "if-range": "Tue, 24 Nov 2026 05:30:00 GMT"}, 200, None),
    ({"range": f"bytes={_SIZE}-", "if-range": '"another"'}, 200, None),
    ({"range": "bytes=0-9", "if-none-match": _STRONG}, 304, None),
)


async def test_every_range_is_served_refused_or_ignored_by_the_standard(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.22: RFC 9110, section 14: one range or the whole file, and 416 says how long the file is."""
    auth = await _published(registry)
    for headers, status, content_range in _RANGES:
        answer = await wire.get(_FILE, headers=headers, auth=auth)
        assert (headers, answer.status_code) == (headers, status)
        assert answer.headers.get("content-range") == content_range
        if status in (200, 206):
            first, _, last = (
                (content_range or f"bytes 0-{_SIZE - 1}/").removeprefix("bytes ").split("/")[0].partition("-")
            )
            assert answer.content == _WHEEL.content[int(first) : int(last) + 1]
            assert answer.headers["content-length"] == str(len(answer.content))
            assert (answer.headers["etag"], answer.headers["accept-ranges"]) == (_STRONG, "bytes")


async def test_metadata_has_ranges_too_and_head_has_none(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.22: RFC 9110 defines ranges for GET alone, so that HEAD says how long the whole is."""
    auth, metadata = await _published(registry), _metadata()
    part = await wire.get(f"{_FILE}.metadata", headers={"range": "bytes=-9"}, auth=auth)
    assert (part.status_code, part.content) == (206, metadata[-9:])
    head = await wire.head(_FILE, headers={"range": "bytes=0-9"}, auth=auth)
    assert (head.status_code, head.headers["content-length"]) == (200, str(_SIZE))
    assert "content-range" not in head.headers


async def test_an_interrupted_download_goes_on_where_it_ended(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.22: as pip does it, with If-Range and the strong tag that it was given."""
    auth = await _published(registry)
    first = await wire.get(_FILE, headers={"range": "bytes=0-499"}, auth=auth)
    headers = {"range": "bytes=500-", "if-range": first.headers["etag"]}
    rest = await wire.get(_FILE, headers=headers, auth=auth)
    assert first.content + rest.content == _WHEEL.content


@pytest.mark.parametrize("url", [_PAGE, f"{_BASE}/simple/", _FILE, f"{_FILE}.metadata"])
async def test_head_is_get_without_its_body(registry: Registry, wire: httpx2.AsyncClient, url: str) -> None:
    """6.21: on pages in each form, files and metadata; the connection goes on to be used."""
    auth = await _published(registry)
    for accept in (_JSON, "text/html"):
        got = await wire.get(url, headers={"accept": accept}, auth=auth)
        head = await wire.head(url, headers={"accept": accept}, auth=auth)
        assert (got.status_code, head.status_code, head.content) == (200, 200, b"")
        different = {"date"}
        assert {k: v for k, v in head.headers.items() if k not in different} == {
            k: v for k, v in got.headers.items() if k not in different
        }
        assert head.headers["content-length"] == str(len(got.content))
    unchanged = await wire.head(url, headers={"if-none-match": got.headers["etag"]}, auth=auth)
    assert unchanged.status_code == 304


async def test_a_page_in_a_browser_may_read_indexes_and_files(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.21: CORS for tools that run in a browser: any origin, and never with a browser's own credentials."""
    await registry.service.minting.create_project("open", Visibility.PUBLIC)
    auth = await _published(registry)
    origin = {"origin": "https://notebook.example"}
    for url in (_PAGE, f"{_BASE}/simple/", _FILE, f"{_FILE}.metadata"):
        answer = await wire.get(url, headers=origin, auth=auth)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    # What is missing must be readable as missing: a tool then asks its next index.
    missing = await wire.get("/api/v4/projects/open/packages/pypi/simple/unknown/", headers=origin)
    assert (missing.status_code, missing.headers.get("access-control-allow-origin")) == (404, "*")
    asked = {**origin, "access-control-request-method": "GET", "access-control-request-headers": "if-none-match, range"}
    preflight = await wire.options("/api/v4/projects/open/packages/pypi/simple/", headers=asked)
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "*")
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"
    allowed = preflight.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert {"if-none-match", "range", "if-range", "accept"} <= set(allowed)
    assert "authorization" not in allowed


async def test_no_other_method_reaches_an_index_or_a_file(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.9, 6.21: 405 with what is allowed, in words that uv takes as a hint to the upload URL."""
    auth = await _published(registry)
    for url in (_PAGE, f"{_BASE}/simple/", _FILE):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = await wire.request(method, url, auth=auth)
            assert answer.status_code == 405
            assert {"GET", "HEAD"} <= set(answer.headers["allow"].replace(" ", "").split(","))
            schemas.validate("error", answer.json())
    assert (await wire.get(_FILE, auth=auth)).status_code == 200


async def test_if_none_match_in_every_form(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.23: lists, `*` and weak tags, by weak comparison; a 304 has no body and what a cache needs to renew."""
    auth = await _published(registry)
    for url in (_PAGE, _FILE, f"{_FILE}.metadata"):
        whole = await wire.get(url, auth=auth)
        etag = whole.headers["etag"]
        assert etag.startswith('"')
        for header in (etag, f"W/{etag}", f'"x", {etag}', f'W/"x",{etag} , "y"', "*"):
            answer = await wire.get(url, headers={"if-none-match": header}, auth=auth)
            assert (header, answer.status_code, answer.content) == (header, 304, b"")
            for name in ("etag", "cache-control", "vary"):
                assert answer.headers[name] == whole.headers[name]
            assert "content-type" not in answer.headers
        for header in ('"x"', etag.strip('"'), "", f'"{etag}"', etag[:-2] + '"'):
            answer = await wire.get(url, headers={"if-none-match": header}, auth=auth)
            assert (header, answer.status_code) == (header, 200)
    missing = await wire.get(f"{_BASE}/simple/unknown/", headers={"if-none-match": "*"}, auth=auth)
    assert missing.status_code == 404
    locked = await wire.get(_PAGE, headers={"if-none-match": "*"})
    assert locked.status_code == 401


async def test_a_representations_tag_is_its_own_and_changes_with_every_change(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.23: JSON and HTML never share a tag; after upload, yank, unyank and delete the old one is dead at once."""
    auth = await _published(registry)
    seen: set[str] = set()

    async def tags_are_new() -> None:
        for accept in (_JSON, Representation.HTML.value, "text/html"):
            etag = (await wire.get(_PAGE, headers={"accept": accept}, auth=auth)).headers["etag"]
            assert etag not in seen
            seen.add(etag)

    yank = "/api/v1/projects/demo/packages/mypypipackage/1.0/yank"
    await tags_are_new()
    assert (await registry.publish(packages.wheel("2.0"), auth[1])).status_code == 201
    await tags_are_new()
    assert (await wire.put(yank, json={"reason": "one"}, auth=auth)).status_code == 204
    await tags_are_new()
    assert (await wire.put(yank, json={"reason": "another"}, auth=auth)).status_code == 204
    await tags_are_new()
    assert (await wire.delete(yank, auth=auth)).status_code == 204
    again = (await wire.get(_PAGE, headers={"accept": _JSON}, auth=auth)).json()
    assert [file["yanked"] for file in again["files"]] == [False] * 3
    assert (await wire.delete("/api/v4/projects/demo/packages/1/package_files/1", auth=auth)).status_code == 204
    await tags_are_new()


async def test_a_deleted_name_is_never_another_files(registry: Registry, wire: httpx2.AsyncClient) -> None:
    """6.27: by default; the digest in the URL keeps every cache and lock file right in any case."""
    auth = await _published(registry)
    assert (await wire.delete("/api/v4/projects/demo/packages/1/package_files/1", auth=auth)).status_code == 204
    for again in (_WHEEL, packages.wheel("1.0", padding=1)):
        refused = await registry.publish(again, auth[1])
        assert refused.status_code == 400
        schemas.validate("error", refused.json())
        assert "has since been deleted" in refused.json()["message"]
    for url in (_FILE, f"{_FILE}.metadata"):
        assert (await wire.get(url, auth=auth)).status_code == 404
    assert await registry.filenames("mypypipackage", auth[1]) == [packages.sdist("1.0").filename]


async def test_plus_and_exclamation_mark_survive_in_every_spelling(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.17: the index escapes them, a bare one finds the file too, and `+` is never a space."""
    token = await registry.token()
    files = (packages.wheel("1.0+cu118"), packages.sdist("1!2.0"), packages.wheel("1!2.0+a.b"))
    for file in files:
        published = await registry.publish(file, token)
        assert published.status_code == 201, published.text
    listed = {file["filename"]: file["url"] for file in (await registry.page(token)).json()["files"]}
    for file in files:
        url = listed[file.filename]
        assert not set(url.rpartition("/")[2]) & set("+!")
        for spelled in (url, url.replace("%2B", "+").replace("%21", "!"), url.replace("%2B", "%2b")):
            assert (await wire.get(spelled, auth=("a", token))).content == file.content
        as_space = url.replace("%2B", "%20")
        assert (await wire.get(as_space, auth=("a", token))).status_code == (200 if as_space == url else 404)
    html = (await wire.get(_PAGE, auth=("a", token))).text
    assert all(f">{file.filename}</a>" in html for file in files)


async def test_files_are_sent_as_they_are_and_with_types_that_no_hop_changes(
    registry: Registry, wire: httpx2.AsyncClient
) -> None:
    """6.35: octet streams, the same bytes for whatever coding a client accepts; JSON has no charset."""
    auth, sdist = await _published(registry), packages.sdist("1.0")
    source = f"{_BASE}/files/{sdist.sha256}/{sdist.filename}"
    for url, content in ((_FILE, _WHEEL.content), (source, sdist.content), (f"{_FILE}.metadata", _metadata())):
        for coding in ("gzip, deflate, zstd", "identity", "gzip;q=1, identity;q=0"):
            answer = await wire.get(url, headers={"accept-encoding": coding}, auth=auth)
            assert "content-encoding" not in answer.headers
            assert (answer.headers["content-type"], answer.content) == ("application/octet-stream", content)
            assert answer.headers["content-length"] == str(len(content))
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["x-content-type-options"] == "nosniff"
    disposition = (await wire.get(_FILE, auth=auth)).headers["content-disposition"]
    assert disposition == f'attachment; filename="{_WHEEL.filename}"'
    page = await wire.get(_PAGE, headers={"accept": _JSON}, auth=auth)
    assert page.headers["content-type"] == _JSON
