"""The set of a namespace's credentials, as its registry is told."""

from collections.abc import Iterable
from typing import Final

from registry_operator.planning import ledger
from registry_operator.planning.ledger import Credentials, IssuingContext
from registry_operator.resources.token import Credential, RegistryToken
from registry_service.contract.sync import MAX_BODY_BYTES, MAX_TOKENS, TokenEntry, TokenSet
from registry_service.contract.tokens import TokenType

_NO_ID: Final = "0" * 16
_NO_DIGEST: Final = "0" * 64
# More than any entry has without projects and packages: the CRD bounds all that is in it.
_PLAIN_BYTES: Final = 512
# Quotes and a comma around each of them.
_QUOTES: Final = 3
Ledgers = Iterable[tuple[RegistryToken, Credentials]]


def token_set(namespace: str, ledgers: Ledgers, context: IssuingContext) -> TokenSet:
    """Every live credential of the accepted RegistryTokens of a namespace, in a settled order, as many as fit.

    A RegistryToken that is being deleted has none any more.
    """
    entries = _entries(ledgers, context)
    return TokenSet(namespace, tuple(entries[: _fitting(entries)]))


def left_out(ledgers: Ledgers, context: IssuingContext) -> frozenset[str]:
    """The names of the RegistryTokens with a credential that no longer fits into the set."""
    entries = _entries(ledgers, context)
    return frozenset(entry.name for entry in entries[_fitting(entries) :])


def is_later(token: RegistryToken) -> bool:
    """Whether a registry of the first contract cannot hold the token: without these fields it would be wider."""
    return bool(token.other_projects or token.spec.packages)


def question(namespace: str, tokens: Iterable[RegistryToken]) -> TokenSet:
    """A set that says of tokens what `is_later` finds, for a credential that nobody can have: to be refused."""
    asked = tuple(tokens)
    entry = TokenEntry(
        id=_NO_ID,
        digest=_NO_DIGEST,
        name=asked[0].metadata.name,
        type=asked[0].spec.type,
        projects=tuple(sorted({project for token in asked for project in token.other_projects})[:1]),
        packages=tuple(sorted({pattern for token in asked for pattern in token.spec.packages})[:1]),
    )
    return TokenSet(namespace, (entry,))


def _fitting(entries: list[TokenEntry]) -> int:
    """How many of the first entries a registry takes: at most MAX_TOKENS, in a body of at most MAX_BODY_BYTES."""
    left = MAX_BODY_BYTES - _PLAIN_BYTES
    for count, entry in enumerate(entries[:MAX_TOKENS]):
        left -= _PLAIN_BYTES + sum(len(text) + _QUOTES for text in (*entry.projects, *entry.packages))
        if left < 0:
            return count
    return min(len(entries), MAX_TOKENS)


def _entries(ledgers: Ledgers, context: IssuingContext) -> list[TokenEntry]:
    made: dict[str, TokenEntry] = {}
    for token, credentials in sorted(ledgers, key=lambda pair: pair[0].metadata.name):
        if token.metadata.terminating:
            continue
        for credential in sorted(credentials, key=lambda entry: entry.token_id):
            if ledger.lives(credential, context):
                entry = _entry(token, credential)
                # One imported value in two RegistryTokens is one credential: that of the one that lets it live longest,
                # so that a value which one of them replaced does not end under the other. Else the first name has it.
                made[entry.id] = max(made.get(entry.id, entry), entry, key=_end)
    return list(made.values())


def _end(entry: TokenEntry) -> int:
    return entry.not_after or 0


def _entry(token: RegistryToken, credential: Credential) -> TokenEntry:
    return TokenEntry(
        id=credential.token_id,
        digest=credential.digest,
        name=token.metadata.name,
        type=token.spec.type,
        scopes=token.scopes,
        username=token.username if token.spec.type is TokenType.DEPLOY else None,
        not_after=int(ledger.ends(credential).timestamp()),
        imported=ledger.is_imported(token),
        projects=token.other_projects,
        packages=tuple(sorted(token.spec.packages)),
    )
