"""Who is asking, and may they: one look at the database for both, so that a revoked token is dead at once."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from registry_service.contract import tokens as token_format
from registry_service.contract.sync import Grant
from registry_service.contract.tokens import JOB_USERNAME, TokenType
from registry_service.database import Database, Transaction, catalog, tokens
from registry_service.domain.access import (
    Decision,
    GroupReader,
    Permission,
    Principal,
    allows,
    granted_to_read,
    may_change,
    permissions,
)
from registry_service.domain.audit import Actor
from registry_service.domain.catalog import Project
from registry_service.domain.credentials import Credential
from registry_service.errors import (
    ForbiddenError,
    HiddenError,
    NotFoundError,
    RegistryError,
    TooManyFailuresError,
    UnauthenticatedError,
)
from registry_service.memory.failures import Failures
from registry_service.memory.uses import Uses
from registry_service.metrics import count_failure
from registry_service.use_cases.rules import RulesInForce


@dataclass(frozen=True, slots=True)
class Access:
    """A request that may go on: where, who (None: nobody in particular, in a public project), and from where."""

    project: Project
    principal: Principal | None
    address: str = ""

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail. Raises UnauthenticatedError."""
        principal = self.publisher
        return Actor(principal.name, principal.token_id, principal.type.value, self.address)

    @property
    def publisher(self) -> Principal:
        """Who publishes: `allows` never lets nobody do it. Raises UnauthenticatedError."""
        if self.principal is None:
            raise UnauthenticatedError
        return self.principal

    def require_package(self, name: str) -> None:
        """Let a token change only what its patterns include; `name` is normalized. Raises ForbiddenError."""
        if self.principal is not None and not may_change(self.principal, name):
            patterns = ", ".join(self.principal.packages)
            raise ForbiddenError(f"This token may not change the package {name}, only: {patterns}")

    def require_every_package(self) -> None:
        """Let only a token without patterns change what concerns every package. Raises ForbiddenError."""
        if self.principal is not None and self.principal.packages:
            raise ForbiddenError(f"This token may change only the packages {', '.join(self.principal.packages)}")


@dataclass(frozen=True, slots=True)
class Authenticating:
    """Verifies credentials and decides. `sync_key` gives the key of the sync port, None on one machine.

    What fails is counted, and told to wait once there was too much of it. What can be verified never waits.
    """

    database: Database
    rules: RulesInForce
    sync_key: Callable[[], bytes | None]
    clock: Callable[[], datetime]
    failures: Failures
    uses: Uses

    async def authorize(self, credential: Credential | None, permission: Permission, reference: str) -> Access:
        """Let a request into a project, named by path or numeric id.

        Raises UnauthenticatedError, HiddenError or ForbiddenError as design section 5, "Who may what", says.
        """
        self._require_hope(credential)
        async with self.database.snapshot() as tx:
            project = await catalog.find_project(tx, reference)
            principal = None if credential is None else await self._verify(tx, credential, project)
            grants = await self.grants(tx, principal, project)
        return decide(principal, permission, project, grants)

    async def grants(self, tx: Transaction, principal: Principal | None, project: Project | None) -> tuple[Grant, ...]:
        """The grants in force, where they can matter: in a project that a token asks for besides its own."""
        if principal is None or project is None or project.path not in principal.projects:
            return ()
        return (await self.rules.read(tx)).access

    async def authorize_group(self, credential: Credential | None) -> GroupReader:
        """Let a request read the group index. An imported token counts in its own project alone, so not here.

        Raises UnauthenticatedError or ForbiddenError.
        """
        principal = None if credential is None else await self.identify(credential)
        if principal is None:
            # What the group holds depends on who asks: nobody would be shown another's package under a private name.
            raise UnauthenticatedError
        if Permission.READ not in permissions(principal):
            raise ForbiddenError
        if not principal.projects:
            return GroupReader(principal)
        async with self.database.snapshot() as tx:
            rules = await self.rules.read(tx)
        return GroupReader(principal, granted_to_read(principal, rules.access))

    async def identify(self, credential: Credential) -> Principal:
        """Verify a generated token outside of any project. Raises UnauthenticatedError."""
        self._require_hope(credential)
        async with self.database.snapshot() as tx:
            return await self._verify(tx, credential, None)

    async def identify_found(self, token: str, address: str) -> Principal:
        """Verify a token that somebody found, by whatever user name it goes: a guess is counted like every other.

        Raises NotFoundError, TooManyFailuresError.
        """
        credential = Credential(JOB_USERNAME, token, address)
        if token_format.parse(token) is None:
            raise _unknown(self._failed(credential))
        try:
            return await self.identify(credential)
        except UnauthenticatedError as error:
            raise _unknown(error) from None

    async def _verify(self, tx: Transaction, credential: Credential, project: Project | None) -> Principal:
        found = await self._find(tx, credential, project)
        if found is None or not _username_fits(found, credential.username):
            raise self._failed(credential)
        self.uses.note(found.token_id, self.clock())
        return found

    async def record_uses(self) -> None:
        """Tell the database which tokens were used lately. Raises DatabaseError; what was not told is forgotten."""
        used = self.uses.take()
        if used:
            async with self.database.transaction() as tx:
                await tokens.record_uses(tx, used, at=self.clock())

    def _require_hope(self, credential: Credential | None) -> None:
        """Refuse what no query could verify: a generated token that was mistyped, or no token at all."""
        if credential is None or token_format.parse(credential.password) is not None:
            return
        if token_format.imported_refusal(credential.password) is not None or credential.username != JOB_USERNAME:
            raise self._failed(credential)

    def _failed(self, credential: Credential) -> UnauthenticatedError:
        parsed = token_format.parse(credential.password)
        seconds = self.failures.count(None if parsed is None else parsed.id, credential.address, self.clock())
        count_failure(429 if seconds else 401)
        return TooManyFailuresError(seconds) if seconds else UnauthenticatedError()

    async def _find(self, tx: Transaction, credential: Credential, project: Project | None) -> Principal | None:
        parsed = token_format.parse(credential.password)
        if parsed is not None:
            digest = token_format.digest(credential.password)
            return await tokens.find_by_id(tx, parsed.id, digest, now=self.clock())
        key = self.sync_key()
        if key is None or project is None:
            return None
        digest = token_format.imported_digest(credential.password, key)
        return await tokens.find_imported(tx, project.id, digest, now=self.clock())


def _unknown(error: UnauthenticatedError) -> RegistryError:
    """What is said of a token that nobody has: who found it was not asked who he is."""
    return error if isinstance(error, TooManyFailuresError) else NotFoundError("Token")


def decide(
    principal: Principal | None, permission: Permission, project: Project | None, grants: tuple[Grant, ...] = ()
) -> Access:
    """Turn a decision into an Access or the error that says no."""
    decision = allows(principal, permission, project, grants)
    if decision is Decision.UNAUTHENTICATED:
        raise UnauthenticatedError
    if decision is Decision.HIDDEN or project is None:
        raise HiddenError
    if decision is Decision.FORBIDDEN:
        raise ForbiddenError
    return Access(project, principal)


def _username_fits(principal: Principal, username: str) -> bool:
    # GitLab takes any user name with a personal or deploy token, but a job token only with its own.
    if principal.type is not TokenType.JOB:
        return True
    return hmac.compare_digest(username.encode(), JOB_USERNAME.encode())
