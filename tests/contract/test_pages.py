"""The pages for people, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_service.domain.catalog import Visibility
from tests.support import packages

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_ORIGIN = {"origin": "http://registry.example"}


async def _sign_in(registry: Registry, token: str, **form: str) -> httpx2.Response:
    return await registry.http.post(
        "/-/sign-in", data={"username": "__token__", "token": token, **form}, headers=_ORIGIN
    )


async def test_a_reader_is_asked_to_sign_in_and_comes_back(registry: Registry) -> None:
    token = await registry.token()
    asked = await registry.http.get("/demo/-/packages")
    assert (asked.status_code, asked.headers["location"]) == (303, "/-/sign-in?next=/demo/-/packages")
    signed_in = await _sign_in(registry, token, next="/demo/-/packages")
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/demo/-/packages")
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert token not in cookie
    assert (await registry.http.get("/demo/-/packages")).status_code == 200
    assert (await registry.http.get("/")).headers["location"] == "/demo/-/packages"


async def test_the_pages_show_what_was_uploaded(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel()
    await _sign_in(registry, token)
    assert "Nothing has been published yet" in (await registry.http.get("/demo/-/packages")).text
    await registry.publish(wheel, token)
    await registry.publish(packages.wheel("0.0.2"), token)
    listing = (await registry.http.get("/demo/-/packages")).text
    assert listing.index("0.0.2") < listing.index("0.0.1")
    assert 'href="/demo/-/packages/1"' in listing
    page = (await registry.http.get("/demo/-/packages/1")).text
    for shown in (wheel.filename, wheel.sha256, "A small example package", "mypypipackage==0.0.1", "&gt;=3.6"):
        assert shown in page
    assert 'pip install --index-url "http://__token__:&lt;your_token&gt;@registry.example/api/v4/projects/demo/' in page
    assert "extra-index-url" not in page
    assert token not in page


async def test_what_a_package_says_of_itself_is_only_text(registry: Registry) -> None:
    token = await registry.token()
    await _sign_in(registry, token)
    hostile = packages.wheel(extra="Summary: <script>alert(1)</script>\n")
    await registry.publish(hostile, token)
    for path in ("/demo/-/packages", "/demo/-/packages/1"):
        answer = await registry.http.get(path)
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_wrong_token_opens_nothing(registry: Registry) -> None:
    refused = await _sign_in(registry, "pyr_p_wrong")
    assert refused.status_code == 401
    assert "not valid" in refused.text
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "evil"])
async def test_signing_in_leads_nowhere_else(registry: Registry, target: str) -> None:
    signed_in = await _sign_in(registry, await registry.token(), next=target)
    assert signed_in.headers["location"] == "/"


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
async def test_another_site_cannot_sign_a_reader_in_or_out(registry: Registry, origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    for path in ("/-/sign-in", "/-/sign-out"):
        refused = await registry.http.post(path, data={"token": await registry.token()}, headers=headers)
        assert refused.status_code == 400


async def test_signing_out_ends_the_session_itself(registry: Registry) -> None:
    await _sign_in(registry, await registry.token())
    cookies = dict(registry.http.cookies)
    await registry.http.post("/-/sign-out", headers=_ORIGIN)
    registry.http.cookies.update(cookies)
    assert (await registry.http.get("/demo/-/packages")).status_code == 303


async def test_a_session_dies_with_its_token(registry: Registry) -> None:
    token = await registry.token()
    await _sign_in(registry, token)
    await registry.service.minting.revoke_token(token.split("_")[2])
    assert (await registry.http.get("/demo/-/packages")).status_code == 303


async def test_a_foreign_project_looks_like_none(registry: Registry) -> None:
    await registry.service.minting.create_project("other", Visibility.PRIVATE)
    await _sign_in(registry, await registry.token())
    answers = [await registry.http.get(f"/{project}/-/packages") for project in ("other", "nosuch")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text


async def test_a_public_project_needs_no_session_and_an_unknown_package_is_none(registry: Registry) -> None:
    await registry.service.minting.create_project("open", Visibility.PUBLIC)
    assert (await registry.http.get("/open/-/packages")).status_code == 200
    for number in ("1", "9" * 30):
        assert (await registry.http.get(f"/open/-/packages/{number}")).status_code == 404


async def test_cookies_count_only_for_pages(registry: Registry) -> None:
    await _sign_in(registry, await registry.token())
    assert (await registry.http.get("/api/v4/projects/demo/packages/pypi/simple/")).status_code == 401
