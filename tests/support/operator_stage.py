"""The real operator's process on a real API server, and a registry that really serves; only pods are played.

What a kubelet and the controllers of workloads would report is written by `played_workloads`. The registry's sync port
is reached by its name in the cluster, which leads to a proxy: the operator has a hosts file of its own.
"""

from __future__ import annotations

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from registry_operator.planning.ledger import IssuingContext
from registry_operator.planning.token_set import token_set
from registry_operator.resources.token import RegistryToken
from registry_service.contract import environment, sync, tokens, wire
from tests.cluster.certificates import Subject
from tests.cluster.client import hosts_file
from tests.support import operator_process, played_workloads
from tests.support.api_server import ADMIN
from tests.support.network import own_address
from tests.support.registry_rows import RegistryRows
from tests.support.service import Program, Server
from tests.support.stopping_proxy import Gate, Peer, proxy

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.api_server import ApiServer

T = TypeVar("T")
Object = dict[str, Any]  # Any: an object as the API server has it

HOME, NAME = "home", "demo"
_LABELS = {"admitted": "yes"}
_GROUP = "/apis/pypiregistry.dev/v1alpha1"
_MERGE = "application/merge-patch+json"
_LOOK_AGAIN = 0.05
_API_PORT = 6443


@dataclass
class Stage:
    """One API server, one registry in HOME that admits every namespace, and its operator."""

    server: ApiServer
    folder: Path
    gate: Gate
    proxy_address: str = field(default_factory=own_address)
    sync_address: str = field(default_factory=own_address)
    service: Server | None = None
    operators: list[subprocess.Popen[bytes]] = field(default_factory=list)
    proxied: bool = True
    variables: dict[str, str] = field(default_factory=dict)
    account: Subject = ADMIN

    def start_operator(self, *, beside: bool = False, **more: str) -> subprocess.Popen[bytes]:
        """Start the operator's process behind the proxies, instead of the last one or `beside` it.

        `more` are variables of its environment, besides the stage's own.
        """
        process = operator_process.start(self.folder, self.folder / "operator.kubeconfig", **(self.variables | more))
        self.operators.append(process)
        if not beside:
            self.gate.started(process.pid)
        return process

    def end_operators(self) -> None:
        """Kill every operator that still runs, as a node does that is lost."""
        for process in self.operators:
            process.kill()
            process.wait()

    def get(self, path: str) -> Object | None:
        return self.server.call("GET", path)

    def token_path(self, namespace: str, name: str = "ci") -> str:
        return f"{_GROUP}/namespaces/{namespace}/registrytokens/{name}"

    def make_namespace(self, name: str) -> str:
        """Make a namespace; its UID."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": _LABELS}}
        made = self.server.call("POST", "/api/v1/namespaces", body)
        assert made is not None
        return str(made["metadata"]["uid"])

    def make_registry(self, namespace: str, **spec: object) -> None:
        """Make a PyPIRegistry with managed parts, and what `spec` says besides."""
        self.server.call("POST", f"{_GROUP}/namespaces/{namespace}/pypiregistries", _registry(**spec))

    def make_token(self, namespace: str, name: str = "ci", **spec: object) -> None:
        """Make a RegistryToken for the registry."""
        wanted = {"registryRef": {"name": NAME, "namespace": HOME}, "type": "Deploy"} | spec
        body = {"apiVersion": "pypiregistry.dev/v1alpha1", "kind": "RegistryToken", "spec": wanted}
        path = f"{_GROUP}/namespaces/{namespace}/registrytokens"
        self.server.call("POST", path, body | {"metadata": {"name": name}})

    def change_token(self, namespace: str, name: str = "ci", **spec: object) -> None:
        """Change fields of a RegistryToken's spec."""
        self.server.call("PATCH", self.token_path(namespace, name), {"spec": spec}, _MERGE)

    def password(self, namespace: str, name: str = "ci") -> str | None:
        """What the Secret of a RegistryToken holds."""
        secret = self.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        value = None if secret is None else (secret.get("data") or {}).get("password")
        return None if value is None else base64.b64decode(value).decode()

    def accepts(self, password: str) -> bool:
        """Whether the registry knows a token: what it may read is not asked."""
        assert self.service is not None
        basic = base64.b64encode(f"ci:{password}".encode()).decode()
        request = urllib.request.Request(
            f"{self.service.url}/api/v4/groups/{NAME}/-/packages/pypi/simple/",
            headers={"Authorization": f"Basic {basic}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20):
                return True
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code != 401

    @property
    def rows(self) -> RegistryRows:
        """What the registry holds, by its own database."""
        return RegistryRows(self.folder / "data" / "registry.db")

    def unsettled(self, namespace: str, uid: str, name: str = "ci") -> str | None:
        """What differs between a RegistryToken, its Secrets and the registry; None when all is well."""
        body = self.get(self.token_path(namespace, name))
        if body is None:
            return f"alive: {sorted(self.rows.living(uid))}" if self.rows.living(uid) else None
        token = RegistryToken.parse(body)
        entries = token.status.credentials
        states = sorted(entry.state.value for entry in entries)
        if states.count("Active") != 1 or "Pending" in states:
            return f"states {states}: {[c.get('message') for c in body.get('status', {}).get('conditions', [])]}"
        ready = {one["type"]: one for one in body["status"]["conditions"]}["Ready"]
        if ready["status"] != "True" or ready["observedGeneration"] != body["metadata"]["generation"]:
            return str(ready)
        return self._differs(token, uid)

    def _differs(self, token: RegistryToken, uid: str) -> str | None:
        namespace, entries = token.metadata.namespace, token.status.credentials
        active = next(entry for entry in entries if entry.state.value == "Active")
        password = self.password(namespace, token.metadata.name)
        if password is None or tokens.digest(password) != active.digest:
            return "the Secret does not hold the active credential"
        if not self.accepts(password):
            return "the registry refuses what the Secret holds"
        wanted = wire.encode(token_set(namespace, [(token, entries)], IssuingContext(datetime.now(UTC))))
        if self.rows.held_digest(uid) != sync.body_digest(wanted):
            return "the registry holds another set"
        listed = {entry.token_id for entry in entries}
        return None if self.rows.living(uid) <= listed else f"alive and not listed: {self.rows.living(uid) - listed}"

    def until(
        self, look: Callable[[], T | None], *, seconds: float, what: Callable[[], object], every: float = _LOOK_AGAIN
    ) -> T:
        """The first answer of `look` that is not None. Raises AssertionError with `what` and the operator's log."""
        deadline = time.monotonic() + seconds
        while (found := look()) is None:
            if time.monotonic() > deadline:
                log = (self.folder / "operator.log").read_text()[-3000:]
                ended = [process.poll() for process in self.operators[-2:]]
                raise AssertionError(f"not within {seconds} s: {what()}; operators ended with {ended}\n{log}")
            time.sleep(every)  # another program's progress can only be asked for
        return found

    def until_settled(self, namespace: str, uid: str, *, seconds: float) -> None:
        """Wait until nothing differs."""
        self.until(
            lambda: True if self.unsettled(namespace, uid) is None else None,
            seconds=seconds,
            what=lambda: self.unsettled(namespace, uid),
        )

    def until_gone(self, path: str, *, seconds: float) -> None:
        """Wait until the API server has no such object."""
        self.until(lambda: None if self.get(path) else True, seconds=seconds, what=lambda: self.get(path))

    def witness(self, change: str, body: bytes) -> None:
        """No Secret may hold, not even for a moment, what the registry does not take."""
        if "/secrets" not in change or f"/{HOME}/" in change or body[:1] != b"{":
            return
        data = json.loads(body).get("data", {})
        for key in ("password", "TWINE_PASSWORD"):
            if key in data and not self.accepts(base64.b64decode(data[key]).decode()):
                self.unregistered.append(change)

    unregistered: list[str] = field(default_factory=list)


@contextmanager
def stage(
    server: ApiServer,
    folder: Path,
    *,
    proxied: bool = True,
    variables: Mapping[str, str] | None = None,
    account: Subject = ADMIN,
) -> Iterator[Stage]:
    """Everything ready: the operator runs, the registry serves and has its rules.

    Not `proxied`, nothing stands between the three that could stop the operator or slow it down. `variables` are in
    the environment of every operator. `account` is who it is for the API server.
    """
    gate = Gate(lambda _change, _body: None)
    made = Stage(server, folder, gate, proxied=proxied, variables=dict(variables or {}), account=account)
    made.gate.witness = made.witness
    with ExitStack() as open_things:
        open_things.enter_context(_api_proxy(made))
        (folder / "hosts").write_text(
            hosts_file(Path("/etc/hosts").read_text(), made.sync_address, [f"{NAME}-sync.{HOME}.svc"])
        )
        made.make_namespace(HOME)
        made.make_registry(HOME)
        open_things.callback(made.end_operators)
        made.start_operator()
        open_things.enter_context(_serving(made))
        open_things.callback(made.end_operators)  # before what they talk to
        made.until(lambda: _ready(made), seconds=60, what=lambda: made.get(registry_path(HOME)))
        yield made


def registry_path(namespace: str) -> str:
    """Where the API server has the PyPIRegistry of a namespace."""
    return f"{_GROUP}/namespaces/{namespace}/pypiregistries/{NAME}"


def _registry(**more: object) -> Object:
    parts = {kind: {"type": "Managed"} for kind in ("database", "storage")}
    spec = parts | {
        "projects": {"from": "Selector", "selector": {"matchLabels": _LABELS}},
        "exposure": {"type": "None"},
    }
    return {
        "apiVersion": "pypiregistry.dev/v1alpha1", "kind": "PyPIRegistry", "metadata": {"name": NAME},
        "spec": spec | more,
    }  # fmt: skip


@contextmanager
def _api_proxy(made: Stage) -> Iterator[None]:
    authority, server = made.server.authority, made.server
    if not made.proxied:
        server.write_kubeconfig(made.folder / "operator.kubeconfig", made.account, server=server.url)
        yield
        return
    pair = authority.pair(f"proxy-{made.proxy_address}", Subject("proxy", names=(made.proxy_address,)))
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(pair.certificate, pair.key)
    url = f"https://{made.proxy_address}:{_API_PORT}"
    server.write_kubeconfig(made.folder / "operator.kubeconfig", Subject("operator"), server=url)
    peer = Peer(server.address, _API_PORT, server.context(made.account))
    with proxy((made.proxy_address, _API_PORT), own, peer, made.gate):
        yield


@contextmanager
def _serving(made: Stage) -> Iterator[None]:
    """The registry's service with the operator's sync Secret, and the proxy before its sync port."""
    path = f"/api/v1/namespaces/{HOME}/secrets/{NAME}-sync"
    secret = made.until(lambda: made.get(path), seconds=60, what=lambda: path)
    directory = made.folder / "sync"
    directory.mkdir()
    for key, value in secret["data"].items():
        (directory / key).write_bytes(base64.b64decode(value))
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(directory / "tls.crt", directory / "tls.key")
    trust = ssl.create_default_context(cafile=directory / "ca.crt")
    trust.check_hostname = False  # its certificate bears the Service's name, which leads to the proxy
    variables = {environment.SYNC_DIRECTORY: str(directory), environment.NAME: NAME}
    arguments = ("--data", str(made.folder / "data"))
    host = own_address() if made.proxied else made.sync_address
    with ExitStack() as running:
        program = Program(made.folder, variables)
        made.service = running.enter_context(program.serving(host, *arguments, probe="/healthz"))
        if made.proxied:
            before, peer = (made.sync_address, environment.SYNC_PORT), Peer(host, environment.SYNC_PORT, trust)
            running.enter_context(proxy(before, own, peer, made.gate))
        yield


def _ready(made: Stage) -> bool | None:
    """Play the registry's workloads; True once it is ready."""
    played_workloads.play(made.server, HOME)
    registry = made.get(registry_path(HOME)) or {}
    conditions = {one["type"]: one["status"] for one in registry.get("status", {}).get("conditions", [])}
    return True if conditions.get("Ready") == "True" else None
