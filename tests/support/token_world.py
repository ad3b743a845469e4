"""A namespace with RegistryTokens, a registry that really answers, and an operator that can be stopped at any call.

The API server is the one in memory; the registry is the whole service on SQLite, its sync port reached through the
operator's own client.
"""

import base64
import datetime as dt
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from registry_operator.cluster.kinds import Object
from registry_operator.planning.installation import Installation
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.reconcilers.sync_port import SyncPort
from registry_operator.reconcilers.token_set import TokenSetReconciler
from registry_operator.registry_client import RegistryClient, SyncAddress
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.work_queue import Outcome
from registry_service.api.application import public_application
from registry_service.api.sync import sync_application
from registry_service.composition import compose
from registry_service.database.identity import Identity
from registry_service.settings import Settings
from registry_service.use_cases.service import Service
from tests.support.fake_kube import FakeKube
from tests.support.old_image import OldImage
from tests.support.sync_exchange import exchange_over

HOME, NAMESPACE = "team-a", "team-b"
KEY = TokenSetKey(RegistryKey(HOME, "demo"), NAMESPACE)
INSTALLATION = Installation("service:1", "postgresql:1", "object-store:1", base_domain="registry.test")
Allow = dict[str, str]


class Crash(BaseException):
    """The operator's process ends here."""


@dataclass
class Interruption:
    """Counts writes; right after the `at`-th the process ends.

    To stop after a read is to stop after the write before it: nothing that outlives the process has changed.
    """

    at: int | None = None
    writes: int = 0

    async def through(self, call: Callable[[], Any], *, writing: bool) -> Any:  # Any: whatever the call returns
        answer = await call()
        if writing:
            self.writes += 1
            if self.writes == self.at:
                raise Crash
        return answer


class InterruptedKube:
    """A Kube whose every write goes through an interruption."""

    def __init__(self, kube: FakeKube, interruption: Interruption) -> None:
        self._kube = kube
        self._interruption = interruption

    def __getattr__(self, name: str) -> Any:  # Any: one of the port's methods
        method = getattr(self._kube, name)

        async def call(*arguments: Any, **named: Any) -> Any:  # Any: as the method has them
            writing = name not in ("get", "find")
            return await self._interruption.through(lambda: method(*arguments, **named), writing=writing)

        return call


class InterruptedTransport(httpx2.ASGITransport):
    """The way to the sync port, through an interruption."""

    interruption: Interruption

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        inner = super().handle_async_request
        writing = request.method == "PUT"
        answer: httpx2.Response = await self.interruption.through(lambda: inner(request), writing=writing)
        return answer


@dataclass
class World:
    """Everything that a test looks at and changes; `now` is the operator's clock.

    With `old_image` the registry speaks the first contract.
    """

    kube: FakeKube
    service: Service
    http: httpx2.AsyncClient
    folder: Path
    old_image: bool = False
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC).replace(microsecond=0))

    def operator(self, interruption: Interruption | None = None) -> TokenSetReconciler:
        """An operator that has just started: it remembers nothing."""
        interruption = interruption or Interruption()
        kube: Any = InterruptedKube(self.kube, interruption)  # Any: the port, by way of __getattr__
        port = SyncPort(
            kube=kube,
            clock=lambda: self.now,
            random=secrets.token_bytes,
            url=lambda registry: f"http://{registry.metadata.name}.example",
            connect=lambda address: self._connect(address, interruption),
        )
        return TokenSetReconciler(kube, INSTALLATION, port, SyncMemory(), lambda: self.now, secrets.token_bytes)

    async def passes(self, count: int = 3, key: TokenSetKey = KEY) -> Outcome:
        """Let a new operator make passes until it has nothing more to do, at most `count`; returns the last outcome."""
        operator = self.operator()
        outcome = Outcome(failed=True)
        for _ in range(count):
            before = len(self.kube.writes)
            outcome = await operator.reconcile(key)
            if len(self.kube.writes) == before:
                return outcome
        return outcome

    def token(self, name: str, **spec: Any) -> Object:  # Any: fields of the spec
        """Apply a RegistryToken; one that is there keeps its identity and its status."""
        present = self.kube.objects.get(("RegistryToken", NAMESPACE, name), {})
        body = present | {
            "apiVersion": "pypiregistry.dev/v1alpha1",
            "kind": "RegistryToken",
            "metadata": present.get("metadata", {}) | {"namespace": NAMESPACE, "name": name},
            "spec": {"registryRef": {"name": "demo", "namespace": HOME}, "type": "Deploy"} | spec,
        }
        return self.kube.put(body)

    def read(self, name: str) -> Object:
        """A RegistryToken as it is now."""
        return self.kube.objects["RegistryToken", NAMESPACE, name]

    def ready(self, name: str) -> tuple[str, str, str]:
        """Status, reason and message of a RegistryToken's Ready."""
        conditions = {one["type"]: one for one in self.read(name)["status"]["conditions"]}
        return conditions["Ready"]["status"], conditions["Ready"]["reason"], conditions["Ready"]["message"]

    def password(self, name: str) -> str | None:
        """What the Secret of a RegistryToken holds, None when there is none."""
        secret = self.kube.objects.get(("Secret", NAMESPACE, name))
        return None if secret is None else base64.b64decode(secret["data"]["password"]).decode()

    async def status_of(self, password: str, user: str = "ci") -> int:
        """The HTTP status that a client with this password gets for the namespace's index."""
        url = f"/api/v4/projects/{NAMESPACE}/packages/pypi/simple/"
        return (await self.http.get(url, auth=(user, password))).status_code

    def allow(self, **projects: Any) -> None:  # Any: fields of spec.projects
        """Change which namespaces the registry admits."""
        self.change_registry(projects=projects)

    def change_registry(self, **spec: Any) -> None:  # Any: fields of the spec
        """Change the registry's spec."""
        registry = self.kube.objects["PyPIRegistry", HOME, "demo"]
        self.kube.put(registry | {"spec": registry["spec"] | spec})

    @asynccontextmanager
    async def _connect(self, address: SyncAddress, interruption: Interruption) -> AsyncIterator[RegistryClient]:
        port = sync_application(self.service)
        transport = InterruptedTransport(app=OldImage(port) if self.old_image else port)
        transport.interruption = interruption
        headers = {"Authorization": f"Bearer {address.key}"}
        async with httpx2.AsyncClient(transport=transport, base_url=address.url, headers=headers) as client:
            yield RegistryClient(exchange_over(client), 30.0)


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """Two namespaces, a registry in one that admits the other, and its service."""
    kube = FakeKube()
    for name in (HOME, NAMESPACE):
        kube.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": name}}})
    kube.put(_registry())
    service = compose(_settings(folder))
    await service.founding.migrate()
    async with service.archives, _public(service) as http:
        made = World(kube, service, http, folder)
        registry = PyPIRegistry.parse(kube.objects["PyPIRegistry", HOME, "demo"])
        secret = await made.operator().port.ensure_secret(registry)
        assert secret is not None
        (folder / "key").write_bytes(secret.data["key"])
        yield made
    await service.database.close()


def _registry() -> Object:
    conditions = [
        {"type": kind, "status": "True", "reason": "Succeeded", "message": ""} for kind in ("Ready", "Available")
    ]
    return {
        "apiVersion": "pypiregistry.dev/v1alpha1",
        "kind": "PyPIRegistry",
        "metadata": {"namespace": HOME, "name": "demo"},
        "spec": {
            "database": {"type": "Managed"},
            "storage": {"type": "Managed"},
            "exposure": {"type": "Ingress"},
            "projects": {"from": "Selector", "selector": {"matchLabels": {"team": NAMESPACE}}},
        },
        "status": {"conditions": conditions},
    }


def _settings(folder: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{folder / 'registry.db'}",
        data=folder,
        store=folder / "blobs",
        identity=Identity(),
        external_url=None,
        trusted_proxies=(),
        max_upload_size=1024,
        sync_directory=folder,
        termination_message=None,
    )


def _public(service: Service) -> AbstractAsyncContextManager[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=public_application(service))
    return httpx2.AsyncClient(transport=transport, base_url="http://registry.example")


def states(world: World, name: str = "ci") -> list[str]:
    return [entry["state"] for entry in world.read(name)["status"].get("credentials", [])]


async def issued(world: World, name: str = "ci") -> str:
    """Apply a RegistryToken and let it be issued; returns the password."""
    world.token(name)
    await world.passes()
    password = world.password(name)
    assert password is not None
    assert world.ready(name)[:2] == ("True", "Succeeded"), world.ready(name)
    return password


def address(world: World) -> SyncAddress:
    return SyncAddress("http://registry.example", "", (world.folder / "key").read_text(), 30.0)
