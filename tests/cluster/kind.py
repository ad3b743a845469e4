"""A cluster in the machine's Docker engine, made by kind and given the same ingress and names as the single node."""

from __future__ import annotations

import ipaddress
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import addresses, binaries, console
from tests.cluster.addon_images import StoredImage, program_image
from tests.cluster.addons import ingress, resolver
from tests.cluster.certificates import Authority, Subject
from tests.cluster.commands import run
from tests.cluster.description import Cluster
from tests.cluster.kubectl import Kubectl, wait_until

if TYPE_CHECKING:
    import datetime as dt

    from tests.cluster.places import Places

_NAME = "pypi-registry"
_NODE = f"{_NAME}-control-plane"
_CREATE_SECONDS = 900.0
_LOAD_SECONDS = 600.0
_ADDON_SECONDS = 180.0
_FIRST_PLUGIN = ".:53 {"


@dataclass(frozen=True, slots=True)
class KindCluster:
    """kind's cluster of the name `pypi-registry`; `now` is when its certificates begin."""

    places: Places
    now: dt.datetime

    def up(self) -> Cluster:
        """Make it unless it is there, and start its node if it was stopped.

        Raises CommandFailedError or NotReadyError.
        """
        self.places.cluster.mkdir(parents=True, exist_ok=True)
        if _NAME not in self._kind("get", "clusters").split():
            with console.step("making a kind cluster", usually="2 min"):
                self._kind("create", "cluster", "--name", _NAME, "--wait", "5m", timeout=_CREATE_SECONDS)
        run(["docker", "start", _NODE], timeout=120)
        self._kind("export", "kubeconfig", "--name", _NAME, "--kubeconfig", str(self.places.kubeconfig))
        programs = binaries.build(binaries.KUBERNETES, self.places.cache)
        kubectl = Kubectl(programs / "kubectl", self.places.kubeconfig)
        wait_until("kind", lambda: kubectl("get", "--raw", "/readyz", timeout=5) == "ok", patience=_ADDON_SECONDS)
        address = _address()
        self._add_on(kubectl, address)
        return Cluster(
            kind="kind",
            kubeconfig=self.places.kubeconfig,
            kubectl=programs / "kubectl",
            helm=programs / "helm",
            base_domain=addresses.BASE_DOMAIN,
            ingress_address=address,
            ca_file=self._authority.certificate,
            ingress_class=ingress.CLASS,
        )

    def deliver(self, image: StoredImage) -> str:
        """Load an image into the node, unless it has it, and return the name by which a pod asks for it."""
        present = run(["docker", "exec", _NODE, "ctr", "-n", "k8s.io", "images", "list", "-q"], timeout=60).split()
        if image.reference not in present:
            with console.step(f"loading {image.reference}"):
                self._kind("load", "image-archive", str(image.archive), "--name", _NAME, timeout=_LOAD_SECONDS)
        return image.reference

    def down(self) -> None:
        """Delete the cluster and its state."""
        with console.step("deleting the kind cluster"):
            self._kind("delete", "cluster", "--name", _NAME, timeout=_LOAD_SECONDS)
            if self.places.cluster.exists():
                shutil.rmtree(self.places.cluster)

    def status(self) -> list[str]:
        """Lines for a person."""
        return [f"kind's clusters: {self._kind('get', 'clusters').strip() or 'none'}"]

    @property
    def _authority(self) -> Authority:
        return Authority(self.places.cluster / "certificates", self.now)

    def _kind(self, *argv: str, timeout: float = 120.0) -> str:
        found = shutil.which("kind")
        program = Path(found) if found else binaries.build(binaries.KIND, self.places.cache) / "kind"
        return run([program, *argv], timeout=timeout)

    def _add_on(self, kubectl: Kubectl, address: str) -> None:
        self._authority.establish()
        domain = addresses.BASE_DOMAIN
        certificate = self._authority.pair("ingress", Subject(domain, names=(domain, f"*.{domain}")))
        traefik = binaries.build(binaries.TRAEFIK, self.places.cache) / "traefik"
        image = program_image("traefik", traefik, self.places.cache)
        self.deliver(image)
        kubectl.apply_files(binaries.gateway_api_crds())
        kubectl.apply(ingress.Ingress(image.reference, address, certificate).manifests())
        _resolve_base_domain(kubectl, address)
        wait_until("ingress", lambda: kubectl.available(ingress.NAMESPACE, ingress.NAME), patience=_ADDON_SECONDS)


def with_base_domain(corefile: str, domain: str, address: str) -> str:
    """kind's own Corefile with the tests' domain added to its first server; unchanged when it is there already."""
    if f" {domain} " in corefile:
        return corefile
    return corefile.replace(_FIRST_PLUGIN, f"{_FIRST_PLUGIN}\n    {resolver.base_domain_block(domain, address)}", 1)


def _resolve_base_domain(kubectl: Kubectl, address: str) -> None:
    found = json.loads(kubectl("get", "configmap", "coredns", "-n", resolver.NAMESPACE, "-o", "json"))
    changed = with_base_domain(found["data"]["Corefile"], addresses.BASE_DOMAIN, address)
    if changed != found["data"]["Corefile"]:
        patch = json.dumps({"data": {"Corefile": changed}})
        kubectl("patch", "configmap", "coredns", "-n", resolver.NAMESPACE, "--type=merge", "-p", patch)
        kubectl("rollout", "restart", "deployment/coredns", "-n", resolver.NAMESPACE)


def _address() -> str:
    """The node's address in Docker's network, which the machine reaches directly on Linux."""
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return str(ipaddress.ip_address(run(["docker", "inspect", "-f", template, _NODE], timeout=60).strip()))
