"""The token format: `pyr_<kind>_<id>_<secret><checksum>`.

The prefix lets secret scanners find a token, the checksum lets the service refuse a mistyped one without
a query, the public id finds its row, and only a SHA-256 of the whole is ever stored: the secret carries
256 bits of randomness, so a slow hash would add cost and no safety.
"""

import hashlib
import hmac
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "pyr_"
ID_LENGTH: Final = 16
SECRET_LENGTH: Final = 43
CHECKSUM_LENGTH: Final = 6
IMPORTED_ID_LENGTH: Final = 16
IMPORTED_MIN_BYTES: Final = 20
IMPORTED_MAX_BYTES: Final = 4096
JOB_USERNAME: Final = "gitlab-ci-token"
PERSONAL_USERNAME: Final = "__token__"

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PATTERN: Final = re.compile(r"pyr_([pdj])_([0-9A-Za-z]{16})_[0-9A-Za-z]{49}", re.ASCII)


class TokenType(StrEnum):
    """GitLab's three kinds of credential (GitLab 13.4, "Authenticate with the Package Registry")."""

    PERSONAL = "Personal"
    DEPLOY = "Deploy"
    JOB = "Job"


class Scope(StrEnum):
    """GitLab's token scopes; `design.md` section 5 says what each one may do."""

    API = "api"
    READ_API = "read_api"
    READ_PACKAGE_REGISTRY = "read_package_registry"
    WRITE_PACKAGE_REGISTRY = "write_package_registry"


DEFAULT_SCOPES: Final = {
    TokenType.PERSONAL: (Scope.API,),
    TokenType.DEPLOY: (Scope.READ_PACKAGE_REGISTRY, Scope.WRITE_PACKAGE_REGISTRY),
    TokenType.JOB: (),
}
_LETTERS: Final = {TokenType.PERSONAL: "p", TokenType.DEPLOY: "d", TokenType.JOB: "j"}
_TYPES: Final = {letter: kind for kind, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class ParsedToken:
    """What a well-formed token says about itself before any look-up."""

    type: TokenType
    id: str


def mint(kind: TokenType, random: Callable[[int], bytes]) -> str:
    """Make a token of `kind`; `random(n)` returns n bytes from a cryptographic source (`secrets.token_bytes`)."""
    public = _base62(int.from_bytes(random(11)), ID_LENGTH)
    secret = _base62(int.from_bytes(random(32)), SECRET_LENGTH)
    body = f"{PREFIX}{_LETTERS[kind]}_{public}_{secret}"
    return body + _checksum(body)


def parse(token: str) -> ParsedToken | None:
    """Read kind and id of a token, or None when its shape or its checksum is wrong."""
    match = _PATTERN.fullmatch(token)
    if match is None or _checksum(token[:-CHECKSUM_LENGTH]) != token[-CHECKSUM_LENGTH:]:
        return None
    return ParsedToken(type=_TYPES[match[1]], id=match[2])


def digest(token: str) -> str:
    """SHA-256 of a whole token, in hex: the only form in which a generated token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def imported_digest(value: str, sync_key: bytes) -> str:
    """HMAC-SHA-256 of an imported token, in hex, under a pepper derived from the sync key.

    A CI system's token may be short, so its digest must be useless to who reads only the database.
    """
    pepper = hmac.digest(sync_key, b"imported", "sha256")
    return hmac.digest(pepper, value.encode(), "sha256").hex()


def imported_id(imported: str) -> str:
    """The token id of an imported token: the first 16 hex digits of its digest."""
    return imported[:IMPORTED_ID_LENGTH]


def imported_refusal(value: str) -> str | None:
    """Say why a value from a Secret cannot serve as an imported token, or None when it can."""
    length = len(value.encode())
    if not IMPORTED_MIN_BYTES <= length <= IMPORTED_MAX_BYTES:
        return f"it has {length} bytes; an imported token has {IMPORTED_MIN_BYTES} to {IMPORTED_MAX_BYTES}"
    if value.startswith(PREFIX):
        return f"it starts with {PREFIX}, which only generated tokens do"
    if not value.isprintable() or not value.isascii() or " " in value:
        return "it holds characters that no HTTP client can send as a password unchanged"
    return None


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECKSUM_LENGTH)
