"""Arithmetic of one RegistryToken's ledger: which entries live, when they end, how they follow each other."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from registry_operator.resources.conditions import parse_rfc3339, rfc3339
from registry_operator.resources.token import Credential, CredentialState, RegistryToken, RotationMode, SourceType

MAX_ENTRIES: Final = 32
MINT_INTERVAL: Final = timedelta(minutes=1)
_GENERATED_OVERLAP: Final = timedelta(days=1)
_IMPORTED_OVERLAP: Final = timedelta(hours=1)
# A spec that asks for less time than the credential has must not rotate it for a difference of clocks.
_TOLERANCE: Final = timedelta(minutes=1)

Credentials = tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class IssuingContext:
    """What holds for all credentials of a pass: the moment, the registry's tombstones, the sync port's key."""

    now: datetime
    revoked: frozenset[str] = frozenset()
    sync_key: bytes = field(default=b"", repr=False)


def lives(entry: Credential, context: IssuingContext) -> bool:
    """Whether the registry takes the credential: not revoked, its end ahead."""
    return entry.token_id not in context.revoked and ends(entry) > context.now


def ends(entry: Credential) -> datetime:
    """When the service stops taking the credential."""
    return parse_rfc3339(entry.not_after)


def active(entries: Iterable[Credential]) -> Credential | None:
    """The entry whose credential the Secret is meant to hold."""
    return next((entry for entry in entries if entry.state is CredentialState.ACTIVE), None)


def without(entries: Iterable[Credential], state: CredentialState) -> Credentials:
    """All entries but those in a state."""
    return tuple(entry for entry in entries if entry.state is not state)


def is_imported(token: RegistryToken) -> bool:
    """Whether the credential comes from a Secret of the namespace."""
    return token.spec.source.type is SourceType.SECRET


def lifetime(token: RegistryToken) -> timedelta:
    """How long a new credential lives."""
    return timedelta(seconds=token.spec.expiration_seconds)


def overlap(token: RegistryToken) -> timedelta:
    """How long a replaced credential goes on working, so that a running client does not fail."""
    seconds = token.spec.rotation.overlap_seconds
    if seconds is not None:
        return timedelta(seconds=seconds)
    return _IMPORTED_OVERLAP if is_imported(token) else min(lifetime(token) / 3, _GENERATED_OVERLAP)


def rotation_time(token: RegistryToken, entry: Credential) -> datetime | None:
    """When a new credential is due: a third of the lifetime before the end or what the spec says, up to 10 % earlier.

    The part that the id decides spreads the load of tokens that were made together; it never reaches back to the
    beginning of the lifetime. None: imported ones do not rotate, nor do those of a spec that disables it.
    """
    if is_imported(token) or token.spec.rotation.mode is RotationMode.DISABLED:
        return None
    seconds = token.spec.rotation.before_expiry_seconds
    before = lifetime(token) / 3 if seconds is None else timedelta(seconds=seconds)
    share = int.from_bytes(hashlib.sha256(entry.token_id.encode()).digest()[:4]) / 2**32
    return ends(entry) - before - min(before, max(lifetime(token) - before, timedelta())) * share / 10


def is_requested(token: RegistryToken) -> bool:
    """Whether the spec bears a trigger with which no credential was made yet."""
    trigger = token.spec.rotation.trigger
    return trigger is not None and trigger != token.status.rotation_trigger


def is_due(token: RegistryToken, entry: Credential, now: datetime) -> bool:
    """Whether an active credential is to be replaced: its time has come, or the spec now allows it less time."""
    rotation = rotation_time(token, entry)
    return rotation is not None and (now >= rotation or ends(entry) > now + lifetime(token) + _TOLERANCE)


def add_pending(entries: Credentials, entry: Credential) -> Credentials:
    """The ledger with a new Pending entry in place of any other, and of an entry with the same id; bounded."""
    others = [other for other in without(entries, CredentialState.PENDING) if other.token_id != entry.token_id]
    retiring = sorted((other for other in others if other.state is CredentialState.RETIRING), key=ends)
    surplus = retiring[: max(0, len(others) + 1 - MAX_ENTRIES)]
    return (*(other for other in others if other not in surplus), entry)


def promoted(token: RegistryToken, entries: Credentials, now: datetime) -> Credentials:
    """The ledger once the Secret holds the Pending credential: it is Active, and the one before it retires."""
    end = now + overlap(token)
    moved = (_move(entry, end) for entry in entries)
    return tuple(entry for entry in moved if ends(entry) > now)


def _move(entry: Credential, end: datetime) -> Credential:
    if entry.state is CredentialState.PENDING:
        return replace(entry, state=CredentialState.ACTIVE)
    if entry.state is CredentialState.ACTIVE:
        return replace(entry, state=CredentialState.RETIRING, not_after=rfc3339(min(ends(entry), end)))
    return entry
