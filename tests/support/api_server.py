"""A real API server with its etcd, alone: what the operator writes is judged by the real thing, and no pod ever runs.

There is no kubelet and no controller: a Deployment makes no pods, what an owner leaves is not collected, and a deleted
namespace stays Terminating, unless `controllers` starts the collector and the one that empties namespaces. It
listens on a loopback address of its own and has nothing to do with the test cluster.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cluster import binaries, kubeconfig
from tests.cluster.certificates import Authority, Pair, Subject
from tests.cluster.kubectl import Kubectl
from tests.cluster.places import REPOSITORY, places
from tests.support.environments import require_packages
from tests.support.network import own_address
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.audit import Audit

Object = dict[str, Any]  # Any: an object as the API server has it

ADMIN = Subject("admin", ("system:masters",))
_PORT, _ETCD_PORT, _ETCD_PEER_PORT = 6443, 2379, 2380
_READY_SECONDS, _ANSWER_SECONDS, _CALL_SECONDS = 120, 5, 30
# Open watches hold a graceful stop up, and nobody reads what it would save.
_STOP_SECONDS = 3
_CONTROLLERS = "garbage-collector-controller,namespace-controller"
# In memory where there is such a folder: nothing here outlives the session.
_MEMORY = Path("/dev/shm")
# Pods are made by tests, not by controllers; the kubernetes Service's endpoints may not be on loopback.
_WITHOUT = {"disable-admission-plugins": "ServiceAccount", "endpoint-reconciler-type": "none"}


@dataclass(frozen=True, slots=True)
class ApiServer:
    """A running API server that knows our CRDs; `kubectl`, `kubeconfig` and `admin` are an administrator's."""

    address: str
    authority: Authority
    kubectl: Kubectl
    admin: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://{self.address}:{_PORT}"

    @property
    def kubeconfig(self) -> Path:
        return self.kubectl.kubeconfig

    def call(self, method: str, path: str, body: object = None, kind: str = "application/json") -> Object | None:
        """Make one call as an administrator; None for what is not there. Raises HTTPError for any other refusal."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, {"Content-Type": kind}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_CALL_SECONDS, context=self.admin) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as refusal:
            with refusal:
                if refusal.code == HTTPStatus.NOT_FOUND:
                    return None
                refusal.msg = f"{refusal.msg}: {refusal.read().decode()[:500]}"
            raise

    def context(self, user: Subject) -> ssl.SSLContext:
        """What a client of ours trusts, and shows to be a user."""
        return _context(self.authority, user)

    def write_kubeconfig(self, path: Path, user: Subject, *, server: str) -> None:
        """Write a kubeconfig for a user (organizations are groups) that calls the URL `server`: ours, or a proxy's."""
        pair = _pair(self.authority, user)
        kubeconfig.write(path, kubeconfig.render(server, self.authority.certificate, pair))


def programs() -> Path:
    """The folder with the API server, the controllers and kubectl, built when missing."""
    if shutil.which("etcd") is None:
        require_packages("etcd-server")
    return binaries.build(binaries.KUBERNETES, places(os.environ).cache)


@contextmanager
def running(*, controllers: bool = False, audit: Audit | None = None) -> Iterator[ApiServer]:
    """An API server for the length of the block; `controllers`: see the module's words; `audit` is kept."""
    where = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="api-server-", dir=where) as name, ExitStack() as processes:
        server = _prepare(Path(name))
        processes.enter_context(_process("etcd", _etcd(server), server))
        flags = _api_server(server) | ({} if audit is None else audit.flags())
        processes.enter_context(_process("kube-apiserver", flags, server))
        server.kubectl.apply_files(sorted((REPOSITORY / "crds").glob("*.yaml")))
        kinds = ("pypiregistries", "registrytokens")
        server.kubectl("wait", "--for=condition=Established", *(f"crd/{kind}.pypiregistry.dev" for kind in kinds))
        if controllers:
            processes.enter_context(_process("kube-controller-manager", _controllers(server), server))
        yield server


def _prepare(folder: Path) -> ApiServer:
    authority = Authority(folder / "certificates", datetime.now(UTC))
    authority.establish()
    kubectl = Kubectl(programs() / "kubectl", folder / "admin.kubeconfig")
    server = ApiServer(own_address(), authority, kubectl, _context(authority, ADMIN))
    server.write_kubeconfig(server.kubeconfig, ADMIN, server=server.url)
    return server


def _pair(authority: Authority, user: Subject) -> Pair:
    return authority.pair(f"user-{user.common_name.replace(':', '-')}", user)


def _context(authority: Authority, user: Subject) -> ssl.SSLContext:
    # Not create_default_context, which reads every public authority's certificate too.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pair = _pair(authority, user)
    context.load_verify_locations(authority.certificate)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def _etcd(server: ApiServer) -> Mapping[str, object]:
    url = _etcd_url(server)
    peers = f"http://{server.address}:{_ETCD_PEER_PORT}"
    return {
        "data-dir": server.kubeconfig.parent / "etcd",
        "listen-client-urls": url,
        "advertise-client-urls": url,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
        "unsafe-no-fsync": "true",
    }


def _etcd_url(server: ApiServer) -> str:
    return f"http://{server.address}:{_ETCD_PORT}"


def _api_server(server: ApiServer) -> dict[str, object]:
    own = server.authority.pair("server", Subject("kube-apiserver", names=(server.address, "127.0.0.1")))
    accounts = server.authority.signing_key("service-accounts")
    return _WITHOUT | {
        "etcd-servers": _etcd_url(server),
        "bind-address": server.address,
        "advertise-address": server.address,
        "secure-port": _PORT,
        "authorization-mode": "RBAC",
        "service-cluster-ip-range": "198.19.0.0/20",
        "client-ca-file": server.authority.certificate,
        "tls-cert-file": own.certificate,
        "tls-private-key-file": own.key,
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": accounts.certificate,
        "service-account-signing-key-file": accounts.key,
    }


def _controllers(server: ApiServer) -> Mapping[str, object]:
    return {
        "kubeconfig": server.kubeconfig,
        "authentication-kubeconfig": server.kubeconfig,
        "authorization-kubeconfig": server.kubeconfig,
        "controllers": _CONTROLLERS,
        "bind-address": server.address,
        "leader-elect": "false",
    }


_PROBES = {
    "etcd": f"http://{{address}}:{_ETCD_PORT}/health",
    "kube-apiserver": f"https://{{address}}:{_PORT}/readyz",
    "kube-controller-manager": "https://{address}:10257/healthz",
}


@contextmanager
def _process(name: str, flags: Mapping[str, object], server: ApiServer) -> Iterator[None]:
    """One program for the length of the block, which begins when it answers."""
    program = "etcd" if name == "etcd" else str(server.kubectl.program.parent / name)
    log = server.kubeconfig.parent / f"{name}.log"
    with log.open("wb") as output:
        command = [program, *(f"--{flag}={value}" for flag, value in flags.items())]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    url = _PROBES[name].format(address=server.address)
    # The controllers sign their own certificate, and what they answer is not secret.
    trust = server.admin if name == "kube-apiserver" else _anyone()
    try:
        wait_for(lambda: _answers(url, trust), process=process, log=log, seconds=_READY_SECONDS)
        yield
    finally:
        stop(process, seconds=_STOP_SECONDS)


def _anyone() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _answers(url: str, trust: ssl.SSLContext) -> bool | None:
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS, context=trust) as answer:
            answer.read()
    except OSError:
        return None
    return True
