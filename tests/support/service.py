"""The registry service as a real process: on one machine with a folder, or as the operator runs it in a pod.

Each process listens on a loopback address of its own, so that all of them may use the usual ports.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from registry_service.composition import compose
from registry_service.contract import environment, sync, tokens, wire
from registry_service.contract.clients import Access
from registry_service.contract.sync import Rules, TokenEntry, TokenSet
from registry_service.contract.tokens import DEFAULT_SCOPES, PERSONAL_USERNAME, TokenType
from registry_service.domain.catalog import Visibility
from registry_service.settings import read_settings
from registry_service.use_cases.minting import TokenRequest
from tests.cluster.certificates import Authority, Subject
from tests.cluster.commands import run
from tests.cluster.places import REPOSITORY
from tests.support.network import own_address
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from registry_service.storage.s3_client import S3Settings

_READY_SECONDS = 60
_COMMAND_SECONDS = 60
_ANSWER_SECONDS = 10


class Registry(Protocol):
    """A running registry in which tests make projects of their own."""

    @property
    def url(self) -> str: ...

    def project(self, name: str) -> Access:
        """Make a private project and a personal token for it."""
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """`registry-service` with what its environment holds; `folder` takes its output."""

    folder: Path
    variables: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        """Run one command to its end; what it printed. Raises CommandFailedError."""
        command = [sys.executable, "-m", "registry_service", *arguments]
        return run(command, timeout=_COMMAND_SECONDS, env=self._environment(), cwd=self.folder)

    @contextmanager
    def serving(self, host: str, *arguments: str, probe: str) -> Iterator[Server]:
        """Serve for the length of the block, which begins when the metrics port answers `probe` with 200."""
        output, log = self.folder / "serve.output", self.folder / "serve.log"
        with output.open("wb") as stdout, log.open("ab") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "registry_service", "serve", "--host", host, *arguments],
                env=self._environment(),
                cwd=self.folder,
                stdout=stdout,
                stderr=stderr,
            )
        server = Server(process, host, output)
        try:
            wait_for(lambda: server.answers(probe), process=process, log=log, seconds=_READY_SECONDS)
            yield server
        finally:
            # At once; what SIGTERM does in a pod takes its time.
            process.send_signal(signal.SIGINT)
            stop(process, seconds=40)

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **self.variables}


@dataclass(frozen=True, slots=True)
class Server:
    """A process that serves."""

    process: subprocess.Popen[bytes]
    host: str
    output: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{environment.PUBLIC_PORT}"

    def printed(self) -> str:
        """What it told the person who started it."""
        return self.output.read_text()

    def answers(self, probe: str) -> bool | None:
        """Whether both its ports answer, the metrics port with 200."""
        try:
            _get(f"http://{self.host}:{environment.METRICS_PORT}{probe}")
            _get(f"{self.url}/-/sign-in")
        except urllib.error.HTTPError as not_yet:
            not_yet.close()
            return None
        except OSError:
            return None
        return True


@dataclass(frozen=True, slots=True)
class Standalone:
    """A registry on one machine; its projects and tokens are made beside the running service, as commands do."""

    program: Program
    server: Server
    data: Path

    @property
    def url(self) -> str:
        return self.server.url

    def project(self, name: str, *, visibility: str = "private") -> Access:
        """Make a project and a personal token for it.

        Not by command: commands have tests of their own, and every test that starts two pays for two more Pythons.
        """
        return access(self.url, name, asyncio.run(self._found(name, Visibility(visibility))))

    async def _found(self, name: str, visibility: Visibility) -> str:
        beside = compose(read_settings({}, self.data))
        try:
            await beside.minting.create_project(name, visibility)
            return await beside.minting.create_token(TokenRequest(name, TokenType.PERSONAL))
        finally:
            await beside.database.close()


@dataclass(frozen=True, slots=True)
class Pod:
    """A registry as the operator runs it; its projects and tokens come through the sync port."""

    server: Server
    authority: Authority
    key: str

    @property
    def url(self) -> str:
        return self.server.url

    def project(self, name: str) -> Access:
        """Make a namespace's project: its set has one personal token."""
        kind = TokenType.PERSONAL
        token = tokens.mint(kind, secrets.token_bytes)
        parsed = tokens.parse(token)
        assert parsed is not None
        entry = TokenEntry(parsed.id, tokens.digest(token), "ci", kind, DEFAULT_SCOPES[kind], PERSONAL_USERNAME)
        return self._found(name, token, entry)

    def imported(self, name: str, token: str) -> Access:
        """Make a namespace's project with the token that a CI system gave to a job."""
        digest = tokens.imported_digest(token, self.key.encode())
        user = tokens.JOB_USERNAME
        entry = TokenEntry(tokens.imported_id(digest), digest, "ci", TokenType.JOB, username=user, imported=True)
        return replace(self._found(name, token, entry), username=user)

    def rules(self, rules: Rules) -> None:
        """Send rules in place of those before."""
        self._put(sync.RULES_PATH, rules)

    def _found(self, name: str, token: str, entry: TokenEntry) -> Access:
        self._put(f"{sync.SETS_PATH}/uid-of-{name}", TokenSet(name, (entry,)))
        return access(self.url, name, token)

    def _put(self, path: str, body: object) -> None:
        etag = self._sync("GET", path, None, None)
        self._sync("PUT", path, wire.encode(body), etag)

    def _sync(self, method: str, path: str, body: bytes | None, etag: str | None) -> str:
        headers = {"Authorization": f"Bearer {self.key}"} | ({"If-Match": etag} if etag else {})
        url = f"https://{self.server.host}:{environment.SYNC_PORT}{path}"
        request = urllib.request.Request(url, body, headers, method=method)
        trust = ssl.create_default_context(cafile=self.authority.certificate)
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS, context=trust) as response:
            return str(response.headers["ETag"])


@contextmanager
def standalone(folder: Path, *arguments: str) -> Iterator[Standalone]:
    """`registry-service serve --data DIR`, with DIR in `folder`."""
    data = folder / "data"
    program = Program(folder, {})
    with program.serving(own_address(), "--data", str(data), *arguments, probe="/readyz") as server:
        yield Standalone(program, server, data)


@contextmanager
def pod(folder: Path, database_url: str, bucket: S3Settings) -> Iterator[Pod]:
    """A migrated and served registry on PostgreSQL and an object store, with a sync port; it has no rules yet."""
    key = secrets.token_hex(32)
    authority = Authority(folder / "sync", datetime.now(UTC))
    authority.establish()
    (folder / "sync" / "key").write_text(key)
    host = own_address()
    authority.pair("tls", Subject("registry", names=(host,)))
    program = Program(folder, pod_environment(database_url, bucket, folder / "sync"))
    program.run("migrate")
    with program.serving(host, probe="/healthz") as server:
        yield Pod(server, authority, key)


def access(url: str, project: str, token: str) -> Access:
    """What a client needs to know of a project and a personal token."""
    return Access(url, project, PERSONAL_USERNAME, token, mount_path="/var/run/registry")


def pod_environment(database_url: str, bucket: S3Settings, directory: Path) -> dict[str, str]:
    """What the operator tells a pod of the registry."""
    return {
        environment.DATABASE_URL: database_url,
        environment.S3_ENDPOINT: bucket.endpoint,
        environment.S3_BUCKET: bucket.bucket,
        environment.S3_PREFIX: bucket.prefix,
        environment.S3_ACCESS_KEY: bucket.access_key,
        environment.S3_SECRET_KEY: bucket.secret_key,
        environment.S3_BUCKET_POLICY: bucket.bucket_policy,
        environment.SYNC_DIRECTORY: str(directory),
    }


def _get(url: str) -> None:
    with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as response:
        response.read()
