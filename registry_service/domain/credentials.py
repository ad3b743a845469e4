"""What a request offers to prove who it is."""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

MAX_HEADER_CHARACTERS: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a password that is a token. An unreadable header is a credential that verifies as nobody."""

    username: str
    password: str


_UNREADABLE: Final = Credential("", "")


def read_authorization(header: str | None) -> Credential | None:
    """Read an Authorization header: HTTP Basic (RFC 7617), in UTF-8 or, as some clients send it, Latin-1."""
    if header is None:
        return None
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() != "basic" or len(value) > MAX_HEADER_CHARACTERS:
        return _UNREADABLE
    try:
        decoded = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return _UNREADABLE
    username, colon, password = _text(decoded).partition(":")
    return Credential(username, password) if colon else _UNREADABLE


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")
