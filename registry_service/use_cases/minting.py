"""Projects and tokens made by command, without Kubernetes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from registry_service.contract import tokens as token_format
from registry_service.contract.tokens import DEFAULT_SCOPES, JOB_USERNAME, PERSONAL_USERNAME, Scope, TokenType
from registry_service.database import Database, audit, catalog, sets, tokens
from registry_service.database.tokens import NewToken, TokenChoice
from registry_service.database.transaction import ConflictError
from registry_service.domain.access import Principal
from registry_service.domain.audit import COMMAND, Action, Actor, Entry
from registry_service.domain.catalog import Project, Visibility, project_path_problem
from registry_service.domain.credentials import ListedToken
from registry_service.errors import NotFoundError, RefusedError


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token as it is asked for.

    No scopes means the defaults of its type, no lifetime for ever, no patterns every package.
    """

    project: str
    type: TokenType
    username: str | None = None
    scopes: tuple[Scope, ...] = ()
    lifetime: timedelta | None = None
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Minting:
    """Creates projects and tokens. `random(n)` returns n bytes from a cryptographic source."""

    database: Database
    clock: Callable[[], datetime]
    random: Callable[[int], bytes]

    async def create_project(self, path: str, visibility: Visibility) -> Project:
        """Create a project. Raises RefusedError when the path is no path or is taken."""
        problem = project_path_problem(path)
        if problem is not None:
            raise RefusedError(problem)
        try:
            async with self.database.transaction() as tx:
                project = await catalog.create_project(tx, path, visibility, now=self.clock())
                details = {"visibility": visibility.value}
                entry = Entry(Action.CREATE_PROJECT, COMMAND, details=details)
                await audit.record(tx, project.id, entry, at=self.clock())
                return project
        except ConflictError as error:
            raise RefusedError(f"there is a project {path!r} already") from error

    async def ensure_projects(self, paths: tuple[str, ...]) -> bool:
        """Create those of the named projects that do not exist; True when the registry had none at all before."""
        async with self.database.snapshot() as tx:
            is_new = await catalog.count_projects(tx) == 0
            missing = [path for path in paths if await catalog.find_project(tx, path) is None]
        for path in missing:
            await self.create_project(path, Visibility.PRIVATE)
        return is_new

    async def create_token(self, request: TokenRequest) -> str:
        """Mint a token and return it: the only time that it can be seen. Raises NotFoundError, RefusedError."""
        if request.type is TokenType.JOB and request.scopes:
            raise RefusedError("a job token takes no scopes: it reads and publishes in its own project")
        token = token_format.mint(request.type, self.random)
        now = self.clock()
        async with self.database.transaction() as tx:
            project = await catalog.find_project(tx, request.project)
            if project is None:
                raise NotFoundError("Project")
            new = _new_token(request, token, now)
            await tokens.create(tx, project.id, new, now=now)
            details = {"token": new.id, "type": new.type.value, "scopes": " ".join(new.scopes)}
            await audit.record(tx, project.id, Entry(Action.CREATE_TOKEN, COMMAND, details=details), at=now)
        return token

    async def list_tokens(self, project: str | None) -> tuple[ListedToken, ...]:
        """Every token that the registry knows of, or those of one project."""
        async with self.database.snapshot() as tx:
            return await tokens.list_tokens(tx, project, now=self.clock())

    async def revoke_token(self, token_id: str) -> None:
        """Revoke one token for good. Raises NotFoundError."""
        await self.revoke_tokens(TokenChoice(token_id=token_id))

    async def revoke_tokens(self, chosen: TokenChoice, actor: Actor = COMMAND) -> int:
        """Revoke tokens for good; how many there were. Raises NotFoundError when there was none that lived."""
        now = self.clock()
        async with self.database.transaction() as tx:
            revoked = await tokens.revoke(tx, chosen, now=now)
            for token in revoked:
                entry = Entry(Action.REVOKE_TOKEN, actor, details={"token": token.id})
                await audit.record(tx, token.project_id, entry, at=now)
        if not revoked:
            raise NotFoundError("Token")
        return len(revoked)

    async def revoke_by_possession(self, holder: Principal, address: str) -> None:
        """Revoke a token that someone found: to hold it is to be allowed to. Raises NotFoundError."""
        actor = Actor(holder.name, holder.token_id, holder.type.value, address)
        await self.revoke_tokens(TokenChoice(token_id=holder.token_id), actor)

    async def suspend_tokens(self) -> None:
        """Refuse every token until the operator sends its set again: what to do after a restored backup."""
        async with self.database.transaction() as tx:
            await sets.suspend_all(tx, COMMAND, now=self.clock())


def _new_token(request: TokenRequest, token: str, now: datetime) -> NewToken:
    parsed = token_format.parse(token)
    username = {TokenType.PERSONAL: PERSONAL_USERNAME, TokenType.JOB: JOB_USERNAME}.get(request.type, request.username)
    return NewToken(
        id=parsed.id if parsed else "",
        digest=token_format.digest(token),
        type=request.type,
        name=username or "deploy",
        scopes=request.scopes or DEFAULT_SCOPES[request.type],
        username=username,
        not_after=None if request.lifetime is None else now + request.lifetime,
        packages=request.packages,
    )
