"""Browser sessions: a person signs in with a token, and the session is worth what that token is worth."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from registry_service.database import Database, catalog, tokens
from registry_service.domain.access import Permission, Principal
from registry_service.domain.catalog import Project
from registry_service.domain.credentials import Credential
from registry_service.errors import UnauthenticatedError
from registry_service.use_cases.authenticating import Access, Authenticating, decide

SESSION_LIFETIME: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Opens and reads sessions. `random(n)` returns n bytes from a cryptographic source."""

    database: Database
    authenticating: Authenticating
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]

    async def sign_in(self, credential: Credential) -> str:
        """Open a session and return its secret, for a cookie. Raises UnauthenticatedError."""
        principal = await self.authenticating.identify(credential)
        secret = self.random(32).hex()
        now = self.clock()
        async with self.database.transaction() as tx:
            ends = now + SESSION_LIFETIME
            await tokens.create_session(tx, _digest(secret), principal.token_id, not_after=ends, now=now)
        return secret

    async def sign_out(self, secret: str) -> None:
        """End a session."""
        async with self.database.transaction() as tx:
            await tokens.delete_session(tx, _digest(secret))

    async def home(self, secret: str | None) -> Project:
        """The project that the signed-in token belongs to. Raises UnauthenticatedError."""
        async with self.database.snapshot() as tx:
            principal = None if secret is None else await tokens.find_session(tx, _digest(secret), now=self.clock())
            project = None if principal is None else await catalog.find_project(tx, str(principal.project_id))
        if project is None:
            raise UnauthenticatedError
        return project

    async def authorize(self, secret: str | None, permission: Permission, reference: str) -> Access:
        """Let a page's reader into a project. Raises UnauthenticatedError, HiddenError, ForbiddenError."""
        principal: Principal | None = None
        async with self.database.snapshot() as tx:
            project = await catalog.find_project(tx, reference)
            if secret is not None:
                # A session that ended reads what everybody may read, and is asked to sign in for the rest.
                principal = await tokens.find_session(tx, _digest(secret), now=self.clock())
            grants = await self.authenticating.grants(tx, principal, project)
        return decide(principal, permission, project, grants)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
