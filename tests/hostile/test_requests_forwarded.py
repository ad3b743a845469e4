"""What a request says of how it came here, from those who may say it and those who may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from tests.hostile.target import Answer, basic
from tests.support import packages
from tests.support.forms import CONTENT_TYPE, file, form, part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.hostile.target import Target

pytestmark = pytest.mark.hostile

_EVIL = {
    "x-forwarded-host": "evil.example",
    "x-forwarded-server": "evil.example",
    "x-forwarded-port": "666",
    "x-forwarded-prefix": "/evil",
    "x-original-url": "/evil",
    "x-rewrite-url": "/evil",
    "x-host": "evil.example",
    "forwarded": "for=198.18.0.66;host=evil.example;proto=https",
}
_PAGES = (
    urls.index_path("open"),
    urls.package_path(urls.upload_path("open"), packages.EXAMPLE),
    urls.group_path("registry") + "/simple",
    "/open/-/packages",
    "/attacker/-/packages",
    "/-/sign-in",
    "/",
    "/api/docs",
    "/api/v4/projects/open/packages",
)


def _sign_in(target: Target, headers: Mapping[str, str]) -> Answer:
    body = f"username=__token__&token={target.attacker.password}&next=/attacker/-/packages".encode()
    given = {"authorization": "", "origin": f"http://{target.attacker.host}", **headers}
    return target.ask("POST", "/-/sign-in", headers=given, body=body)


def _address_of_upload(target: Target, name: str, headers: Mapping[str, str]) -> str:
    body = form(part("name", name), part("version", "0.0.1"), file(packages.wheel(name=name)))
    given = {"authorization": basic(target.attacker.password), "content-type": CONTENT_TYPE, **headers}
    assert target.ask("POST", urls.upload_path("attacker"), headers=given, body=body).status == 201
    return target.actors()[-1].get("address", "")


@pytest.mark.parametrize("path", _PAGES)
def test_links_follow_nobodys_word(target: Target, path: str) -> None:
    """3.3/73: from who is no trusted proxy, forwarded headers change not a byte of page, redirect or cookie."""
    plain = target.ask("GET", path)
    forged = target.ask("GET", path, headers={**_EVIL, "x-forwarded-proto": "https", "x-forwarded-for": "198.18.0.66"})
    assert (forged.status, forged.body) == (plain.status, plain.body)
    assert {**forged.headers, "date": ""} == {**plain.headers, "date": ""}


@pytest.mark.parametrize("path", _PAGES)
def test_links_follow_the_external_address(proxied: Target, path: str) -> None:
    """3.3/73: not even a trusted proxy's word, nor the Host, changes where links lead."""
    plain = proxied.ask("GET", path)
    forged = proxied.ask("GET", path, headers={**_EVIL, "x-forwarded-proto": "http"})
    assert (forged.status, forged.body) == (plain.status, plain.body)
    hosts = proxied.exchange(proxied.head("GET", path, "Connection: close", host="evil.example"))
    assert b"evil" not in hosts


def test_a_session_follows_nobodys_word(target: Target) -> None:
    """3.3/73: a cookie is as secure as the connection truly is."""
    signed_in = _sign_in(target, {**_EVIL, "x-forwarded-proto": "https"})
    assert signed_in.headers["location"] == "/attacker/-/packages"
    assert "secure" not in signed_in.headers["set-cookie"].lower()


def test_the_audit_trail_follows_nobodys_word(target: Target) -> None:
    """3.3/73: the address is that of the connection."""
    headers = {**_EVIL, "x-forwarded-for": "198.18.0.66", "x-real-ip": "198.18.0.66", "client-ip": "198.18.0.66"}
    assert _address_of_upload(target, "unproxied", headers).startswith("127.")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("198.18.0.7", "198.18.0.7"),
        ("198.18.0.66, 198.18.0.7", "198.18.0.7"),
        ("198.18.0.66, 198.18.0.7, 127.0.0.9", "198.18.0.7"),
        ("198.18.0.7:4711", "198.18.0.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("<script>alert(1)</script>", ""),
        ("unknown", ""),
        ("x" * 8000, ""),
    ],
)
def test_a_proxy_tells_who_it_serves(proxied: Target, forwarded: str, address: str) -> None:
    """3.3/73: the last address that is no proxy's, and nothing that is no address."""
    name = f"proxied-{abs(hash(forwarded))}"
    assert _address_of_upload(proxied, name, {**_EVIL, "x-forwarded-for": forwarded}) == address
