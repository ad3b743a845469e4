"""A crowd on a real API server: namespaces with a registry and its tokens, the operator's process, and the far side.

No pod runs. What the controllers of Jobs and Deployments would report is written here.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from registry_operator.cluster.kinds import DEPLOYMENT, JOB, PYPI_REGISTRY, REGISTRY_TOKEN, Object
from tests.cluster.client import hosts_file
from tests.cluster.places import REPOSITORY
from tests.support import operator_process
from tests.support.api_server import ADMIN
from tests.support.network import free_port, own_address
from tests.support.waiting import stop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from registry_operator.cluster.kube import Kube
    from tests.support.api_server import ApiServer

T = TypeVar("T")

NAME = "demo"
_VERSION = "pypiregistry.dev/v1alpha1"
_AT_ONCE = 16
_DATABASE = {"uri": "postgresql://user:pass@database.example/packages"}
_STORE = {"AWS_ACCESS_KEY_ID": "access", "AWS_SECRET_ACCESS_KEY": "secret"}
_LOOK_AGAIN_SECONDS = 1.0
_PASSES, _DEPTH = "pypi_registry_operator_reconcile_total{", "pypi_registry_operator_workqueue_depth"
_READY_SECONDS = 1800.0


@dataclass
class Stage:
    """`size` registries, one a namespace, each with `tokens` RegistryTokens."""

    server: ApiServer
    kube: Kube
    folder: Path
    size: int
    tokens: int
    address: str = field(default_factory=own_address)
    metrics_port: int = field(default_factory=free_port)

    @property
    def namespaces(self) -> list[str]:
        return [f"n{number:04}" for number in range(self.size)]

    async def fill(self) -> None:
        """Make everything that people make."""
        await each(self._fill, self.namespaces)

    async def _fill(self, namespace: str) -> None:
        await self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        await self.kube.create(_secret(namespace, "database", _DATABASE))
        await self.kube.create(_secret(namespace, "store", _STORE))
        await self.kube.create(_registry(namespace))
        for number in range(self.tokens):
            await self.kube.create(token(namespace, f"token-{number}"))

    async def settle(self, seconds: float = _READY_SECONDS) -> None:
        """Play the controllers until every registry and every token is ready. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._settle()

    async def _settle(self) -> None:
        began = time.monotonic()
        while not await self._play():
            # To list a whole crowd takes its time from those who are to become ready.
            took = time.monotonic() - began
            await asyncio.sleep(max(_LOOK_AGAIN_SECONDS, 3 * took))  # another program: it can only be asked for
            began = time.monotonic()

    async def _play(self) -> bool:
        done = _finished()
        running = [body for body in await self.kube.find(JOB) if "completionTime" not in body.get("status", {})]
        await each(lambda body: self._report(body, done), running)
        waiting = [body for body in await self.kube.find(DEPLOYMENT) if not body.get("status", {}).get("replicas")]
        await each(lambda body: self._report(body, _rolled_out(body)), waiting)
        counted = [(PYPI_REGISTRY, self.size), (REGISTRY_TOKEN, self.size * self.tokens)]
        missing = [wanted - sum(map(_is_ready, await self.kube.find(kind))) for kind, wanted in counted]
        print(f"  not ready: {missing[0]} registries, {missing[1]} tokens", file=sys.stderr, flush=True)
        return not any(missing)

    async def _report(self, body: Object, status: Object) -> None:
        metadata = {key: body["metadata"][key] for key in ("name", "namespace", "uid")}
        await self.kube.apply(body | {"metadata": metadata, "status": status}, subresource="status")

    def start_operator(self, **variables: str) -> subprocess.Popen[bytes]:
        """Start the operator's process, to which every registry's sync port is the far side.

        `variables` are in its environment besides those that it needs.
        """
        hosts = self.folder / "hosts"
        names = [f"{NAME}-sync.{namespace}.svc" for namespace in self.namespaces]
        own = "".join(f"{self.address} {name}\n" for name in names)
        hosts.write_text(hosts_file(own, "127.0.0.1", ["localhost"]))
        ports = {"OPERATOR_METRICS_PORT": str(self.metrics_port)}
        return operator_process.start(self.folder, self.server.kubeconfig, **ports, **variables)

    def has_settled(self) -> bool:
        """Whether the operator looked at each registry and at each set of tokens, and nothing waits to be passed."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=30) as reply:
                samples = [line.rpartition(" ") for line in reply.read().decode().splitlines()]
        except urllib.error.URLError:
            return False  # it has not come so far
        passed = {
            kind: sum(float(value) for name, _, value in samples if name.startswith(_PASSES) and f'"{kind}"' in name)
            for kind in ("registry", "token_set")
        }
        waiting = next((float(value) for name, _, value in samples if name == _DEPTH), None)
        return min(passed.values()) >= self.size and waiting == 0

    def start_peer(self) -> subprocess.Popen[bytes]:
        """Start the far side."""
        pair = self.server.authority.pair("user-admin", ADMIN)
        for source, name in ((pair.certificate, "admin.crt"), (pair.key, "admin.key")):
            shutil.copy(source, self.folder / name)
        shutil.copy(self.server.authority.certificate, self.folder / "ca.crt")
        command = [sys.executable, "-m", "benchmarks.crowd_peer", self.address, self.server.url, str(self.folder)]
        path = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{REPOSITORY / 'operator'}:{REPOSITORY}"}
        with (self.folder / "peer.log").open("ab") as log:
            return subprocess.Popen(command, env=path, cwd=self.folder, stdout=log, stderr=log)

    def requests(self) -> dict[str, int]:
        """How many requests the API server got, by verb, for kinds that the operator deals with."""
        pair = self.server.authority.pair("user-admin", ADMIN)
        trust = ssl.create_default_context(cafile=self.server.authority.certificate)
        trust.load_cert_chain(pair.certificate, pair.key)
        with urllib.request.urlopen(f"{self.server.url}/metrics", timeout=30, context=trust) as reply:
            lines = reply.read().decode().splitlines()
        return counted(lines)


def counted(lines: Iterable[str]) -> dict[str, int]:
    """Requests by verb, watches apart, from the API server's metrics."""
    found: dict[str, int] = {}
    for line in lines:
        if line.startswith("apiserver_request_total{"):
            labels, _, value = line.rpartition(" ")
            verb, kind = (labels.partition(f'{name}="')[2].partition('"')[0] for name in (",verb", ",resource"))
            if kind in _KINDS and verb not in ("WATCH", "CONNECT"):
                found[verb] = found.get(verb, 0) + int(float(value))
    return found


_KINDS = (
    *("pypiregistries", "registrytokens", "namespaces", "secrets", "configmaps", "services", "serviceaccounts", "pods"),
    *("deployments", "statefulsets", "jobs", "ingresses", "networkpolicies"),
)


async def each(action: Callable[[T], Awaitable[None]], things: Iterable[T]) -> None:
    """Do it for all, a few at once."""
    waiting = iter(things)

    async def work() -> None:
        for thing in waiting:
            await action(thing)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


def token(namespace: str, name: str) -> Object:
    """A RegistryToken."""
    spec = {"registryRef": {"name": NAME}, "type": "Deploy"}
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": _VERSION, "kind": "RegistryToken", "metadata": metadata, "spec": spec}


def end(process: subprocess.Popen[bytes]) -> None:
    """End one of the programs."""
    stop(process, seconds=30)


def _registry(namespace: str) -> Object:
    store = {"endpoint": "https://s3.example", "region": "eu-central-1", "bucket": "packages"}
    spec = {
        "database": {"type": "Secret", "secret": {"name": "database"}},
        "storage": {"type": "S3", "s3": store | {"credentials": {"secret": {"name": "store"}}}},
        "exposure": {"type": "None"},
    }
    metadata = {"namespace": namespace, "name": NAME}
    return {"apiVersion": _VERSION, "kind": "PyPIRegistry", "metadata": metadata, "spec": spec}


def _secret(namespace: str, name: str, data: dict[str, str]) -> Object:
    metadata = {"namespace": namespace, "name": name, "labels": {"pypiregistry.dev/watch": "true"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


def _is_ready(body: Object) -> bool:
    conditions = body.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _rolled_out(body: Object) -> Object:
    counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas", "availableReplicas"), 1)
    return {"observedGeneration": body["metadata"]["generation"], **counts}


def _finished() -> Object:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [
        {"type": kind, "status": "True", "reason": "Played", "message": "", "lastTransitionTime": now}
        for kind in ("SuccessCriteriaMet", "Complete")
    ]
    return {"startTime": now, "completionTime": now, "succeeded": 1, "conditions": conditions}
