"""The files of `examples/`, as the demonstration applies them: only images and namespaces are filled in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "examples"
PACKAGE = FOLDER / "mypypipackage"
CLIENT_IMAGE = "registry.example/python-client:1"
OWNER = "team-a"
GROUP = "pypiregistry.dev"
Document = dict[str, Any]  # Any: an object as it stands in YAML


def documents(name: str) -> list[Document]:
    """The objects of one example file."""
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


def with_image(document: Document, image: str) -> Document:
    """A Job or a pod whose client image is one that this cluster has."""
    pod = document["spec"]["template"] if document["kind"] == "Job" else document
    for container in pod["spec"]["containers"]:
        if container["image"] == CLIENT_IMAGE:
            container["image"] = image
    return document


def with_owner(document: Document, namespace: str) -> Document:
    """A RegistryToken that refers to the registry of another namespace than the example's `team-a`."""
    reference = document["spec"]["registryRef"]
    if reference.get("namespace") == OWNER:
        reference["namespace"] = namespace
    return document


def sources() -> Document:
    """The example package as the ConfigMap that the publishing Job reads."""
    files = {path.name: path.read_text() for path in _files()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": PACKAGE.name}, "data": files}


def _files() -> Iterator[Path]:
    yield PACKAGE / "setup.py"
    yield from sorted((PACKAGE / PACKAGE.name).glob("*.py"))
