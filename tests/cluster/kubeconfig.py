"""Writes the file by which a program or a person is known to the API server."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.certificates import Pair


def render(server: str, authority: Path, user: Pair) -> str:
    """A kubeconfig that holds all it refers to, so that it may be copied anywhere."""
    cluster = {"server": server, "certificate-authority-data": _inline(authority)}
    credentials = {"client-certificate-data": _inline(user.certificate), "client-key-data": _inline(user.key)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "user", "user": credentials}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "user"}}],
        "current-context": "test",
    }
    return json.dumps(config, indent=2) + "\n"


def write(path: Path, content: str) -> None:
    """Write a kubeconfig readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(content)


def _inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
