"""Queries about tokens and the browser sessions that stand for them."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, delete, insert, or_, select, update

from registry_service.contract.tokens import Scope, TokenType
from registry_service.database.schema import project, session, token
from registry_service.database.transaction import Transaction
from registry_service.domain.access import Principal
from registry_service.domain.credentials import ListedToken


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that a command makes: what is stored of it."""

    id: str
    digest: str
    type: TokenType
    name: str
    scopes: tuple[Scope, ...]
    username: str | None
    not_after: datetime | None
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenChoice:
    """Tokens by what they have in common; what is None is not asked for."""

    token_id: str | None = None
    project: str | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RevokedToken:
    """A token that was live, and its project's number."""

    project_id: int
    id: str


async def find_by_id(tx: Transaction, token_id: str, digest: str, *, now: datetime) -> Principal | None:
    """Verify a generated token: its row by the public id, then its digest in constant time."""
    row = (await tx.execute(_live(now).where(token.c.id == token_id, token.c.imported.is_(False)))).one_or_none()
    # An unknown id takes the comparison too, so that time does not tell it from a wrong secret.
    known = row.digest if row is not None else "0" * len(digest)
    if not hmac.compare_digest(known, digest) or row is None:
        return None
    return _principal(row)


async def find_imported(tx: Transaction, project_id: int, digest: str, *, now: datetime) -> Principal | None:
    """Verify an imported token, which counts only within its own project."""
    query = _live(now).where(token.c.project_id == project_id, token.c.digest == digest, token.c.imported.is_(True))
    row = (await tx.execute(query.limit(1))).one_or_none()
    return None if row is None else _principal(row)


async def is_live(tx: Transaction, token_id: str, *, now: datetime) -> bool:
    """Whether a token that was verified before the transaction is still valid inside it."""
    return (await tx.execute(_live(now).where(token.c.id == token_id))).first() is not None


async def create(tx: Transaction, project_id: int, new: NewToken, *, now: datetime) -> None:
    """Store a token that a command made."""
    values = {
        "id": new.id,
        "project_id": project_id,
        "digest": new.digest,
        "type": new.type.value,
        "name": new.name,
        "username": new.username,
        "scopes": " ".join(new.scopes),
        "packages": " ".join(new.packages),
        "imported": False,
        "not_after": new.not_after,
        "suspended": False,
        "created_at": now,
    }
    await tx.execute(insert(token).values(values))


async def list_tokens(tx: Transaction, project_path: str | None, *, now: datetime) -> tuple[ListedToken, ...]:
    """Every token, or those of one project, by project and age."""
    query = _OWNED
    if project_path is not None:
        query = query.where(project.c.path == project_path)
    rows = await tx.execute(query.order_by(project.c.path, token.c.created_at, token.c.id))
    return tuple(_shown(row, now) for row in rows)


async def record_uses(tx: Transaction, token_ids: Collection[str], *, at: datetime) -> None:
    """Say that these tokens were used."""
    await tx.execute(update(token).where(token.c.id.in_(token_ids)).values(last_used_at=at))


async def revoke(tx: Transaction, chosen: TokenChoice, *, now: datetime) -> tuple[RevokedToken, ...]:
    """Revoke tokens for good: their rows stay as tombstones that no set revives."""
    change = update(token).where(token.c.revoked_at.is_(None)).values(revoked_at=now, digest="")
    if chosen.token_id is not None:
        change = change.where(token.c.id == chosen.token_id)
    if chosen.project is not None:
        change = change.where(token.c.project_id.in_(select(project.c.id).where(project.c.path == chosen.project)))
    if chosen.created_before is not None:
        change = change.where(token.c.created_at < chosen.created_before)
    revoked = await tx.execute(change.returning(token.c.project_id, token.c.id))
    return tuple(RevokedToken(row.project_id, row.id) for row in revoked)


async def create_session(tx: Transaction, digest: str, token_id: str, *, not_after: datetime, now: datetime) -> None:
    """Store a browser session, and forget those that have ended."""
    await tx.execute(delete(session).where(session.c.not_after <= now))
    await tx.execute(insert(session).values(digest=digest, token_id=token_id, not_after=not_after))


async def find_session(tx: Transaction, digest: str, *, now: datetime) -> Principal | None:
    """Who signed in to a session, as long as their token lives."""
    query = _live(now).join(session, session.c.token_id == token.c.id)
    query = query.where(session.c.digest == digest, session.c.not_after > now)
    row = (await tx.execute(query)).one_or_none()
    return None if row is None else _principal(row)


async def delete_session(tx: Transaction, digest: str) -> None:
    """End a browser session."""
    await tx.execute(delete(session).where(session.c.digest == digest))


_OWNED: Final = select(token, project.c.path).join(project, project.c.id == token.c.project_id)


def _live(now: datetime) -> Select[Any]:  # Any: SQLAlchemy types a row by its columns
    return _OWNED.where(
        token.c.revoked_at.is_(None),
        token.c.suspended.is_(False),
        or_(token.c.not_after.is_(None), token.c.not_after > now),
    )


def _scopes(stored: str) -> tuple[Scope, ...]:
    return tuple(Scope(scope) for scope in stored.split())


def _principal(row: Row[Any]) -> Principal:  # Any: as above
    return Principal(
        token_id=row.id,
        name=row.name,
        type=TokenType(row.type),
        project_id=row.project_id,
        scopes=frozenset(_scopes(row.scopes)),
        project=row.path,
        projects=tuple(row.projects.split()),
        packages=tuple(row.packages.split()),
    )


def _shown(row: Row[Any], now: datetime) -> ListedToken:  # Any: as above
    state = "active"
    if row.revoked_at is not None:
        state = "revoked"
    elif row.suspended:
        state = "suspended"
    elif row.not_after is not None and row.not_after <= now:
        state = "expired"
    return ListedToken(
        id=row.id,
        project=row.path,
        type=TokenType(row.type),
        name=row.name,
        scopes=_scopes(row.scopes),
        not_after=row.not_after,
        state=state,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        projects=tuple(row.projects.split()),
        packages=tuple(row.packages.split()),
    )
