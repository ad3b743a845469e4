"""Index pages and files over HTTP, on each pair of adapters."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.support import packages

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_BASE = "/api/v4/projects/demo/packages/pypi"


async def test_metadata_is_the_archives_own_bytes(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel()
    await registry.publish(wheel, token)
    (file,) = (await registry.page(token)).json()["files"]
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
        original = archive.read("mypypipackage-0.0.1.dist-info/METADATA")
    served = await registry.http.get(file["url"] + ".metadata", auth=("a", token))
    assert served.content == original
    assert file["core-metadata"] == {"sha256": hashlib.sha256(original).hexdigest()}


async def test_an_sdist_advertises_no_metadata_and_serves_none(registry: Registry) -> None:
    token = await registry.token()
    assert (await registry.publish(packages.sdist(), token)).status_code == 201
    (file,) = (await registry.page(token)).json()["files"]
    assert "core-metadata" not in file
    assert (await registry.http.get(file["url"] + ".metadata", auth=("a", token))).status_code == 404


async def test_pages_and_files_are_revalidated(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    page = await registry.page(token)
    again = await registry.page(token, headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", page.headers["etag"])
    await registry.publish(packages.wheel("0.0.2"), token)
    changed = await registry.page(token, headers={"if-none-match": page.headers["etag"]})
    assert changed.status_code == 200
    url = page.json()["files"][0]["url"]
    file = await registry.http.get(url, auth=("a", token))
    assert "immutable" in file.headers["cache-control"]
    unchanged = await registry.http.get(url, auth=("a", token), headers={"if-none-match": file.headers["etag"]})
    assert unchanged.status_code == 304


async def test_the_url_may_name_the_format_and_any_page_may_read_the_answer(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    url = f"{_BASE}/simple/mypypipackage/?format=application/vnd.pypi.simple.v1+json"
    answer = await registry.http.get(url, auth=("a", token), headers={"accept": "text/html"})
    assert answer.json()["name"] == "mypypipackage"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("spelled", ["+simple", "%2Bsimple"])
async def test_hatch_finds_what_is_already_there(registry: Registry, spelled: str) -> None:
    token, wheel = await registry.token(), packages.wheel()
    await registry.publish(wheel, token)
    answer = await registry.http.get(f"{_BASE}/{spelled}/mypypipackage/", auth=("a", token))
    assert f">{wheel.filename}</a>" in answer.text


async def test_a_file_is_served_in_parts(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel()
    await registry.publish(wheel, token)
    url = (await registry.page(token)).json()["files"][0]["url"]
    part = await registry.http.get(url, auth=("a", token), headers={"range": "bytes=-100"})
    assert (part.status_code, part.content) == (206, wheel.content[-100:])
    size = len(wheel.content)
    assert part.headers["content-range"] == f"bytes {size - 100}-{size - 1}/{size}"
    beyond = await registry.http.get(url, auth=("a", token), headers={"range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    head = await registry.http.head(url, auth=("a", token))
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))


async def test_a_file_is_found_only_under_its_own_digest_and_name(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel()
    await registry.publish(wheel, token)
    for digest, name in (("0" * 64, wheel.filename), (wheel.sha256, "other-1.0-py3-none-any.whl")):
        answer = await registry.http.get(f"{_BASE}/files/{digest}/{name}", auth=("a", token))
        assert (answer.status_code, answer.json()) == (404, {"message": "404 Package Not Found"})


async def test_the_index_answers_only_what_it_can(registry: Registry) -> None:
    token = await registry.token()
    unacceptable = await registry.http.get(f"{_BASE}/simple/", auth=("a", token), headers={"accept": "image/png"})
    assert unacceptable.status_code == 406
    posted = await registry.http.post(f"{_BASE}/simple/", auth=("a", token))
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert (await registry.page(token, "no such name!")).status_code == 404
    assert (await registry.page(token, "unknown")).json() == {"message": "404 Package Not Found"}


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_long_page_is_encoded_and_tagged_by_its_encoding(registry: Registry, encoding: str) -> None:
    token = await registry.token()
    for number in range(4):
        await registry.publish(packages.wheel(f"0.{number}"), token)
    plain = await registry.page(token, headers={"accept-encoding": "identity"})
    encoded = await registry.page(token, headers={"accept-encoding": encoding})
    assert ("content-encoding" in plain.headers, encoded.headers["content-encoding"]) == (False, encoding)
    assert _decoded(encoded) == plain.content
    assert int(encoded.headers["content-length"]) < len(plain.content) == int(plain.headers["content-length"])
    assert encoded.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in encoded.headers["vary"]
    again = await registry.page(token, headers={"accept-encoding": encoding, "if-none-match": encoded.headers["etag"]})
    assert (again.status_code, again.headers["vary"]) == (304, encoded.headers["vary"])


async def test_files_are_never_encoded(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel(padding=5000)
    await registry.publish(wheel, token)
    url = (await registry.page(token)).json()["files"][0]["url"]
    for path in (url, url + ".metadata"):
        answer = await registry.http.get(path, auth=("a", token), headers={"accept-encoding": "gzip, zstd"})
        assert "content-encoding" not in answer.headers


async def test_a_script_in_a_browser_may_ask_and_read(registry: Registry) -> None:
    preflight = await registry.http.options(f"{_BASE}/simple/mypypipackage/")
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "*")
    assert "access-control-allow-credentials" not in preflight.headers
    refused = await registry.http.get(f"{_BASE}/simple/mypypipackage/")
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")


def _decoded(answer: httpx2.Response) -> bytes:
    """The client decodes what it knows, and zstd is not among that."""
    if answer.headers["content-encoding"] == "zstd":
        return zstandard.ZstdDecompressor().decompress(answer.content)
    return answer.content
