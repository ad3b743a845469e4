"""Packs folders as a container image in one file (OCI image layout), which needs no engine and no registry.

For images whose content is ready: a static program, or the root file system of a base image. What has to be built
step by step goes through a Dockerfile.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.commands import run

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACK_SECONDS = 600.0
# Go's names of architectures, which OCI uses.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Layer:
    """The content of `folder`, at `place` in the image; devices and sockets do not count."""

    folder: Path
    place: str = "."


@dataclass(frozen=True, slots=True)
class Image:
    """What an image is made of."""

    layers: tuple[Layer, ...]
    entrypoint: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def write(image: Image, reference: str, archive: Path) -> None:
    """Write `image` to the file `archive`, to be known as `reference` where it is imported."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        layers = [_pack(layer, Path(folder) / f"{number}.tar") for number, layer in enumerate(image.layers)]
        with tarfile.open(archive, "w") as output:
            described = [_add_file(output, path, _LAYER) for path in layers]
            config = _add_json(output, _config(image, [str(layer["digest"]) for layer in described]), _CONFIG)
            manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": described}
            entry = _add_json(output, manifest, _MANIFEST)
            names = {"org.opencontainers.image.ref.name": reference, "io.containerd.image.name": reference}
            _add(output, "index.json", _bytes({"schemaVersion": 2, "manifests": [{**entry, "annotations": names}]}))
            _add(output, "oci-layout", _bytes({"imageLayoutVersion": "1.0.0"}))


def write_program(program: Path, reference: str, archive: Path) -> None:
    """Write an image that holds one static program and runs it."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        shutil.copy(program, Path(folder) / program.name)
        write(Image((Layer(Path(folder)),), entrypoint=(f"/{program.name}",)), reference, archive)


def _pack(layer: Layer, output: Path) -> Path:
    # Owners and times are made the same everywhere, so that equal content is an equal layer.
    rename = f"--transform=flags=r;s,^\\.,{layer.place},"
    shape = ["--sort=name", "--mtime=@0", "--numeric-owner", "--exclude=./dev/*", "--exclude=./run/*"]
    run(["tar", "--create", "--file", output, "--directory", layer.folder, *shape, rename, "."], timeout=_PACK_SECONDS)
    return output


def _config(image: Image, diff_ids: list[str]) -> Mapping[str, object]:
    machine = platform.machine()
    return {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {
            "Entrypoint": list(image.entrypoint),
            "Env": [f"{name}={value}" for name, value in image.environment.items()],
        },
        # One line a layer: buildah refuses to build on an image whose history does not account for its layers.
        "history": [{"created_by": "tests/cluster"} for _ in diff_ids],
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }


def _add_file(output: tarfile.TarFile, path: Path, media_type: str) -> Mapping[str, object]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    output.add(path, f"blobs/sha256/{digest}")
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": path.stat().st_size}


def _add_json(output: tarfile.TarFile, value: object, media_type: str) -> Mapping[str, object]:
    content = _bytes(value)
    digest = hashlib.sha256(content).hexdigest()
    _add(output, f"blobs/sha256/{digest}", content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _add(output: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    output.addfile(member, io.BytesIO(content))


def _bytes(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
