"""The programs that run pods, and the files that they read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster import addresses
from tests.cluster.processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.cluster.credentials import Credentials
    from tests.cluster.isolation import Isolation

CGROUP = "pypi-registry"
_PLUGINS = "/usr/lib/cni"


@dataclass(frozen=True, slots=True)
class Node:
    """The container runtime, the kubelet and the proxy of the one node; `pause` is the image that holds a pod open."""

    programs: Path
    state: Path
    isolation: Isolation
    credentials: Credentials
    pause: str

    @property
    def socket(self) -> Path:
        return self.state / "containerd" / "containerd.sock"

    def files(self) -> dict[Path, str]:
        """What has to be written before the programs start."""
        return {
            self.state / "containerd.toml": self._containerd_config(),
            self.state / "cni" / "10-pods.conflist": _text(self._network()),
            self.state / "kubelet.json": _text(self._kubelet_config()),
            self.state / "proxy.json": _text(self._proxy_config()),
            # Pods that ask for the node's own resolver get the cluster's too: there is no other inside.
            self.state / "resolv.conf": f"nameserver {addresses.DNS_SERVICE}\n",
        }

    def daemons(self) -> list[Daemon]:
        """All of them, inside the isolation, in the order of need."""
        return [self.containerd(), self._kubelet(), self._proxy()]

    def containerd(self) -> Daemon:
        config = self.state / "containerd.toml"
        return self._daemon("containerd", ["containerd", "--config", config], (self._containerd_config(),))

    def ctr(self, *argv: str | Path) -> tuple[str, ...]:
        """The command that runs containerd's own client among the kubelet's images."""
        return self.isolation.enter("ctr", "--address", self.socket, "--namespace", "k8s.io", *argv)

    def _kubelet(self) -> Daemon:
        argv: list[str | Path] = [
            self.programs / "kubelet",
            f"--config={self.state / 'kubelet.json'}",
            f"--kubeconfig={self.credentials.kubeconfig('kubelet')}",
            f"--root-dir={self.state / 'kubelet'}",
            f"--hostname-override={addresses.NODE_NAME}",
            f"--node-ip={addresses.NODE}",
        ]
        return self._daemon("kubelet", argv, (_text(self._kubelet_config()),))

    def _proxy(self) -> Daemon:
        argv: list[str | Path] = [self.programs / "kube-proxy", f"--config={self.state / 'proxy.json'}"]
        return self._daemon("kube-proxy", argv, (_text(self._proxy_config()),))

    def _daemon(self, name: str, argv: Sequence[str | Path], configuration: tuple[str, ...]) -> Daemon:
        return Daemon(name, self.isolation.enter(*argv), configuration)

    def _containerd_config(self) -> str:
        # restrict_oom_score_adj: without CAP_SYS_RESOURCE runc fails to start a container otherwise.
        return f"""version = 2
root = "{self.state}/containerd/root"
state = "{self.state}/containerd/state"
[grpc]
  address = "{self.socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{self.pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{_PLUGINS}"
    conf_dir = "{self.state}/cni"
"""

    def _network(self) -> Mapping[str, object]:
        # Point to point, not a bridge: every packet is routed, so Services work without the bridge's netfilter module.
        addressing = {
            "type": "host-local",
            "ranges": [[{"subnet": addresses.PODS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(self.state / "pod-addresses"),
        }
        return {
            "cniVersion": "0.4.0",
            "name": "pods",
            "plugins": [
                {"type": "ptp", "ipMasq": False, "ipam": addressing},
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        }

    def _kubelet_config(self) -> Mapping[str, object]:
        pair = self.credentials.kubelet
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "failCgroupV1": False,
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{CGROUP}",
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            "address": addresses.NODE,
            "authentication": self._kubelet_authentication(),
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(pair.certificate),
            "tlsPrivateKeyFile": str(pair.key),
            "clusterDNS": [addresses.DNS_SERVICE],
            "clusterDomain": addresses.CLUSTER_DOMAIN,
            "resolvConf": str(self.state / "resolv.conf"),
            "podLogsDir": str(self.state / "pod-logs"),
            "volumePluginDir": str(self.state / "volume-plugins"),
            "failSwapOn": False,
            # The disk and the memory belong to the whole machine: others filling it must not evict the pods.
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "shutdownGracePeriod": "0s",
            # A rotated Secret reaches the pods that mount it within seconds instead of a minute.
            "syncFrequency": "10s",
        }

    def _kubelet_authentication(self) -> Mapping[str, object]:
        return {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(self.credentials.authority.certificate)},
        }

    def _proxy_config(self) -> Mapping[str, object]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            # Not nftables: there, in Kubernetes 1.35, an endpoint that goes and comes back within a second stays
            # without rules (epChainSkipUpdate finds the emptied chain and takes it for the current one).
            "mode": "iptables",
            "iptables": {"localhostNodePorts": False},
            "clusterCIDR": addresses.PODS,
            "hostnameOverride": addresses.NODE_NAME,
            "clientConnection": {"kubeconfig": str(self.credentials.kubeconfig("proxy"))},
            # It may not write the kernel's connection tracking limits, and needs none of its own.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "metricsBindAddress": "127.0.0.1:10249",
            "healthzBindAddress": "127.0.0.1:10256",
        }


def _text(value: Mapping[str, object]) -> str:
    return json.dumps(value, indent=2) + "\n"
