"""Pages in the browser of somebody who is signed in: what others make it send, show or keep."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from tests.hostile.target import Answer, basic
from tests.support import packages
from tests.support.forms import CONTENT_TYPE, file, form, part

if TYPE_CHECKING:
    from tests.hostile.target import Target

pytestmark = pytest.mark.hostile

_MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"
_PATHS = (
    "/",
    "/-/sign-in",
    "/-/sign-out",
    "/open/-/packages",
    "/open/-/packages/1",
    "/open/-/packages/2",
    "/nosuch/-/packages",
    "/nosuch",
    "/api/docs",
    "/api/docs/openapi.json",
    "/style.css",
    urls.index_path("open"),
    urls.index_path("nosuch"),
    urls.package_path(urls.upload_path("open"), packages.EXAMPLE),
    urls.package_path(urls.upload_path("open"), "nosuch"),
    urls.upload_path("open"),
    urls.file_path(urls.upload_path("open"), packages.wheel().sha256, packages.wheel().filename),
    urls.file_path(urls.upload_path("open"), "0" * 64, "a.whl"),
    "/api/v4/projects/open/packages",
    "/api/v4/projects/open/packages/999",
    "/api/v1/projects/open/audit",
)


def _sign_in(target: Target, token: str, **headers: str) -> Answer:
    given = {"authorization": "", "origin": f"http://{target.attacker.host}", **headers}
    return target.ask("POST", "/-/sign-in", headers=given, body=f"username=__token__&token={token}".encode())


def _cookie(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def _page(target: Target, path: str, cookie: str = "") -> Answer:
    return target.ask("GET", path, headers={"authorization": "", "cookie": cookie})


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_every_answer_protects_the_browser(target: Target, method: str) -> None:
    """3.5/103: on every route, whatever the status."""
    for path in _PATHS:
        answer = target.ask(method, path, headers={"authorization": ""})
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe-inline" not in policy, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "same-origin", path
        assert "permissions-policy" in answer.headers, path
        if answer.headers.get("content-type", "").startswith("text/html") and "sandbox" not in policy:
            assert "frame-ancestors 'none'" in policy, path
            assert "base-uri 'none'" in policy, path
            assert "form-action 'self'" in policy, path


def test_https_is_kept(proxied: Target, target: Target) -> None:
    """3.5/103: where the registry is reached over HTTPS, browsers are told to stay there."""
    for path in _PATHS:
        assert "max-age=63072000" in proxied.ask("GET", path).headers["strict-transport-security"]
    assert "strict-transport-security" not in target.ask("GET", "/").headers


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ""},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://registry.evil.example"},
        {"origin": "", "referer": "http://evil.example/"},
        {"origin": "https://evil.example", "content-type": "text/plain"},
    ],
    ids=repr,
)
def test_forms_of_other_sites(target: Target, headers: dict[str, str]) -> None:
    """3.5/104: they sign nobody in or out."""
    cookie = _cookie(_sign_in(target, target.attacker.password))
    refused = _sign_in(target, target.attacker.password, **headers)
    assert (refused.status, "set-cookie" in refused.headers) == (400, False)
    out = target.ask("POST", "/-/sign-out", headers={"authorization": "", "cookie": cookie, **headers})
    assert out.status == 400
    assert _page(target, "/attacker/-/packages", cookie).status == 200


def test_a_cookie_is_no_credential_of_the_api(target: Target) -> None:
    """3.5/104: so no other site can publish, yank or delete with it; nor does it add to a credential."""
    cookie = _cookie(_sign_in(target, target.attacker.password))
    for method, path in (
        ("POST", urls.upload_path("attacker")),
        ("PUT", "/api/v1/projects/attacker/status"),
        ("DELETE", "/api/v4/projects/attacker/packages/1"),
        ("GET", urls.index_path("attacker")),
    ):
        assert target.ask(method, path, headers={"authorization": "", "cookie": cookie}).status == 401
        assert target.ask(method, path, headers={"authorization": basic("wrong"), "cookie": cookie}).status == 401
    mixed = {"authorization": basic(target.attacker.password), "cookie": "registry-session=x"}
    assert target.ask("GET", "/attacker/-/packages", headers=mixed).status == 303


def test_cookies(target: Target, proxied: Target) -> None:
    """3.5/106: HttpOnly, for no other site, over HTTPS Secure and of this host alone; new with each sign-in."""
    plain = _sign_in(target, target.attacker.password, cookie="registry-session=chosen-by-another")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(plain.headers["set-cookie"].split("; "))
    assert re.fullmatch(r"registry-session=[0-9a-f]{64}", _cookie(plain))
    secure = _sign_in(proxied, proxied.attacker.password)
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(secure.headers["set-cookie"].split("; "))
    assert _cookie(secure).startswith("__Host-registry-session=")
    assert "domain" not in secure.headers["set-cookie"].lower()
    planted = _cookie(secure).removeprefix("__Host-")
    assert _page(proxied, "/attacker/-/packages", planted).status == 303, "a cookie that others may set"


def test_a_session_ends(target: Target) -> None:
    """3.5/106: signing out ends the session itself, not only the cookie."""
    cookie = _cookie(_sign_in(target, target.attacker.password))
    assert _page(target, "/attacker/-/packages", cookie).status == 200
    origin = {"authorization": "", "cookie": cookie, "origin": f"http://{target.attacker.host}"}
    out = target.ask("POST", "/-/sign-out", headers=origin)
    assert 'registry-session=""' in out.headers["set-cookie"]
    assert _page(target, "/attacker/-/packages", cookie).status == 303


@pytest.mark.parametrize(
    "path",
    [
        f"/{_MARKUP}",
        f"/{_MARKUP}/-/packages",
        f"/open/-/packages/{_MARKUP}",
        f"/-/sign-in?next={_MARKUP}",
        f"/-/sign-in?next=/%22%3E{_MARKUP}",
        f"{urls.index_path('open')}/{_MARKUP}/",
        f"{urls.index_path('open')}/?format={_MARKUP}",
        f"{urls.upload_path('open')}/files/{'0' * 64}/{_MARKUP}",
        f"/api/v4/projects/open/packages?package_name={_MARKUP}&order_by={_MARKUP}",
        f"/api/v4/projects/{_MARKUP}/packages",
    ],
)
def test_what_a_path_says_is_not_shown_as_markup(target: Target, path: str) -> None:
    """3.5/107: escaped where it is shown, and JSON is never HTML."""
    for accept in ("text/html", "*/*", "application/json"):
        asked = path.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20")
        answer = target.ask("GET", asked, headers={"accept": accept, "authorization": ""})
        assert answer.status < 500
        if "html" in answer.headers.get("content-type", ""):
            assert b"<script" not in answer.body
            assert b"<img" not in answer.body
        elif answer.body:
            assert answer.headers["content-type"].startswith("application/")


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https:evil.example", "/"),
        ("/%09/evil.example", "/"),
        ("%09//evil.example", "/"),
        ("/%0d%0aX: y", "/%0D%0AX:%20y"),
    ],
)
def test_signing_in_leads_nowhere_else(target: Target, wanted: str, location: str) -> None:
    """3.5/107: an open redirect, or a header of the attacker's, would be one here."""
    body = f"username=__token__&token={target.attacker.password}&next={wanted}".encode()
    origin = {"authorization": "", "origin": f"http://{target.attacker.host}"}
    answer = target.ask("POST", "/-/sign-in", headers=origin, body=body)
    assert (answer.status, answer.headers["location"]) == (303, location)
    assert "x" not in answer.headers


def test_metadata_is_only_text(target: Target) -> None:
    """3.2/67, 3.3/71: markup, odd schemes and templates in what a package says of itself."""
    name = "marked-up"
    extra = (
        f"Summary: {_MARKUP}{{{{7*7}}}}%n\nHome-page: javascript:alert(1)\n"
        "Project-URL: Docs, data:text/html;base64,PHNjcmlwdD4=\nProject-URL: X, vbscript:x\n"
        f"Author: {_MARKUP}\nLicense: {_MARKUP}\nKeywords: {_MARKUP}\n"
    )
    wheel = packages.wheel(name=name, extra=extra)
    body = form(part("name", name), part("version", "0.0.1"), part("summary", _MARKUP), file(wheel))
    headers = {"content-type": CONTENT_TYPE}
    assert target.ask("POST", urls.upload_path("attacker"), headers=headers, body=body).status == 201
    cookie = _cookie(_sign_in(target, target.attacker.password))
    listing = _page(target, "/attacker/-/packages", cookie).body.decode()
    (number,) = re.findall(rf'href="/attacker/-/packages/(\d+)">{name}', listing) or ["1"]
    shown = listing + _page(target, f"/attacker/-/packages/{number}", cookie).body.decode()
    shown += target.ask("GET", urls.package_path(urls.upload_path("attacker"), name)).body.decode()
    for hostile in ("<script", "<img", 'href="javascript', 'href="data:', 'href="vbscript', "49%n"):
        assert hostile not in shown


def test_a_reason_for_a_yank_is_only_text(target: Target) -> None:
    """3.3/71: and what cannot be stored as text is refused."""
    path = f"/api/v1/projects/attacker/packages/{packages.EXAMPLE}/0.0.1/yank"
    body = form(part("name", packages.EXAMPLE), part("version", "0.0.1"), file(packages.wheel()))
    headers = {"content-type": CONTENT_TYPE}
    assert target.ask("POST", urls.upload_path("attacker"), headers=headers, body=body).status == 201
    for reason in ("\ud800", "a\0b", "a\nb", "x" * 20_000):
        assert target.ask("PUT", path, body=json.dumps({"reason": reason}).encode()).status == 400, repr(reason[:9])
    for reason in ('"><svg onload=alert(1)>', "'; DROP TABLE file; --", "\u202e\u200b"):
        assert target.ask("PUT", path, body=json.dumps({"reason": reason}).encode()).status in (204, 400)
        page = target.ask("GET", urls.package_path(urls.upload_path("attacker"), packages.EXAMPLE))
        assert page.status == 200
        assert b"<svg" not in page.body
    for body in (b"[]", b'{"reason": 1}', b"{", b"\xff", b"[" * 10_000):
        assert target.ask("PUT", path, body=body).status == 400


def test_snippets(target: Target) -> None:
    """3.5/110: what a person copies has one index and no secret."""
    cookie = _cookie(_sign_in(target, target.attacker.password))
    number = re.findall(rb'href="/open/-/packages/(\d+)"', _page(target, "/open/-/packages").body)[0].decode()
    for path in ("/attacker/-/packages", "/open/-/packages", f"/open/-/packages/{number}", "/api/docs"):
        shown = _page(target, path, cookie).body
        assert b"extra-index-url" not in shown
        assert b"pyr_p_" not in re.sub(rb"pyr_p_(\xe2\x80\xa6|\.\.\.)", b"", shown)
    assert b"--index-url" in _page(target, f"/open/-/packages/{number}").body


def test_what_is_private_is_named_nowhere(target: Target) -> None:
    """3.3/76, 3.5/109: not on a page, in a list or by another status than for what does not exist."""
    cookie = _cookie(_sign_in(target, target.attacker.password))
    for path in ("/{}/-/packages", "/{}/-/packages/1", "/api/v4/projects/{}/packages", urls.index_path("{}")):
        theirs, nobodys = (
            target.ask("GET", path.format(name), headers={"cookie": cookie}) for name in ("other-team", "nosuch")
        )
        assert (theirs.status, theirs.body.replace(b"other-team", b"nosuch")) == (nobodys.status, nobodys.body)
    for path in (
        "/",
        "/open/-/packages",
        "/api/v4/projects/open/packages?package_name=canary",
        "/robots.txt",
        "/sitemap.xml",
    ):
        assert b"other-team" not in _page(target, path, cookie).body
