"""Requests that a proxy and the registry might read differently, or that are no HTTP at all, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from tests.hostile.target import statuses
from tests.support import packages
from tests.support.forms import CONTENT_TYPE, file, form, part

if TYPE_CHECKING:
    from tests.hostile.target import Target

pytestmark = pytest.mark.hostile

_UPLOAD = urls.upload_path("attacker")
_INDEX = urls.index_path("attacker")
_OTHERS_INDEX = urls.index_path("other-team")
_SMUGGLED = f"GET {_OTHERS_INDEX} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
_ENDLESS = 300 * 1024


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: -1"],
        ["Content-Length: +5"],
        ["Content-Length: 0x5"],
        ["Content-Length: 5, 5"],
        ["Content-Length: 5 5"],
        ["Content-Length: "],
        ["Content-Length: 99999999999999999999999"],
        ["Content-Length: 5", "Content-Length: 5"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
        ["Transfer-Encoding: identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: chunked, chunked"],
        ["Transfer-Encoding: \x0bchunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding:\r\n chunked"],
    ],
    ids=repr,
)
def test_a_body_whose_length_can_be_read_in_two_ways(target: Target, lines: list[str]) -> None:
    """3.2/43: one answer, 400, and the connection closed; what stands behind is no second request."""
    assert statuses(target.exchange(target.head("POST", _UPLOAD, *lines) + b"0\r\n\r\n" + _SMUGGLED)) == [400]


@pytest.mark.parametrize(
    "body",
    [
        b"5;x=y\r\nabcdeXX0\r\n\r\n",
        b"5\r\nabcde0\r\n\r\n",
        b"-5\r\nabcde\r\n0\r\n\r\n",
        b"0x5\r\nabcde\r\n0\r\n\r\n",
        b"5\nabcde\n0\n\n",
        b"5 \r\nabcde\r\n0\r\n\r\n",
        b"5;a\rb\r\nabcde\r\n0\r\n\r\n",
        b"fffffffffffffffff\r\nabc",
    ],
    ids=repr,
)
def test_chunks_that_end_where_they_should_not(target: Target, body: bytes) -> None:
    """3.2/43: bad chunks (CVE-2025-43859) end the connection."""
    sent = target.head("POST", _UPLOAD, "Transfer-Encoding: chunked") + body + _SMUGGLED
    assert statuses(target.exchange(sent)) == [400]


@pytest.mark.parametrize(
    "body",
    [b"5;" + b"a" * _ENDLESS + b"\r\nabcde\r\n0\r\n\r\n", b"0\r\n" + b"Deploy-Token: x\r\n" * 20_000 + b"\r\n"],
    ids=["extension", "trailer"],
)
def test_chunks_with_much_beside_the_body(target: Target, body: bytes) -> None:
    """3.2/43: extensions and trailers are bounded like a head."""
    assert statuses(target.exchange(target.head("POST", _UPLOAD, "Transfer-Encoding: chunked") + body)) == [431]


def test_a_trailer_is_no_header(target: Target) -> None:
    """3.2/43: a credential that comes behind the body is none."""
    head = target.head("POST", _UPLOAD, "Transfer-Encoding: chunked", password="")
    trailer = f"0\r\nPrivate-Token: {target.attacker.password}\r\n\r\n".encode()
    assert statuses(target.exchange(head + trailer)) == [401]


@pytest.mark.parametrize(
    ("line", "status"),
    [("Transfer-Encoding: gzip, chunked", 501), *((f"Content-Encoding: {one}", 415) for one in ("gzip", "br", "zstd"))],
)
def test_a_body_that_would_have_to_be_unpacked(target: Target, line: str, status: int) -> None:
    """3.2/47: a content coding is 415, a transfer coding but chunked 501; the body is read past, not into."""
    head = target.head("POST", _UPLOAD, line, *(["Content-Length: 5"] if status == 415 else []))
    assert statuses(target.exchange(head + b"0\r\n\r\n" + _SMUGGLED)) == [status]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET " + b"/a" * _ENDLESS,
        b"GET / HTTP/1.1\r\nX: " + b"y" * _ENDLESS,
        b"GET / HTTP/1.1\r\n" + b"X" * _ENDLESS,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 60_000,
        b"\r\n" * _ENDLESS,
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
    ids=["target", "value", "name", "headers", "line ends", "200 headers"],
)
def test_a_head_without_end(target: Target, sent: bytes) -> None:
    """3.2/41: 64 KiB and 100 headers are enough for everybody."""
    assert statuses(target.exchange(sent)) == [431]


@pytest.mark.parametrize(
    "line",
    ["X-A: b\r\n c", "X A: b", "XA", "X-A: a\0b", "X\0A: b", "X-A: a\x01b", "X-A: a\rb", ": b", "X-A : b"],
    ids=repr,
)
def test_headers_that_are_none(target: Target, line: str) -> None:
    """3.2/43: folded lines, spaces before the colon and control characters are refused."""
    assert statuses(target.exchange(target.head("GET", _INDEX, line) + _SMUGGLED)) == [400]


@pytest.mark.parametrize(
    "host",
    ["h/?x", "h#", "h@evil", "h evil", "", "h:x", "h:999999", "[::1", "h,evil", "h\\evil", "h%00", "h..evil", "\xe4"],
)
def test_a_host_that_is_none(target: Target, host: str) -> None:
    """3.1/8: "BadHost" (CVE-2026-48710) and its like never reach a route."""
    for path in (_INDEX, "/attacker/-/packages", "/-/sign-in", "/api/v1/projects/attacker/audit"):
        assert statuses(target.exchange(target.head("GET", path, host=host))) == [400]


@pytest.mark.parametrize(
    ("line", "status"), [("HTTP/0.9", 505), ("HTTP/2.0", 505), ("HTTP/1.2", 400), ("http/1.1", 400), ("HTTP/11", 400)]
)
def test_a_version_that_is_not_spoken(target: Target, line: str, status: int) -> None:
    """3.1/8: only HTTP/1.0 and 1.1."""
    sent = target.head("GET", _INDEX).replace(b"HTTP/1.1", line.encode())
    assert statuses(target.exchange(sent)) == [status]


@pytest.mark.parametrize("path", [_INDEX, "/attacker/-/packages"])
def test_two_hosts_or_none(target: Target, path: str) -> None:
    """3.1/8: exactly one, but for HTTP/1.0, which knew of none."""
    assert statuses(target.exchange(target.head("GET", path, "Host: evil.example"))) == [400]
    assert statuses(target.exchange(f"GET {path} HTTP/1.1\r\n\r\n".encode())) == [400]
    assert statuses(target.exchange(f"GET {path} HTTP/1.0\r\n\r\n".encode()))[0] in (303, 401)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "http://evil.example" + _OTHERS_INDEX, [404]),
        ("GET", "http://evil.example", [400]),
        ("CONNECT", "evil.example:80", [400]),
        ("GET", "evil.example:80", [400]),
        ("GET", "*", [404]),
        ("GET", "?x", [400]),
        ("GET", _INDEX + "\x80", [400]),
        ("TRACE", _INDEX, [405]),
        ("get", _INDEX, [400]),
        ("PRI", "*", [400]),
    ],
)
def test_targets_and_methods_of_proxies(target: Target, method: str, path: str, expected: list[int]) -> None:
    """3.1/7: whatever form a target has, its path decides; a proxy we are not."""
    assert statuses(target.exchange(target.head(method, path))) == expected


def test_a_request_in_a_body_is_none(target: Target) -> None:
    """3.2/43: what a GET carries, and what comes behind `Connection: close`, is not answered."""
    head = target.head("GET", _INDEX, f"Content-Length: {len(_SMUGGLED)}")
    assert statuses(target.exchange(head + _SMUGGLED)) == [200]
    assert statuses(target.exchange(target.head("GET", _INDEX, "Connection: close") + _SMUGGLED)) == [200]
    upgrade = target.head("POST", _UPLOAD, "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 0")
    assert statuses(target.exchange(upgrade + _SMUGGLED)) == [400]


def test_thousands_of_requests_at_once(target: Target) -> None:
    """3.2/44: who sends them without waiting for an answer gets few, and costs no memory."""
    assert len(statuses(target.exchange(target.head("GET", _INDEX) * 5000))) <= 17


def test_bytes_that_are_no_http(target: Target) -> None:
    """3.2/43: a TLS greeting, HTTP/2 and noise."""
    for sent in (bytes.fromhex("16030100a5010000a10303"), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bytes(range(256))):
        assert statuses(target.exchange(sent)) == [400]


def test_refusals_are_small_and_no_page(target: Target) -> None:
    """3.5/107: what is refused before any route is JSON of less than 1 KiB, and repeats nothing of what was sent."""
    marked = "<script>alert(1)</script>"
    for sent in (
        target.head("GET", f"/{marked}\x80"),
        target.head("GET", _INDEX, host=marked),
        target.head(marked, _INDEX),
        target.head("GET", _INDEX, f"X{marked}: x\0"),
    ):
        answer = target.exchange(sent)
        assert statuses(answer) == [400]
        assert b"application/json" in answer
        assert b"<script" not in answer
        assert len(answer) < 1024


def test_a_good_upload_still_passes(target: Target) -> None:
    """3.2/43: the rules above keep no client out, also one that sends chunks."""
    wheel = packages.wheel(name="chunked")
    body = form(part("name", "chunked"), part("version", "0.0.1"), file(wheel))
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (body[:1000], body[1000:])) + b"0\r\n\r\n"
    lines = ("Transfer-Encoding: chunked", f"Content-Type: {CONTENT_TYPE}", "Connection: close")
    assert statuses(target.exchange(target.head("POST", _UPLOAD, *lines) + chunks, seconds=5)) == [201]
