"""Talks to the API server through kubectl, which was built with it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster.commands import CommandFailedError, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.3


class NotReadyError(RuntimeError):
    """Something did not become ready in time; the message says what, and what was seen last."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl for one cluster."""

    program: Path
    kubeconfig: Path

    def __call__(self, *argv: str | Path, stdin: str | None = None, timeout: float = _SECONDS) -> str:
        """Run one command and return its output. Raises CommandFailedError."""
        connection = ["--kubeconfig", str(self.kubeconfig), f"--request-timeout={timeout:.0f}s"]
        return run([self.program, *connection, *argv], stdin=stdin, timeout=timeout + 5)

    def apply(self, manifests: Iterable[Mapping[str, object]]) -> None:
        """Apply manifests server-side, as their one owner."""
        listing = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self("apply", *_SERVER_SIDE, "-f", "-", stdin=json.dumps(listing))

    def apply_files(self, files: Iterable[Path]) -> None:
        """Apply the manifests in files."""
        self("apply", *_SERVER_SIDE, *(word for file in files for word in ("-f", str(file))))

    def available(self, namespace: str, deployment: str) -> bool:
        """Whether a Deployment shows its newest version, with every replica available."""
        found = json.loads(self("get", "deployment", deployment, "-n", namespace, "-o", "json", timeout=10))
        status = found.get("status", {})
        wanted = found["spec"]["replicas"]
        current = status.get("observedGeneration") == found["metadata"]["generation"]
        counts = [status.get(field, 0) for field in ("replicas", "updatedReplicas", "availableReplicas")]
        return bool(current) and counts == [wanted] * len(counts)


_SERVER_SIDE = ("--server-side", "--force-conflicts", "--field-manager=test-cluster")


def wait_until(what: str, ready: Callable[[], bool], *, patience: float) -> None:
    """Ask again and again until `ready` says so; a command that fails counts as "not yet".

    Raises NotReadyError after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    seen = "no error was seen"
    while True:
        try:
            if ready():
                return
            seen = "the last answer was no"
        except (CommandFailedError, OSError) as failure:
            seen = str(failure)
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what}: not ready after {patience:.0f} s; {seen}")
        time.sleep(_LOOK_AGAIN_SECONDS)
