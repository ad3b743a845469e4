"""The Authorization header, in every shape that clients and attackers give it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.domain.credentials import Credential, read_authorization


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
    assert read_authorization(header) == credential


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Basic YQ", _basic(b"no colon"), "Bearer abc", "Digest x", "Basic " + "A" * 20_000],
)
def test_anything_else_is_a_credential_that_verifies_as_nobody(header: str) -> None:
    assert read_authorization(header) == Credential("", "")


@given(st.text())
def test_no_header_does_worse(header: str) -> None:
    assert read_authorization(header) is not None
