"""`project create` and `token create | list | revoke | suspend`."""

from argparse import Namespace
from datetime import timedelta

from registry_service.contract.tokens import TokenType
from registry_service.database.tokens import TokenChoice
from registry_service.use_cases.minting import TokenRequest
from registry_service.use_cases.service import Service


async def create_project(service: Service, arguments: Namespace) -> None:
    """Create a project."""
    project = await service.minting.create_project(arguments.name, arguments.visibility)
    _say(f"project {project.path} has the numeric id {project.id}")


async def create_token(service: Service, arguments: Namespace) -> None:
    """Mint a token and print it, and nothing else."""
    lifetime = None if arguments.expires_in is None else timedelta(seconds=arguments.expires_in)
    kind = TokenType(arguments.type.title())
    request = TokenRequest(
        project=arguments.project,
        type=kind,
        username=arguments.username,
        scopes=tuple(arguments.scope),
        lifetime=lifetime,
        packages=tuple(arguments.package),
    )
    _say(await service.minting.create_token(request))


async def list_tokens(service: Service, arguments: Namespace) -> None:
    """Print a line for each token: never the token itself."""
    for token in await service.minting.list_tokens(arguments.project):
        ends = "never" if token.not_after is None else token.not_after.isoformat(timespec="seconds")
        scopes, packages = (",".join(words) or "-" for words in (token.scopes, token.packages))
        kept = f"{token.id}  {token.project}  {token.type}  {token.name}  {scopes}  {token.state}  {ends}"
        _say(f"{kept}  {packages}")


async def revoke_token(service: Service, arguments: Namespace) -> None:
    """Revoke one token, or all of a project or of a time."""
    if arguments.token_id is not None:
        await service.minting.revoke_token(arguments.token_id)
        _say(f"token {arguments.token_id} is revoked")
        return
    chosen = TokenChoice(project=arguments.project, created_before=arguments.created_before)
    _say(f"revoked tokens: {await service.minting.revoke_tokens(chosen)}")


async def suspend_tokens(service: Service, _: Namespace) -> None:
    """Suspend every token."""
    await service.minting.suspend_tokens()
    _say("every token is suspended; those of RegistryTokens return when the operator sends their sets again")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - a command's answer
