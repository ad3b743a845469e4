"""The uvicorn servers of one process and the loops beside them, from start to a graceful end.

Code after uvicorn's own `serve` does not run on SIGTERM, because it raises the signal again; so signals are
taken here and every server is asked to end.
"""

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry_service.api.application import public_application
from registry_service.api.probes import probe_application
from registry_service.api.protocol import ExplainingProtocol
from registry_service.api.sync import sync_application
from registry_service.contract.environment import ENDING_SECONDS, LEAVING_SECONDS, SYNC_PORT
from registry_service.database import migrating
from registry_service.errors import DatabaseError, PortError
from registry_service.use_cases.service import Service

KEEP_ALIVE_SECONDS: Final = 75
# Its socket, a spool or a blob, and a connection to the store.
FILES_PER_CONNECTION: Final = 3
CERTIFICATE_CHECK_SECONDS: Final = 5
RECORD_USES_SECONDS: Final = 10
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen; port 0 takes any free one."""

    host: str
    port: int
    metrics_port: int


async def serve(service: Service, listen: Listen, started: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `started` is called with the public URL once its port is open.

    Raises PortError.
    """
    _allow_connections()
    public, application = _bind(listen.host, listen.port), _Leaving(public_application(service))
    servers = [
        (_server(application, trusted=service.settings.trusted_proxies), public),
        (_server(probe_application(lambda: is_ready(service))), _bind(listen.host, listen.metrics_port)),
    ]
    directory = service.settings.sync_directory
    if directory is not None:
        servers.append((_sync_server(service, directory), _bind(listen.host, SYNC_PORT)))
    leaving_seconds = 0 if directory is None else LEAVING_SECONDS
    _end_on_signals([server for server, _ in servers], application, leaving_seconds=leaving_seconds)
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    started(f"http://{host}:{public.getsockname()[1]}")
    async with service.archives, contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(service.database.close)
        await service.archives.warm()
        await _run(servers, directory, service)


async def is_ready(service: Service) -> bool:
    """Whether this process can serve: the database has its schema, and in a pod rules have arrived."""
    if not await migrating.schema_is_served(service.database):
        return False
    return service.settings.sync_directory is None or await service.token_sync.has_rules()


@dataclass(slots=True)
class _Leaving:
    """An application whose answers, once the process is to leave, end their connections.

    Who keeps one then makes the next elsewhere, and nobody sends a request into one that is just being closed.
    """

    inner: ASGIApp
    leaving: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and say that it was the last answer of this connection."""

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self.inner(scope, receive, send_last if self.leaving else send)


class _Server(uvicorn.Server):
    """A server that leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _run(servers: list[tuple[_Server, socket.socket]], directory: Path | None, service: Service) -> None:
    async with asyncio.TaskGroup() as group:
        beside = [group.create_task(_record_uses(service))]
        if directory is not None:
            beside.append(group.create_task(_renew_certificate(servers[-1][0], directory)))
        running = [group.create_task(server.serve(sockets=[bound])) for server, bound in servers]
        # A server that ends by itself takes the process with it: Kubernetes starts another.
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        _end([server for server, _ in servers])
        await asyncio.wait(running)
        for loop in beside:
            loop.cancel()


def _end_on_signals(servers: list[_Server], application: _Leaving, *, leaving_seconds: float) -> None:
    loop = asyncio.get_running_loop()

    def leave() -> None:
        application.leaving = True
        loop.call_later(leaving_seconds, _end, servers)

    def interrupt() -> None:
        for server in servers:
            # Who asks a second time does not want to wait for what is under way.
            server.force_exit = server.should_exit
        _end(servers)

    loop.add_signal_handler(signal.SIGTERM, leave)
    loop.add_signal_handler(signal.SIGINT, interrupt)


def _end(servers: list[_Server]) -> None:
    for server in servers:
        server.should_exit = True


def _server(app: ASGIApp, *, trusted: tuple[str, ...] = ()) -> _Server:
    config = uvicorn.Config(
        app,
        http=ExplainingProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=list(trusted),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=ENDING_SECONDS,
    )
    return _Server(config)


def _sync_server(service: Service, directory: Path) -> _Server:
    server = _server(sync_application(service))
    server.config.ssl_certfile = directory / "tls.crt"
    server.config.ssl_keyfile = directory / "tls.key"
    return server


async def _renew_certificate(server: _Server, directory: Path) -> None:
    """Take up a renewed certificate: the kubelet rewrites the mounted files under a running pod."""
    seen = _version(directory)
    while True:
        await asyncio.sleep(CERTIFICATE_CHECK_SECONDS)
        current = _version(directory)
        if current != seen and server.config.ssl is not None:
            server.config.ssl.load_cert_chain(directory / "tls.crt", directory / "tls.key")
            seen = current


async def _record_uses(service: Service) -> None:
    """Tell the database now and then which tokens were used."""
    while True:
        await asyncio.sleep(RECORD_USES_SECONDS)
        try:
            await service.authenticating.record_uses()
        except DatabaseError as error:
            _log.warning("when tokens were used could not be recorded: %s", error)


def _version(directory: Path) -> int:
    try:
        return (directory / "tls.crt").stat().st_mtime_ns
    except FileNotFoundError:  # in the middle of the kubelet's exchange
        return 0


def _allow_connections() -> None:
    """Take as many files as all connections may need: many container engines give 1,024 until one asks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_PER_CONNECTION * ExplainingProtocol.limits.connections
    enough = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise PortError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return bound
