"""Each client publishes and installs with what a RegistryToken's Secrets hold, mounted or as its environment."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import clients
from tests.support import environments
from tests.support.every_client import INSTALLERS, PUBLISHERS, Job

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.support.service import Pod, Standalone
    from tests.support.traefik import Proxied

_PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
# What a URL must quote, and a configuration file escape: a CI system's token may hold all of it.
_AWKWARD = 'glcbt-64_0123456789+/=%"\\$#;@:'
_numbers = itertools.count(1)
# What every container has.
_CONTAINER = {"PATH": os.defpath, "LANG": "C.UTF-8"}
_EVERY = sorted({*PUBLISHERS, *INSTALLERS})


@pytest.fixture
def tls() -> bool:
    """Plain HTTP, unless a test says otherwise."""
    return False


@pytest.fixture
def access(request: pytest.FixtureRequest, tls: bool) -> Access:
    """A generated token over plain HTTP, or an imported one and a private issuer."""
    name = f"secrets-{next(_numbers)}"
    if not tls:
        plain: Standalone = request.getfixturevalue("one_machine")
        return plain.project(name)
    outside: Proxied = request.getfixturevalue("websecure")
    inside: Pod = request.getfixturevalue("in_a_pod")
    return outside.reached(inside.imported(name, f"{_AWKWARD}{name}"))


@pytest.fixture
def mounted(access: Access, tmp_path: Path) -> Path:
    """A folder with the keys of the Secret, each a file."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    for name, content in clients.files(replace(access, mount_path=str(folder))).items():
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def places(tmp_path: Path, _clients: None) -> Path:
    """A folder in which each client's environment has the client's name."""
    folder = tmp_path / "clients"
    folder.mkdir()
    for name in _EVERY:
        environment = environments.client("twine-7" if name == "twine" else name).parents[1]
        (folder / name).symlink_to(environment)
    return folder


@pytest.mark.parametrize("client", _EVERY)
@_PLAIN_AND_TLS
def test_with_nothing_but_the_mounted_secret(client: str, places: Path, mounted: Path, tmp_path: Path) -> None:
    _publish_and_install(client, Job(places, tmp_path, _CONTAINER, mounted))


@pytest.mark.parametrize("client", _EVERY)
@_PLAIN_AND_TLS
def test_with_nothing_but_the_environment(
    client: str, access: Access, places: Path, mounted: Path, tmp_path: Path
) -> None:
    """Where the issuer is private, `ca.crt` is mounted beside: no client takes it but as a file."""
    here = replace(access, mount_path=str(mounted))
    _publish_and_install(client, Job(places, tmp_path, _CONTAINER | clients.environment(here)))


@pytest.mark.parametrize("tls", [True])
def test_a_private_issuer_that_is_not_mounted_is_named(access: Access, places: Path, tmp_path: Path) -> None:
    job = Job(places, tmp_path, _CONTAINER | clients.environment(replace(access, mount_path="/not/mounted")))
    with pytest.raises(AssertionError, match=r"invalid path: /not/mounted/ca\.crt"):
        job.install("pip", "mypypipackage")


def _publish_and_install(client: str, job: Job) -> None:
    job.publish(client if client in PUBLISHERS else "twine", "mypypipackage")
    if client in INSTALLERS:
        job.install(client, "mypypipackage")
