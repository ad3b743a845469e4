"""The chart, installed by Helm: one installation a cluster, shared by the demonstration and every test."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.commands import run
from tests.cluster.description import Cluster
from tests.cluster.kubectl import Kubectl
from tests.support.kubernetes import Namespace

CHART = Path(__file__).parents[2] / "charts" / "pypi-registry-operator"
RELEASE = "pypi-registry-operator"
NAMESPACE = "pypi-registry-system"
_CA = "ingress-ca"
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Installation:
    """The installed operator: where it runs, and under which domain its registries are exposed."""

    cluster: Cluster
    kubectl: Kubectl

    @property
    def namespace(self) -> Namespace:
        """The operator's own namespace."""
        return Namespace(self.kubectl, NAMESPACE)

    def hostname(self, registry: str, namespace: str) -> str:
        """Where a registry is that names no host of its own (design section 4, `exposure`)."""
        return f"{registry}--{namespace}.{self.cluster.base_domain}"


def install(cluster: Cluster, *flags: str) -> Installation:
    """Install or upgrade the chart and wait until the operator runs; `flags` are Helm's, such as `--set`.

    Raises CommandFailedError with Helm's words.
    """
    kubectl = Kubectl(cluster.kubectl, cluster.kubeconfig)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(namespace))
    if cluster.ca_file is not None:
        _publish_ca(Namespace(kubectl, NAMESPACE), cluster.ca_file)
    # On a cluster of our own making a test may have applied the CRDs by itself; on a person's they are that person's.
    adopt = [] if cluster.kind == "existing" else ["--take-ownership"]
    always = ["--install", "--wait", f"--timeout={_SECONDS}s", "--values=-", *adopt]
    _clear_interrupted(cluster)
    helm(cluster, "upgrade", *always, *flags, RELEASE, str(CHART))
    return Installation(cluster, kubectl)


def _clear_interrupted(cluster: Cluster) -> None:
    """A Helm that was killed leaves a release that no later one may touch; the definitions and all data stay."""
    releases = json.loads(helm(cluster, "list", "--pending", "--output=json", values_wanted=False))
    if any(release["name"] == RELEASE for release in releases):
        helm(cluster, "uninstall", "--wait", RELEASE, values_wanted=False)


def helm(cluster: Cluster, *arguments: str, values_wanted: bool = True) -> str:
    """Run Helm in the operator's namespace, with the cluster's values on its standard input where they count."""
    flags = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", NAMESPACE]
    return run(
        [cluster.helm, *flags, *arguments],
        timeout=_SECONDS + 30,
        stdin=yaml.safe_dump(values(cluster)) if values_wanted else None,
    )


def values(cluster: Cluster) -> dict[str, Any]:  # Any: values of a chart
    """The chart's values for this cluster: its images, its domain, and its own certificate authority."""
    images = {"operator": "operator", "service": "service", "objectStore": "object-store", "postgresql": "postgresql"}
    return {
        "images": {key: _image(cluster.images[name]) for key, name in images.items()},
        "baseDomain": cluster.base_domain,
        "ingress": {
            "className": cluster.ingress_class or "",
            "caConfigMap": "" if cluster.ca_file is None else _CA,
        },
    }


def _image(reference: str) -> dict[str, str]:
    repository, _, tag = reference.rpartition(":")
    return {"repository": repository, "tag": tag}


def _publish_ca(namespace: Namespace, ca_file: Path) -> None:
    metadata = {"name": _CA}
    namespace.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": ca_file.read_text()}}
    )
