"""A cluster of the user's own: taken as it is, with nothing installed but what the tests themselves apply."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import binaries, console
from tests.cluster.description import Cluster
from tests.cluster.kubectl import Kubectl, wait_until

if TYPE_CHECKING:
    from tests.cluster.addon_images import StoredImage
    from tests.cluster.builders import Buildah, Docker
    from tests.cluster.choice import Existing
    from tests.cluster.places import Places

_ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ExistingCluster:
    """The cluster that `KUBECONFIG` names; images reach it through the repository that its user named."""

    places: Places
    choice: Existing
    builder: Buildah | Docker

    def up(self) -> Cluster:
        """See that it answers. Raises NotReadyError, or CommandFailedError when kubectl or Helm cannot be built."""
        kubectl = self._program("kubectl")
        ask = Kubectl(kubectl, self.choice.kubeconfig)
        wait_until("your cluster", lambda: ask("get", "--raw", "/readyz", timeout=10) == "ok", patience=_ANSWER_SECONDS)
        return Cluster(
            kind="existing",
            kubeconfig=self.choice.kubeconfig,
            kubectl=kubectl,
            helm=self._program("helm"),
            base_domain=self.choice.base_domain,
        )

    def deliver(self, image: StoredImage) -> str:
        """Push an image to the user's repository and return its name there."""
        remote = f"{self.choice.image_repository}/{image.reference.rsplit('/', 1)[1]}"
        with console.step(f"pushing {remote}"):
            self.builder.push(image.reference, remote)
        return remote

    def down(self) -> None:
        """Leave the cluster alone: it is not ours."""
        console.say("the cluster of KUBECONFIG is yours and stays as it is")

    def status(self) -> list[str]:
        """Lines for a person."""
        return [f"a cluster of your own, by {self.choice.kubeconfig}"]

    def _program(self, name: str) -> Path:
        found = shutil.which(name)
        return Path(found) if found else binaries.build(binaries.KUBERNETES, self.places.cache) / name
