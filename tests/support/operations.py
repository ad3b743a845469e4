"""Somebody who types what examples/operations says."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.cluster.commands import run
from tests.demo import examples
from tests.support.kubernetes import Namespace
from tests.support.resources import registry

_TEXT = (examples.FOLDER / "operations" / "README.md").read_text()
_SECONDS = 400


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a shell, with kubectl set to one namespace."""

    folder: Path
    namespace: Namespace

    @classmethod
    def at(cls, folder: Path, namespace: Namespace) -> "Person":
        kubeconfig = folder / "kubeconfig"
        shutil.copy(namespace.kubectl.kubeconfig, kubeconfig)
        words = ["config", "set-context", "--current", f"--namespace={namespace.name}"]
        run([namespace.kubectl.program, "--kubeconfig", kubeconfig, *words], timeout=30)
        return cls(folder, namespace)

    def follows(self, heading: str, *, block: int = 0) -> None:
        """Type what stands below a heading. Raises CommandFailedError."""
        path = f"{self.namespace.kubectl.program.parent}:{os.environ['PATH']}"
        environment = {"PATH": path, "KUBECONFIG": str(self.folder / "kubeconfig"), "HOME": str(self.folder)}
        for command in commands(heading, block):
            run(["bash", "-euo", "pipefail", "-c", command], timeout=_SECONDS, cwd=self.folder, env=environment)

    def writes(self, **spec: object) -> None:
        """Put a registry called `packages` into `registry.yaml`."""
        (self.folder / "registry.yaml").write_text(yaml.safe_dump(registry("packages", **spec)))


def commands(heading: str, block: int) -> list[str]:
    """The commands of a section's console."""
    section = _TEXT.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    console = re.findall(r"```console\n(.*?)```", section, re.DOTALL)[block]
    return [line.removeprefix("$ ") for line in console.splitlines()]
