"""Where things lie: everything that the tool makes is under one cache folder, nothing is in the repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).resolve().parents[2]
TOOL = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one user on one machine.

    `cache` holds what is costly to make and keyed by the hash of its inputs; `cluster` is the state of the one
    cluster, gone after `down`.
    """

    cache: Path

    @property
    def cluster(self) -> Path:
        return self.cache / "cluster"

    @property
    def lock(self) -> Path:
        return self.cache / "cluster.lock"

    @property
    def kubeconfig(self) -> Path:
        return self.cluster / "admin.kubeconfig"

    @property
    def description(self) -> Path:
        """What `connect` reads: written last, when everything that it names is there."""
        return self.cluster / "cluster.json"


def places(environment: Mapping[str, str]) -> Places:
    """The folders that this environment asks for (XDG Base Directory Specification)."""
    cache = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME") or Path.home()) / ".cache")
    return Places(cache=Path(cache) / "pypi-registry-operator")
