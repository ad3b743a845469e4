"""Brings the single node up, heals it, and takes it down without a trace."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import addresses, binaries, console, packages, processes, startup
from tests.cluster.addons import ingress
from tests.cluster.certificates import Authority
from tests.cluster.commands import CommandFailedError
from tests.cluster.control_groups import ControlGroups
from tests.cluster.credentials import Credentials
from tests.cluster.description import Cluster
from tests.cluster.isolation import Isolation
from tests.cluster.kubectl import NotReadyError
from tests.cluster.node import CGROUP, Node
from tests.cluster.processes import Processes

if TYPE_CHECKING:
    import datetime as dt

    from tests.cluster.addon_images import StoredImage
    from tests.cluster.places import Places

_END_SECONDS = 2.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class SingleNodeCluster:
    """The one cluster of this machine; `now` is when its certificates begin."""

    places: Places
    now: dt.datetime
    isolation: Isolation = field(default_factory=Isolation)
    control_groups: ControlGroups = field(default_factory=lambda: ControlGroups(CGROUP))

    def up(self) -> Cluster:
        """Make the cluster run, whatever state it is in: started, healed, or made anew when healing fails.

        Raises MissingPackagesError, CommandFailedError or NotReadyError.
        """
        packages.require()
        cache = self.places.cache
        programs = startup.Programs(
            binaries.build(binaries.KUBERNETES, cache), binaries.build(binaries.TRAEFIK, cache), cache
        )
        if self._state_is_lost():
            self.down()
        healing = self.places.cluster.exists()
        try:
            self._start(programs)
        except (NotReadyError, CommandFailedError) as failure:
            if not healing:
                raise
            console.say(f"healing failed, so the cluster is made anew: {failure}")
            self.down()
            self._start(programs)
        return self._described(programs)

    def down(self) -> None:
        """End every program, and remove namespaces, mounts, control groups and state; the caches stay."""
        with console.step("taking the cluster down"):
            # First those that would start the others again.
            for name in ("kubelet", "containerd"):
                self._processes.stop(name)
            self._end_members()
            self.isolation.remove()
            self.control_groups.remove()
            if self.places.cluster.exists():
                shutil.rmtree(self.places.cluster)

    def deliver(self, image: StoredImage) -> str:
        """Give the node an image and return the name by which a pod asks for it."""
        node = Node(Path(), self.places.cluster, self.isolation, self._credentials, image.reference)
        startup.import_image(node, image)
        return image.reference

    def status(self) -> list[str]:
        """Lines for a person: what runs and what does not."""
        alive = self._processes.alive()
        recorded = sorted(path.stem for path in self._processes.records.glob("*.json"))
        lines = [f"{name}: {f'runs as {alive[name].pid}' if name in alive else 'does not run'}" for name in recorded]
        isolated = "are there" if self.isolation.exists() else "are not there"
        return [*lines, f"the network and mount namespaces of {self.isolation.name} {isolated}"]

    @property
    def _processes(self) -> Processes:
        return Processes(records=self.places.cluster / "processes", logs=self.places.cluster / "logs")

    @property
    def _credentials(self) -> Credentials:
        return Credentials(Authority(self.places.cluster / "certificates", self.now), self.places.cluster)

    def _state_is_lost(self) -> bool:
        # Healing is for a program or two. After a restart of the machine, or when all of them were ended, a new
        # cluster is there sooner, and surely whole.
        boot = self.places.cluster / "boot-id"
        if not boot.exists() or boot.read_text() != _BOOT.read_text():
            return self.places.cluster.exists() or self.isolation.network.exists() or self.isolation.mounts.exists()
        return not self._processes.alive() or not self.isolation.exists()

    def _start(self, programs: startup.Programs) -> None:
        with console.step("starting Kubernetes", usually="20 s, 3 s when it runs"):
            self.places.cluster.mkdir(parents=True, exist_ok=True)
            (self.places.cluster / "boot-id").write_text(_BOOT.read_text())
            if not self.isolation.exists():
                self.isolation.create()
            self.control_groups.create()
            self._credentials.prepare()
            startup.Startup(programs, self.places.cluster, self.isolation, self._credentials, self._processes).run()

    def _end_members(self) -> None:
        found = self.isolation.members() | self.control_groups.members()
        everyone = processes.descendants(found, processes.parents()) if found else set()
        # Many a container's first process does not hear SIGTERM, and none of them has anything to keep.
        known = [who for pid in everyone if (who := processes.identity(pid)) is not None]
        processes.end(known, patience=_END_SECONDS)

    def _described(self, programs: startup.Programs) -> Cluster:
        return Cluster(
            kind="single-node",
            kubeconfig=self.places.kubeconfig,
            kubectl=programs.kubernetes / "kubectl",
            helm=programs.kubernetes / "helm",
            base_domain=addresses.BASE_DOMAIN,
            ingress_address=addresses.NODE,
            ca_file=self._credentials.authority.certificate,
            ingress_class=ingress.CLASS,
        )
