"""Clients that read and publish without pause while something happens to a registry: from a pod, and from outside."""

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from tests.cluster.client import client_command
from tests.cluster.description import Cluster
from tests.support.kubernetes import Namespace

_PROGRAM = (Path(__file__).parent / "load_client.py").read_text()
_END_SECONDS = 90
_POD = "clients"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the clients of one place saw: how often they asked, what they published, which requests failed and how."""

    requests: int
    published: int
    failures: Sequence[str]


class Clients(Protocol):
    """Running clients."""

    def end(self) -> Seen:
        """Have them stop, and hear what they saw."""
        ...


@dataclass(frozen=True, slots=True)
class Inside:
    """Clients in a pod."""

    space: Namespace

    def end(self) -> Seen:
        """Have them stop, and hear what they saw. Raises WaitFailedError."""
        self.space("exec", _POD, "--", "python3", "-c", f"import os; os.kill(1, {signal.SIGTERM:d})")
        told = self.space.wait_for_end("pod", _POD, seconds=_END_SECONDS)
        self.space.delete(f"pod/{_POD}")
        return Seen(**json.loads(told))


@dataclass(frozen=True, slots=True)
class Outside:
    """Clients in a process of this machine."""

    process: "subprocess.Popen[str]"

    def end(self) -> Seen:
        """Have them stop, and hear what they saw. Raises subprocess.TimeoutExpired."""
        self.process.terminate()
        told, _ = self.process.communicate(timeout=_END_SECONDS)
        return Seen(**json.loads(told))


def inside(cluster: Cluster, space: Namespace, secret: Mapping[str, str], service: str) -> Inside:
    """Start clients that ask the Service by its URL with the credential of a RegistryToken's Secret."""
    command = ["python3", "-c", _PROGRAM, _settings(secret, base=service, package=_package())]
    container = {"name": "c", "image": cluster.images["service"], "command": command}
    spec = {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}
    space.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": _POD}, "spec": spec})
    space("wait", f"pod/{_POD}", "--for=condition=Ready", "--timeout=90s", seconds=100)
    return Inside(space)


@contextmanager
def outside(cluster: Cluster, secret: Mapping[str, str]) -> Iterator[Outside]:
    """Clients on this machine, which ask through the ingress."""
    host = urlsplit(secret["upload-url"]).hostname or ""
    program = [sys.executable, "-c", _PROGRAM, _settings(secret, base=f"https://{host}", package=_package())]
    with (
        client_command(cluster, program, hosts=[host]) as command,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        try:
            yield Outside(process)
        finally:
            process.kill()


def _package() -> str:
    """A name that no run before has used, and that belongs to one place alone."""
    return f"load-{secrets.token_hex(4)}"


def _settings(secret: Mapping[str, str], *, base: str, package: str) -> str:
    upload = base + urlsplit(secret["upload-url"]).path
    settings = {
        "index": f"{upload}/simple/",
        "upload": upload,
        "username": secret["username"],
        "password": secret["password"],
        "ca": secret.get("ca.crt", ""),
        "package": package,
    }
    return json.dumps(settings)
