"""The programs of the control plane and their arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster import addresses
from tests.cluster.processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.cluster.credentials import Credentials
    from tests.cluster.isolation import Isolation

_ETCD = "http://127.0.0.1:2379"
PROVISIONER = "folders.pypiregistry.dev"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The control plane's programs, in the order in which each needs the ones before it."""

    programs: Path
    state: Path
    isolation: Isolation
    credentials: Credentials

    def daemons(self) -> list[Daemon]:
        """All of them, inside the isolation."""
        return [self._etcd(), self._api_server(), self._controller_manager(), self._scheduler(), self._volumes()]

    def _etcd(self) -> Daemon:
        # Its data are worth nothing after a power cut, and the disk is shared with the tests: no fsync.
        flags = {
            "data-dir": self.state / "etcd",
            "listen-client-urls": _ETCD,
            "advertise-client-urls": _ETCD,
            "listen-peer-urls": "http://127.0.0.1:2380",
            "unsafe-no-fsync": "true",
            "auto-compaction-retention": "1",
            "quota-backend-bytes": 2 * 1024**3,
        }
        return self._daemon("etcd", "etcd", flags)

    def _api_server(self) -> Daemon:
        credentials = self.credentials
        authority = credentials.authority.certificate
        flags = {
            "etcd-servers": _ETCD,
            "advertise-address": addresses.NODE,
            "bind-address": addresses.NODE,
            "secure-port": addresses.API_PORT,
            "authorization-mode": "Node,RBAC",
            "enable-admission-plugins": "NodeRestriction",
            "service-cluster-ip-range": addresses.SERVICES,
            "allow-privileged": "true",
            "kubelet-preferred-address-types": "InternalIP",
            "client-ca-file": authority,
            "tls-cert-file": credentials.api_server.certificate,
            "tls-private-key-file": credentials.api_server.key,
            "kubelet-certificate-authority": authority,
            "kubelet-client-certificate": credentials.kubelet_client.certificate,
            "kubelet-client-key": credentials.kubelet_client.key,
            "service-account-issuer": f"https://kubernetes.default.svc.{addresses.CLUSTER_DOMAIN}",
            "service-account-key-file": credentials.service_accounts.certificate,
            "service-account-signing-key-file": credentials.service_accounts.key,
            **self._aggregation(),
        }
        return self._daemon("kube-apiserver", self.programs / "kube-apiserver", flags)

    def _aggregation(self) -> Mapping[str, object]:
        """How API servers that stand behind this one know that a request comes from it."""
        credentials = self.credentials
        return {
            "requestheader-client-ca-file": credentials.authority.certificate,
            # One authority for both kinds of client is refused without this list.
            "requestheader-allowed-names": "front-proxy",
            "requestheader-username-headers": "X-Remote-User",
            "requestheader-group-headers": "X-Remote-Group",
            "requestheader-extra-headers-prefix": "X-Remote-Extra-",
            "proxy-client-cert-file": credentials.aggregation.certificate,
            "proxy-client-key-file": credentials.aggregation.key,
        }

    def _controller_manager(self) -> Daemon:
        flags = {
            "service-account-private-key-file": self.credentials.service_accounts.key,
            "root-ca-file": self.credentials.authority.certificate,
            "use-service-account-credentials": "true",
        }
        return self._caller("kube-controller-manager", "controller-manager", flags)

    def _scheduler(self) -> Daemon:
        return self._caller("kube-scheduler", "scheduler", {})

    def _volumes(self) -> Daemon:
        flags = {
            "kubeconfig": self.credentials.kubeconfig("admin"),
            "root": self.state / "volumes",
            "provisioner": PROVISIONER,
        }
        return self._daemon("volumes", self.programs / "volumes", flags)

    def _caller(self, program: str, user: str, more: Mapping[str, object]) -> Daemon:
        config = self.credentials.kubeconfig(user)
        flags = {
            "kubeconfig": config,
            "authentication-kubeconfig": config,
            "authorization-kubeconfig": config,
            "bind-address": "127.0.0.1",
            "leader-elect": "false",
            **more,
        }
        return self._daemon(program, self.programs / program, flags)

    def _daemon(self, name: str, program: str | Path, flags: Mapping[str, object]) -> Daemon:
        argv = [f"--{flag}={value}" for flag, value in flags.items()]
        return Daemon(name, self.isolation.enter(program, *argv))
