"""The token format, and what an imported token may be."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_service.contract import tokens
from registry_service.contract.tokens import DEFAULT_SCOPES, ParsedToken, Scope, TokenType


@pytest.mark.parametrize("kind", list(TokenType))
def test_a_minted_token_reads_back_as_its_kind(kind: TokenType) -> None:
    token = tokens.mint(kind, secrets.token_bytes)
    parsed = tokens.parse(token)
    assert parsed == ParsedToken(type=kind, id=token.split("_")[2])
    assert token.startswith(f"pyr_{kind[0].lower()}_")
    assert len(token) == len("pyr_p_") + 16 + 1 + 43 + 6


@given(st.binary(min_size=43, max_size=43))
def test_the_secret_part_carries_all_256_bits(random: bytes) -> None:
    taken = [random[:11], random[11:]]
    token = tokens.mint(TokenType.PERSONAL, lambda count: next(part for part in taken if len(part) == count))
    secret = token.split("_")[3][: tokens.SECRET_LENGTH]
    value = 0
    for digit in secret:
        value = value * 62 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".index(digit)
    assert value == int.from_bytes(random[11:])


def test_every_changed_character_is_noticed() -> None:
    token = tokens.mint(TokenType.DEPLOY, secrets.token_bytes)
    for position in range(len(token)):
        changed = token[:position] + ("a" if token[position] != "a" else "b") + token[position + 1 :]
        assert tokens.parse(changed) is None


@pytest.mark.parametrize(
    "text", ["", "pyr_", "pyr_p_x_y", "glpat-0123456789abcdefghij", "pyr_x_" + "0" * 66, "pyr_p_" + "0" * 66]
)
def test_what_is_no_token_is_none(text: str) -> None:
    assert tokens.parse(text) is None


def test_a_digest_is_the_sha256_of_the_whole() -> None:
    assert tokens.digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_an_imported_digest_depends_on_the_sync_key() -> None:
    first = tokens.imported_digest("a CI system's token", b"key one")
    assert first == tokens.imported_digest("a CI system's token", b"key one")
    assert first != tokens.imported_digest("a CI system's token", b"key two")
    assert tokens.imported_id(first) == first[:16]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("x" * 20, None),
        ("x" * 4096, None),
        ("x" * 19, "19 bytes"),
        ("x" * 4097, "4097 bytes"),
        ("pyr_p_" + "0" * 66, "starts with pyr_"),
        ("with a space in the middle", "characters"),
        ("with a line feed\nat its end", "characters"),
        ("nicht-ascii-äöüäöüäöü", "characters"),
    ],
)
def test_an_imported_token_is_long_enough_and_not_ours(value: str, problem: str | None) -> None:
    refusal = tokens.imported_refusal(value)
    assert refusal is None if problem is None else problem in (refusal or "")


def test_default_scopes_are_those_of_gitlab() -> None:
    assert DEFAULT_SCOPES[TokenType.PERSONAL] == (Scope.API,)
    assert set(DEFAULT_SCOPES[TokenType.DEPLOY]) == {Scope.READ_PACKAGE_REGISTRY, Scope.WRITE_PACKAGE_REGISTRY}
    assert DEFAULT_SCOPES[TokenType.JOB] == ()
