"""The images that tests and the demonstration run: the product's, the tests' PostgreSQL, and containers of clients."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import console
from tests.cluster.addon_images import ARCHIVE, StoredImage
from tests.cluster.content import cached, digest, files_digest, prune, tracked_files
from tests.cluster.places import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.builders import Buildah, Docker

_KEPT = 3


@dataclass(frozen=True, slots=True)
class Recipe:
    """One target of one Dockerfile.

    `context` is the folder of the repository that the build sees, `paths` what of the repository goes into it: more
    would build too often, less would not build at all, since nothing else is there. `added` is one more file: where it
    lies, and where it goes.
    """

    name: str
    context: str
    target: str | None
    paths: tuple[str, ...]
    usually: str = "1 min"
    added: tuple[str, str] | None = None


_POSTGRESQL = "tests/cluster/images/postgres"
_CLIENT = "tests/demo/images/client"
_EVERY_CLIENT = "tests/support/clients"
_NEXT = ("tests/cluster/images/next/9999_next.py", "registry_service/database/migrations/versions/9999_next.py")
_SERVICE = ("Dockerfile", ".dockerignore", "registry_service")
RECIPES = (
    Recipe(
        "operator", ".", "operator",
        (
            "Dockerfile", ".dockerignore", "operator/requirements.lock", "operator/sbom.cdx.json",
            "operator/registry_operator",
            "registry_service/__init__.py", "registry_service/contract",
        ),
    ),
    Recipe("service", ".", "service", _SERVICE),
    # The version after this one, for upgrades: it has a migration more.
    Recipe("next-service", ".", "service", _SERVICE, added=_NEXT),
    Recipe("object-store", ".", "object-store", ("Dockerfile", ".dockerignore"), usually="5 min cold"),
    Recipe("postgresql", _POSTGRESQL, None, (_POSTGRESQL,)),
    Recipe("client", _CLIENT, None, (_CLIENT,)),
    Recipe(
        "every-client", _EVERY_CLIENT, None,
        (
            f"{_EVERY_CLIENT}/Dockerfile",
            *(f"{_EVERY_CLIENT}/{name}.lock" for name in ("pip", "uv", "twine-7", "poetry", "pdm", "hatch", "flit")),
        ),
        usually="2 min",
    ),
)  # fmt: skip


@contextmanager
def stored(recipe: Recipe, builder: Buildah | Docker, cache: Path) -> Iterator[StoredImage]:
    """The image as a file, valid inside the `with` block; built now if this content never was.

    Raises CommandFailedError.
    """
    with tempfile.TemporaryDirectory(prefix="image-context-") as folder:
        # What is hashed is what is built, even while someone edits the tree.
        names = _copy(recipe, Path(folder))
        inputs = {"files": files_digest(Path(folder), names), "bases": builder.identity(), "target": recipe.target}
        reference = f"localhost/pypi-registry-operator/{recipe.name}:{digest(inputs)}"

        def make(made: Path) -> None:
            with console.step(f"building the image {recipe.name}", usually=recipe.usually):
                builder.build(Path(folder) / recipe.context, recipe.target, reference)
                builder.save(reference, made / ARCHIVE)

        name = f"image-{recipe.name}"
        yield StoredImage(reference, cached(cache, name, inputs, make) / ARCHIVE)
    prune(cache, name, keep=_KEPT)


def _copy(recipe: Recipe, folder: Path) -> list[str]:
    places = {name: name for name in tracked_files(REPOSITORY, recipe.paths)}
    if recipe.added is not None:
        source, place = recipe.added
        places[place] = source
    for place, source in places.items():
        copy = folder / place
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / source, copy)
        # The same in every clone, so that a layer made from one is found again for another.
        os.utime(copy, (0, 0))
    return list(places)
