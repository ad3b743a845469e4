"""What a request offers to prove who it is, and what people are shown of a token."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from registry_service.contract.tokens import JOB_USERNAME, Scope, TokenType

MAX_HEADER_CHARACTERS: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a password that is a token. An unreadable header is a credential that verifies as nobody.

    `address` is where it came from, as far as trusted proxies tell.
    """

    username: str
    password: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class ListedToken:
    """What people are shown of a token: nothing that proves it. `last_used_at` is true to the hour."""

    id: str
    project: str
    type: TokenType
    name: str
    scopes: tuple[Scope, ...]
    not_after: datetime | None
    state: str
    created_at: datetime
    last_used_at: datetime | None
    projects: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


_UNREADABLE: Final = Credential("", "")


def read_credential(headers: Mapping[str, str], address: str = "") -> Credential | None:
    """Find the credential of a request, by GitLab's headers: Authorization, else PRIVATE-TOKEN, else Deploy-Token.

    `headers` looks names up in lower case. Where there is no user name, the token counts with that of its kind.
    """
    found = _find(headers)
    return None if found is None else replace(found, address=address)


def _find(headers: Mapping[str, str]) -> Credential | None:
    authorization = headers.get("authorization")
    if authorization is not None:
        return _read_authorization(authorization)
    for name in ("private-token", "deploy-token"):
        token = headers.get(name)
        if token is not None:
            return Credential("", token) if len(token) <= MAX_HEADER_CHARACTERS else _UNREADABLE
    return None


def _read_authorization(header: str) -> Credential:
    """HTTP Basic (RFC 7617), in UTF-8 or, as some clients send it, Latin-1; or Bearer (RFC 6750)."""
    scheme, _, value = header.strip().partition(" ")
    if len(value) > MAX_HEADER_CHARACTERS:
        return _UNREADABLE
    match scheme.lower():
        case "basic":
            return _read_basic(value)
        case "bearer":
            # GitLab takes a job token as bearer, and a personal token goes by any user name.
            return Credential(JOB_USERNAME, value.strip())
    return _UNREADABLE


def _read_basic(value: str) -> Credential:
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
