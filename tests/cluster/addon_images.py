"""The images of the cluster's own pods: one static program each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster import oci_archive
from tests.cluster.content import cached, digest

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE = "image.tar"


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image in a file, and the name by which a pod asks for it once it is imported."""

    reference: str
    archive: Path


def program_image(name: str, program: Path, cache: Path) -> StoredImage:
    """The image of a static program; the name of the program's folder says which version of it."""
    inputs = {"program": program.parent.name}
    reference = f"localhost/test-cluster/{name}:{digest(inputs)}"
    folder = cached(
        cache, f"image-{name}", inputs, lambda new: oci_archive.write_program(program, reference, new / ARCHIVE)
    )
    return StoredImage(reference, folder / ARCHIVE)
