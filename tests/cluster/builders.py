"""Builds images from Dockerfiles: with buildah and base images of this machine's making, or in a Docker engine."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import base_images, machine
from tests.cluster.commands import run, succeeds
from tests.cluster.content import digest
from tests.cluster.isolation import is_mounted

if TYPE_CHECKING:
    from tests.cluster.addon_images import StoredImage

# Compiling MinIO cold on two slow processors.
_BUILD_SECONDS = 3600.0
_COPY_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Buildah:
    """Builds as root without any engine; images and layers stay under `cache`, apart from the machine's own."""

    cache: Path

    def identity(self) -> str:
        """What the base images are: part of every image's hash."""
        return digest([self._python().reference, self._go().reference])

    def build(self, context: Path, target: str | None, reference: str) -> None:
        """Build the Dockerfile of `context`, to its target or its end, and name the image.

        Raises CommandFailedError with the end of the build's output.
        """
        bases = {"BASE_IMAGE": self._python(), "GO_IMAGE": self._go()}
        for base in bases.values():
            self._load(base)
        with tempfile.TemporaryDirectory(prefix="image-build-") as scratch:
            mounts = machine.mounts(os.environ, Path(scratch))
            volumes = [word for mount in mounts for word in ("--volume", mount.option())]
            arguments = [word for name, base in bases.items() for word in ("--build-arg", f"{name}={base.reference}")]
            isolation = ["--layers", "--isolation", "chroot", "--network", "host", "--pull=false"]
            what = [*_target(target), "--tag", reference, str(context)]
            command = ["nice", "-n", "15", *self._buildah("bud"), *isolation, *volumes, *arguments, *what]
            run(command, timeout=_BUILD_SECONDS)

    def save(self, reference: str, archive: Path) -> None:
        """Write an image to a file."""
        run([*self._buildah("push"), reference, f"oci-archive:{archive}:{reference}"], timeout=_COPY_SECONDS)

    def push(self, reference: str, remote: str) -> None:
        """Copy an image to a registry, with the credentials that this user has for it."""
        run([*self._buildah("push"), reference, f"docker://{remote}"], timeout=_COPY_SECONDS)

    def close(self) -> None:
        """Remove what an interrupted build left, and the mounts; layers and images stay."""
        if self._storage.exists():
            run([*self._buildah("rm"), "--all"], timeout=_COPY_SECONDS)
            if is_mounted(self._storage / "overlay"):
                run(["umount", self._storage / "overlay"], timeout=60)

    @property
    def _storage(self) -> Path:
        return self.cache / "buildah" / "storage"

    def _python(self) -> StoredImage:
        return base_images.python_image(self.cache)

    def _go(self) -> StoredImage:
        return base_images.go_image(self.cache)

    def _load(self, image: StoredImage) -> None:
        if not succeeds([*self._buildah("inspect"), "--type", "image", image.reference], timeout=60):
            loaded = run([*self._buildah("pull"), f"oci-archive:{image.archive}"], timeout=_COPY_SECONDS)
            run([*self._buildah("tag"), loaded.split()[-1], image.reference], timeout=60)

    def _buildah(self, command: str) -> list[str]:
        run_root = self._storage.with_name("run")
        return ["buildah", "--root", str(self._storage), "--runroot", str(run_root), command]


@dataclass(frozen=True, slots=True)
class Docker:
    """Builds in the machine's Docker engine, from the base images that the Dockerfiles name themselves."""

    def identity(self) -> str:
        """Nothing beside the Dockerfile says what it starts from."""
        return "docker"

    def build(self, context: Path, target: str | None, reference: str) -> None:
        """Build the Dockerfile of `context`, to its target or its end, and name the image.

        Raises CommandFailedError with the end of the build's output.
        """
        run(["docker", "build", *_target(target), "--tag", reference, str(context)], timeout=_BUILD_SECONDS)

    def save(self, reference: str, archive: Path) -> None:
        """Write an image to a file."""
        run(["docker", "save", "--output", str(archive), reference], timeout=_COPY_SECONDS)

    def close(self) -> None:
        """Leave the engine as it is: it cleans up by itself."""

    def push(self, reference: str, remote: str) -> None:
        """Copy an image to a registry, with the credentials that this user has for it."""
        run(["docker", "tag", reference, remote], timeout=60)
        run(["docker", "push", remote], timeout=_COPY_SECONDS)


def _target(name: str | None) -> list[str]:
    return [] if name is None else ["--target", name]


def docker_answers() -> bool:
    """Whether a Docker engine is there and may be used."""
    return succeeds(["docker", "info", "--format", "{{.ServerVersion}}"], timeout=20)
