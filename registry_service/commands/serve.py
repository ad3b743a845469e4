"""`serve`: run the registry; with --data also care for its database, its first project and its first token."""

import fcntl
import logging
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry_service.contract import urls
from registry_service.contract.tokens import TokenType
from registry_service.errors import RefusedError
from registry_service.serving import Listen, serve
from registry_service.use_cases.minting import TokenRequest
from registry_service.use_cases.service import Service

DEFAULT_PROJECT = "demo"

logger = logging.getLogger(__name__)


async def run(service: Service, arguments: Namespace) -> None:
    """Serve until told to end. Raises RefusedError when another process serves the same folder."""
    listen = Listen(arguments.host, arguments.port, arguments.metrics_port)
    data = service.settings.data
    if data is None:
        await serve(service, listen, lambda url: logger.info("serving %s", url))
        return
    with _alone(data):
        projects = tuple(arguments.project or (DEFAULT_PROJECT,))
        token = await _prepare(service, projects)
        await serve(service, listen, lambda url: _welcome(url, projects[0], token))


async def _prepare(service: Service, projects: tuple[str, ...]) -> str | None:
    await service.founding.migrate()
    if not await service.minting.ensure_projects(projects):
        return None
    return await service.minting.create_token(TokenRequest(projects[0], TokenType.PERSONAL))


def _welcome(url: str, project: str, token: str | None) -> None:
    lines = [
        f"Registry:  {url}",
        f"Publish:   {url}{urls.upload_path(project)}",
        f"Index:     {url}{urls.index_path(project)}",
        f"Packages:  {url}{urls.packages_page_path(project)}",
    ]
    if token is not None:
        lines += ["User name: __token__", f"Token:     {token}", "The token is shown only now."]
    print("\n".join(lines), flush=True)  # noqa: T201 - it is for the person who started the program


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "serve.lock").open("w")
    except OSError as error:
        raise RefusedError(f"{data} cannot be used: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError(f"another process serves {data}") from error
        yield
