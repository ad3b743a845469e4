"""Decides which cluster the tests run on, from the environment and from what this machine has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class SettingMissingError(ValueError):
    """A cluster of the user's own needs a setting that only the user knows; the message says which."""


@dataclass(frozen=True, slots=True)
class Existing:
    """The user's own cluster: images are pushed to `image_repository`, hosts are under `base_domain`."""

    kubeconfig: Path
    image_repository: str
    base_domain: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A cluster in the machine's Docker engine."""


@dataclass(frozen=True, slots=True)
class SingleNode:
    """Kubernetes built from its Go modules, on this machine."""


def choose(
    environment: Mapping[str, str], own: Path, *, docker_answers: Callable[[], bool]
) -> Existing | Kind | SingleNode:
    """The user's cluster if `KUBECONFIG` is set, else kind if a Docker engine answers, else the single node.

    `own` is the kubeconfig that this tool writes: being told of it is being told nothing.
    Raises SettingMissingError.
    """
    kubeconfig = environment.get("KUBECONFIG", "")
    if kubeconfig and Path(kubeconfig) != own:
        repository = _required(environment, "IMAGE_REPOSITORY", "where its nodes pull from, e.g. registry.example/team")
        domain = _required(environment, "BASE_DOMAIN", "which its ingress serves with every name under it")
        return Existing(Path(kubeconfig), repository, domain)
    return Kind() if docker_answers() else SingleNode()


def _required(environment: Mapping[str, str], name: str, meaning: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingMissingError(
            f"KUBECONFIG is set, so the tests use that cluster; please also set {name}: {meaning}"
        )
    return value
