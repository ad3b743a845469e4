"""Every identity of the single node: its certificate, and the kubeconfig of those that call the API server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster import addresses, kubeconfig
from tests.cluster.certificates import Subject

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.certificates import Authority, Pair

# Kubernetes' documented names: https://kubernetes.io/docs/setup/best-practices/certificates/
_CALLERS = {
    "admin": Subject("admin", ("system:masters",)),
    "controller-manager": Subject("system:kube-controller-manager"),
    "scheduler": Subject("system:kube-scheduler"),
    "kubelet": Subject(f"system:node:{addresses.NODE_NAME}", ("system:nodes",), (addresses.NODE, addresses.NODE_NAME)),
    "proxy": Subject("system:kube-proxy"),
}
_API_SERVER = Subject(
    "kube-apiserver",
    names=(
        addresses.NODE, addresses.API_SERVICE, "127.0.0.1", "localhost", "kubernetes", "kubernetes.default",
        "kubernetes.default.svc", f"kubernetes.default.svc.{addresses.CLUSTER_DOMAIN}",
    ),
)  # fmt: skip
_INGRESS = Subject(addresses.BASE_DOMAIN, names=(addresses.BASE_DOMAIN, f"*.{addresses.BASE_DOMAIN}"))


@dataclass(frozen=True, slots=True)
class Credentials:
    """The authority's files and the kubeconfigs made from them, in `folder`."""

    authority: Authority
    folder: Path

    def prepare(self) -> None:
        """Make what is not there yet."""
        self.authority.establish()
        for name, subject in _CALLERS.items():
            path = self.kubeconfig(name)
            if not path.exists():
                user = self.authority.pair(name, subject)
                kubeconfig.write(path, kubeconfig.render(addresses.API_URL, self.authority.certificate, user))

    def kubeconfig(self, name: str) -> Path:
        return self.folder / f"{name}.kubeconfig"

    @property
    def api_server(self) -> Pair:
        return self.authority.pair("apiserver", _API_SERVER)

    @property
    def kubelet(self) -> Pair:
        return self.authority.pair("kubelet", _CALLERS["kubelet"])

    @property
    def aggregation(self) -> Pair:
        return self.authority.pair("front-proxy", Subject("front-proxy"))

    @property
    def kubelet_client(self) -> Pair:
        return self.authority.pair("apiserver-kubelet", Subject("apiserver-kubelet", ("system:masters",)))

    @property
    def service_accounts(self) -> Pair:
        return self.authority.signing_key("service-accounts")

    @property
    def ingress(self) -> Pair:
        return self.authority.pair("ingress", _INGRESS)
