"""Traefik as a plain process in front of registries: what real clients see when a proxy answers them.

The same program as the test cluster's ingress. `web` is plain HTTP, `websecure` has TLS from an authority of its own.
"""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.cluster import binaries
from tests.cluster.certificates import Authority, Pair, Subject
from tests.support.environments import cache
from tests.support.network import own_address
from tests.support.waiting import stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.support.service import Registry

_READY_SECONDS = 60
_ANSWER_SECONDS = 10
_WEB_PORT, _WEBSECURE_PORT = 8000, 8443


@dataclass(frozen=True, slots=True)
class Proxied:
    """A registry as its clients reach it through Traefik; with `authority` they must trust that one."""

    registry: Registry
    url: str
    authority: Authority | None = None

    def project(self, name: str) -> Access:
        """Make a private project and a personal token for it."""
        return self.reached(self.registry.project(name))

    def reached(self, direct: Access) -> Access:
        """The way to the same project through Traefik."""
        access = replace(direct, base_url=self.url)
        if self.authority is None:
            return access
        issuer = self.authority.certificate
        return replace(access, ca=issuer.read_text(), mount_path=str(issuer.parent))


@dataclass(frozen=True, slots=True)
class Traefik:
    """A running proxy with a registry behind each of its entry points."""

    web: Proxied
    websecure: Proxied


def program() -> Path:
    """The proxy's program, built when this version never was."""
    return binaries.build(binaries.TRAEFIK, cache()) / "traefik"


@contextmanager
def running(folder: Path, *, web: Registry, websecure: Registry) -> Iterator[Traefik]:
    """A proxy for the length of the block, on a loopback address of its own; its files are in `folder`."""
    host = own_address()
    authority = Authority(folder / "issuer", datetime.now(UTC))
    authority.establish()
    pair = authority.pair("traefik", Subject("traefik", names=(host,)))
    routes = folder / "routes.yaml"
    # JSON is YAML, and Traefik reads no file of another name.
    routes.write_text(json.dumps({**_routes(web=web.url, websecure=websecure.url), **_tls(pair)}))
    log = folder / "traefik.log"
    with log.open("wb") as output:
        process = subprocess.Popen([str(program()), *_arguments(host, routes)], env={}, stdout=output, stderr=output)
    plain = f"http://{host}:{_WEB_PORT}"
    try:
        wait_for(lambda: _answers(plain), process=process, log=log, seconds=_READY_SECONDS)
        yield Traefik(Proxied(web, plain), Proxied(websecure, f"https://{host}:{_WEBSECURE_PORT}", authority))
    finally:
        stop(process)


def _arguments(host: str, routes: Path) -> list[str]:
    return [
        f"--entrypoints.web.address={host}:{_WEB_PORT}",
        f"--entrypoints.websecure.address={host}:{_WEBSECURE_PORT}",
        f"--providers.file.filename={routes}",
        "--log.level=INFO",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]


def _routes(**urls: str) -> dict[str, object]:
    """Everything that comes in at an entry point goes to its own registry."""
    routers = {name: {"entryPoints": [name], "rule": "PathPrefix(`/`)", "service": name} for name in urls}
    services = {name: {"loadBalancer": {"servers": [{"url": url}]}} for name, url in urls.items()}
    return {"http": {"routers": {**routers, "websecure": {**routers["websecure"], "tls": {}}}, "services": services}}


def _tls(pair: Pair) -> dict[str, object]:
    certificate = {"certFile": str(pair.certificate), "keyFile": str(pair.key)}
    return {"tls": {"stores": {"default": {"defaultCertificate": certificate}}}}


def _answers(url: str) -> bool | None:
    try:
        with urllib.request.urlopen(f"{url}/-/sign-in", timeout=_ANSWER_SECONDS):
            return True
    except urllib.error.HTTPError as not_yet:
        not_yet.close()
    except OSError:
        pass
    return None
