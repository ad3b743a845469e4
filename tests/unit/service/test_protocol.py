"""Reason phrases: what of an answer's head is changed, and what never is."""

import pytest

from registry_service.api.protocol import explain

_REFUSAL = b"HTTP/1.1 400 Bad Request\r\ndate: x\r\nX-Error-Message: File is too large\r\ncontent-length: 0\r\n\r\n"


def test_a_refusal_says_in_its_status_line_what_is_wrong() -> None:
    assert explain(_REFUSAL) == _REFUSAL.replace(b"Bad Request", b"File is too large")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-error-message: no\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"PK\x03\x04 HTTP/1.1 400 x\r\nx-error-message: y\r\n",
        b"",
    ],
)
def test_everything_else_passes_unchanged(data: bytes) -> None:
    assert explain(data) == data
