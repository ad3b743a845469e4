"""What tests and the demonstration need to know about the cluster, and nothing about how it was made."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class ClusterIsDownError(RuntimeError):
    """There is no cluster to connect to; the message says how to get one."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that is up.

    `kind` is "single-node", "kind" or "existing". `ingress_address` is None where the machine's own resolver already
    leads `base_domain` to the ingress. `ca_file` holds the authority of the ingress's certificates, None where they
    are publicly trusted. `images` maps operator, service, object-store and postgresql to what a pod names.
    """

    kind: str
    kubeconfig: Path
    kubectl: Path
    helm: Path
    base_domain: str
    ingress_address: str | None = None
    ca_file: Path | None = None
    ingress_class: str | None = None
    images: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The process's environment with `KUBECONFIG`, and with the cluster's kubectl and helm first on the path."""
        path = f"{self.kubectl.parent}:{self.helm.parent}:{os.environ.get('PATH', '')}"
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "PATH": path}


def render(cluster: Cluster) -> str:
    """The description as JSON."""
    values = {
        "kind": cluster.kind,
        "kubeconfig": str(cluster.kubeconfig),
        "kubectl": str(cluster.kubectl),
        "helm": str(cluster.helm),
        "base_domain": cluster.base_domain,
        "ingress_address": cluster.ingress_address,
        "ca_file": None if cluster.ca_file is None else str(cluster.ca_file),
        "ingress_class": cluster.ingress_class,
        "images": dict(cluster.images),
    }
    return json.dumps(values, indent=2) + "\n"


def parse(text: str) -> Cluster:
    """The description that `render` wrote."""
    values = json.loads(text)
    return Cluster(
        kind=values["kind"],
        kubeconfig=Path(values["kubeconfig"]),
        kubectl=Path(values["kubectl"]),
        helm=Path(values["helm"]),
        base_domain=values["base_domain"],
        ingress_address=values["ingress_address"],
        ca_file=None if values["ca_file"] is None else Path(values["ca_file"]),
        ingress_class=values["ingress_class"],
        images=values["images"],
    )


def read(path: Path) -> Cluster:
    """The cluster described in `path`. Raises ClusterIsDownError when there is none."""
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        raise ClusterIsDownError("there is no cluster: make cluster-up") from None


def write(path: Path, cluster: Cluster) -> None:
    """Write the description, complete or not at all."""
    unfinished = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished.write_text(render(cluster))
    unfinished.replace(path)
