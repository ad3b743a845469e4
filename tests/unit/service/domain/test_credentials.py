"""The Authorization header, in every shape that clients and attackers give it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.domain.credentials import MAX_HEADER_CHARACTERS, Credential, read_credential


def test_a_credential_says_where_it_came_from() -> None:
    assert read_credential({"private-token": "t"}, "192.0.2.1") == Credential("", "t", "192.0.2.1")
    assert read_credential({}, "192.0.2.1") is None


def _read(header: str | None) -> Credential | None:
    return read_credential({} if header is None else {"authorization": header})


def _basic(content: bytes) -> str:
    return "Basic " + base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("header", "credential"),
    [
        (None, None),
        (_basic(b"__token__:pyr_p_x"), Credential("__token__", "pyr_p_x")),
        (_basic(b"user:with:colons"), Credential("user", "with:colons")),
        (_basic(b":only"), Credential("", "only")),
        (_basic("ü:ö".encode()), Credential("ü", "ö")),
        (_basic("ü:ö".encode("latin-1")), Credential("ü", "ö")),
        ("basic " + _basic(b"a:b")[6:], Credential("a", "b")),
        ("  Basic   " + _basic(b"a:b")[6:] + " ", Credential("a", "b")),
    ],
)
def test_basic_is_read_as_clients_send_it(header: str | None, credential: Credential | None) -> None:
    assert _read(header) == credential


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Basic YQ", "Basic YTpi!", _basic(b"no colon"), "Digest x", "Basic " + "A" * 20_000],
)
def test_anything_else_is_a_credential_that_verifies_as_nobody(header: str) -> None:
    assert _read(header) == Credential("", "")


def test_a_credential_may_be_exactly_as_long_as_the_limit() -> None:
    longest = _basic(b"a:" + b"x" * (MAX_HEADER_CHARACTERS // 4 * 3 - 2))
    assert len(longest.removeprefix("Basic ")) == MAX_HEADER_CHARACTERS
    assert _read(longest) != Credential("", "")
    assert _read(_basic(b"a:" + b"x" * 20_000)) == Credential("", "")
    assert _read(_basic(b"a:" + b"x" * 8192)) == Credential("a", "x" * 8192)  # a CI system's JWT
    assert read_credential({"private-token": "x" * MAX_HEADER_CHARACTERS}) == Credential(
        "", "x" * MAX_HEADER_CHARACTERS
    )
    assert read_credential({"private-token": "x" * (MAX_HEADER_CHARACTERS + 1)}) == Credential("", "")


@given(st.text())
def test_no_header_does_worse(header: str) -> None:
    assert _read(header) is not None


@pytest.mark.parametrize(
    ("headers", "credential"),
    [
        ({"authorization": "Bearer pyr_p_x"}, Credential("gitlab-ci-token", "pyr_p_x")),
        ({"private-token": "pyr_p_x"}, Credential("", "pyr_p_x")),
        ({"deploy-token": "pyr_d_x"}, Credential("", "pyr_d_x")),
        ({"authorization": "Digest x", "private-token": "pyr_p_x"}, Credential("", "")),
        ({"private-token": "x" * 20_000}, Credential("", "")),
        ({"job-token": "pyr_j_x"}, None),
    ],
)
def test_gitlabs_other_headers(headers: dict[str, str], credential: Credential | None) -> None:
    assert read_credential(headers) == credential
