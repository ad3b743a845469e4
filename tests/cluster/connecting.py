"""The way in: which cluster it is, brought up or mended, with the images of this tree."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from typing import TYPE_CHECKING, Protocol

from tests.cluster import choice, console, description, product_images
from tests.cluster.builders import Buildah, Docker, docker_answers
from tests.cluster.existing import ExistingCluster
from tests.cluster.kind import KindCluster
from tests.cluster.lock import exclusive
from tests.cluster.places import places
from tests.cluster.single_node import SingleNodeCluster

if TYPE_CHECKING:
    from tests.cluster.addon_images import StoredImage
    from tests.cluster.description import Cluster
    from tests.cluster.places import Places


class Provider(Protocol):
    """A kind of cluster: what differs between the user's own, kind's and the single node."""

    def up(self) -> Cluster: ...

    def deliver(self, image: StoredImage) -> str: ...

    def down(self) -> None: ...

    def status(self) -> list[str]: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """One run of the tool: the chosen cluster and what builds its images."""

    places: Places
    provider: Provider
    builder: Buildah | Docker

    def up(self) -> Cluster:
        """Make the cluster run and give it every image; quick when nothing is missing."""
        with exclusive(self.places.lock):
            cluster = self.provider.up()
            # Described before its images are there: a tree whose images do not build still has a cluster.
            if not self.places.description.exists():
                description.write(self.places.description, cluster)
            cluster = dataclasses.replace(cluster, images=self._images())
            description.write(self.places.description, cluster)
        return cluster

    def down(self) -> None:
        """Remove the cluster; what was built for it stays in the cache."""
        with exclusive(self.places.lock):
            self.provider.down()
            self.builder.close()
            self.places.description.unlink(missing_ok=True)

    def _images(self) -> dict[str, str]:
        delivered = {}
        for recipe in product_images.RECIPES:
            with product_images.stored(recipe, self.builder, self.places.cache) as image:
                delivered[recipe.name] = self.provider.deliver(image)
        return delivered


def session() -> Session:
    """What this process's environment and this machine ask for.

    Raises SettingMissingError when a cluster of the user's own needs more settings.
    """
    found = places(os.environ)
    now = dt.datetime.now(dt.UTC)
    docker = Docker() if docker_answers() else None
    builder = docker or Buildah(found.cache)
    match choice.choose(os.environ, found.kubeconfig, docker_answers=lambda: docker is not None):
        case choice.Existing() as chosen:
            return Session(found, ExistingCluster(found, chosen, builder), builder)
        case choice.Kind():
            return Session(found, KindCluster(found, now), builder)
        case choice.SingleNode():
            return Session(found, SingleNodeCluster(found, now), builder)


def connect() -> Cluster:
    """The one cluster, made when there is none and mended when it is broken, with the images of this tree.

    Raises what a person has to read: MissingPackagesError, SettingMissingError, CommandFailedError, NotReadyError.
    """
    cluster = session().up()
    console.say(f"KUBECONFIG={cluster.kubeconfig}")
    return cluster
