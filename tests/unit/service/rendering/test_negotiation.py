"""Content negotiation (PEP 691), with the headers that real clients send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.rendering.negotiation import (
    MAX_RANGES,
    Encoding,
    Representation,
    accepts,
    negotiate,
    negotiate_encoding,
)

_JSON, _HTML, _TEXT = Representation.JSON, Representation.HTML, Representation.TEXT
_V1 = "application/vnd.pypi.simple.v1"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, _TEXT),
        ("", _TEXT),
        ("*/*", _TEXT),
        ("text/*", _TEXT),
        ("text/html", _TEXT),
        ("application/*", _JSON),
        (f"{_V1}+json", _JSON),
        (f"{_V1}+html", _HTML),
        (f"{_V1.upper()}+JSON", _JSON),
        ("application/vnd.pypi.simple.latest+json", _JSON),
        ("application/vnd.pypi.simple.latest+html", _HTML),
        (f"{_V1}+json, {_V1}+html; q=0.1, text/html; q=0.01", _JSON),  # pip
        (f"{_V1}+json, {_V1}+html;q=0.2, text/html", _JSON),  # uv
        (f"{_V1}+json, */*;q=0.1", _JSON),  # poetry
        (f"{_V1}+json;q=0.1, text/html;q=0.9", _TEXT),
        (f"{_V1}+json;q=0, */*", _TEXT),
        (f"{_V1}+json;q=0, application/*", None),
        ("*/*;q=0.5, text/html;q=0.5", _TEXT),
        ("text/html;q=nonsense", None),
        ("text/html;q=7", None),
        ("text/html;level=1", _TEXT),
        ("application/json", None),
        ("application/vnd.pypi.simple.v2+json", None),
        ("image/png, " * MAX_RANGES + "text/html", None),
    ],
)
def test_a_client_gets_what_it_prefers(accept: str | None, chosen: Representation | None) -> None:
    assert negotiate(accept) is chosen


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [(f"{_V1}+json", _JSON), (f"{_V1} json", _JSON), ("text/html", _TEXT), ("text/plain", None), ("", None)],
)
def test_the_url_overrides_the_header(wanted: str, chosen: Representation | None) -> None:
    assert negotiate("text/html", wanted) is chosen


@pytest.mark.parametrize(
    ("accept_encoding", "chosen"),
    [
        (None, Encoding.IDENTITY),
        ("", Encoding.IDENTITY),
        ("br", Encoding.IDENTITY),
        ("gzip, deflate", Encoding.GZIP),  # pip
        ("gzip, deflate, zstd", Encoding.ZSTD),  # uv
        ("gzip;q=1, zstd;q=0.5", Encoding.GZIP),
        ("*", Encoding.ZSTD),
        ("*, zstd;q=0", Encoding.GZIP),
        ("gzip;q=0.5, identity", Encoding.IDENTITY),
        ("gzip;q=0, *;q=0", Encoding.IDENTITY),
        ("identity;q=0", Encoding.IDENTITY),
    ],
)
def test_a_page_is_encoded_as_its_reader_prefers(accept_encoding: str | None, chosen: Encoding) -> None:
    assert negotiate_encoding(accept_encoding) is chosen


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        (None, True),
        ("*/*", True),
        ("application/json", True),
        ("a/b", True),
        ("text/html", False),
        ("a/b;q=0, text/*", False),
    ],
)
def test_one_type_is_accepted_or_not(accept: str | None, accepted: bool) -> None:
    assert accepts(accept, "a/b") is accepted


@given(st.text(max_size=200))
def test_no_header_is_an_error(accept: str) -> None:
    assert negotiate(accept) in {None, *Representation}
    assert negotiate_encoding(accept) in Encoding
    assert accepts(accept, "a/b") in {True, False}
