"""Starts what does not run of the single node, in the order of need, and waits until it serves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster import addresses, binaries, console
from tests.cluster.addon_images import StoredImage, program_image
from tests.cluster.addons import ingress, resolver, storage
from tests.cluster.commands import run
from tests.cluster.content import digest
from tests.cluster.control_plane import PROVISIONER, ControlPlane
from tests.cluster.kubectl import Kubectl, NotReadyError, wait_until
from tests.cluster.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tests.cluster.credentials import Credentials
    from tests.cluster.isolation import Isolation
    from tests.cluster.processes import Daemon, Processes

_START_SECONDS = 90.0
_ADDON_SECONDS = 180.0
_IMPORT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Programs:
    """The folders of the built programs, and `cache`, where images of them are kept."""

    kubernetes: Path
    traefik: Path
    cache: Path

    def images(self) -> Mapping[str, StoredImage]:
        """The images that the node needs before anyone asks for a pod."""
        sources = {"pause": self.kubernetes, "coredns": self.kubernetes, "traefik": self.traefik}
        return {name: program_image(name, folder / name, self.cache) for name, folder in sources.items()}


@dataclass(frozen=True, slots=True)
class Startup:
    """One start of the node whose files are in `state`."""

    programs: Programs
    state: Path
    isolation: Isolation
    credentials: Credentials
    processes: Processes

    @property
    def kubectl(self) -> Kubectl:
        return Kubectl(self.programs.kubernetes / "kubectl", self.credentials.kubeconfig("admin"))

    def run(self) -> None:
        """Start and wait until a pod can be scheduled, names resolve and the ingress answers.

        Raises NotReadyError with the log of the program that ended or did not answer.
        """
        images = self.programs.images()
        node = self._node(images["pause"].reference)
        for path, text in node.files().items():
            _write(path, text)
        etcd, api_server, *others = self._control_plane().daemons()
        containerd, *pod_runners = node.daemons()
        self._start([etcd, api_server, containerd])
        self._wait(containerd, lambda: bool(image_names(node)) or True)
        for image in images.values():
            import_image(node, image)
        self._wait(api_server, lambda: self.kubectl("get", "--raw", "/readyz", timeout=5) == "ok")
        self._start([*others, *pod_runners])
        self._wait(pod_runners[0], self._node_ready)
        self._add_on({name: image.reference for name, image in images.items()})
        for daemon in (*others, *pod_runners):
            self._check(daemon)

    def _control_plane(self) -> ControlPlane:
        return ControlPlane(self.programs.kubernetes, self.state, self.isolation, self.credentials)

    def _node(self, pause: str) -> Node:
        return Node(self.programs.kubernetes, self.state, self.isolation, self.credentials, pause)

    def _start(self, daemons: Iterable[Daemon]) -> None:
        for daemon in daemons:
            if not self.processes.running(daemon):
                console.say(f"starting {daemon.name}")
                self.processes.start(daemon)

    def _wait(self, daemon: Daemon, ready: Callable[[], bool]) -> None:
        def look() -> bool:
            self._check(daemon)
            return ready()

        try:
            wait_until(daemon.name, look, patience=_START_SECONDS)
        except NotReadyError as late:
            raise NotReadyError(f"{late}\nits log ends:\n{self.processes.log_end(daemon.name)}") from late

    def _check(self, daemon: Daemon) -> None:
        if not self.processes.running(daemon):
            raise NotReadyError(f"{daemon.name} ended:\n{self.processes.log_end(daemon.name)}")

    def _node_ready(self) -> bool:
        found = json.loads(self.kubectl("get", "node", addresses.NODE_NAME, "-o", "json", timeout=5))
        return any(c["type"] == "Ready" and c["status"] == "True" for c in found["status"].get("conditions", []))

    def _add_on(self, images: Mapping[str, str]) -> None:
        manifests = [
            *resolver.manifests(images["coredns"], addresses.BASE_DOMAIN, addresses.NODE),
            *ingress.Ingress(images["traefik"], addresses.NODE, self.credentials.ingress).manifests(),
            *storage.manifests(PROVISIONER),
        ]
        applied = self.state / "addons.applied"
        if not applied.exists() or applied.read_text() != digest(manifests):
            with console.step("applying the resolver, the ingress, the Gateway API and storage"):
                self.kubectl.apply_files(binaries.gateway_api_crds())
                self.kubectl.apply(manifests)
                applied.write_text(digest(manifests))
        self._wait_for_deployment(resolver.NAMESPACE, resolver.NAME)
        self._wait_for_deployment(ingress.NAMESPACE, ingress.NAME)

    def _wait_for_deployment(self, namespace: str, name: str) -> None:
        wait_until(name, lambda: self.kubectl.available(namespace, name), patience=_ADDON_SECONDS)


def _write(path: Path, text: str) -> None:
    # kube-proxy watches its file and ends when it is written, changed or not.
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def image_names(node: Node) -> set[str]:
    """The names of the images that the node has."""
    return set(run(node.ctr("images", "list", "--quiet"), timeout=30).split())


def import_image(node: Node, image: StoredImage) -> None:
    """Give the node an image, unless it has it."""
    if image.reference not in image_names(node):
        with console.step(f"importing {image.reference}"):
            run(node.ctr("images", "import", image.archive), timeout=_IMPORT_SECONDS)
