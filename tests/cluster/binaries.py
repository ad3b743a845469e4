"""Builds the cluster's programs from pinned Go modules, once for each content of `go/` and version of Go."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import console
from tests.cluster.commands import run
from tests.cluster.content import cached, files_digest, tracked_files
from tests.cluster.places import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BUILD_SECONDS = 3600.0
_MODULES = "tests/cluster/go"
# Other work on the machine goes first.
_NICE = ("nice", "-n", "15")


@dataclass(frozen=True, slots=True)
class Module:
    """One folder of `go/`: what it pins together, it builds together.

    `packages` maps a program's name to its package, `links` other names of a program to it, `variables` the
    linker's string variables to values. `prepare` may change the copy of the module that is built.
    """

    name: str
    packages: Mapping[str, str]
    usually: str
    links: Mapping[str, str]
    variables: Mapping[str, str]
    prepare: Callable[[Path], None] | None = None


def _without_dns_providers(folder: Path) -> None:
    """Leave the clients of 150 DNS companies out of Traefik's certificate library: half of its build, of no use here.

    Go refuses to overlay single files of its module cache, so the library is copied and one file exchanged.
    """
    listing = json.loads(run(["go", "mod", "download", "-json", _certificate_library(folder)], timeout=600, cwd=folder))
    copy = folder / "lego"
    shutil.copytree(listing["Dir"], copy, copy_function=shutil.copyfile)
    for made in copy.rglob("*"):
        made.chmod(0o755 if made.is_dir() else 0o644)
    shutil.copyfile(folder / "dns" / "providers.go", copy / "providers" / "dns" / "zz_gen_dns_providers.go")
    run(["go", "mod", "edit", "-replace=github.com/go-acme/lego/v4=./lego"], timeout=60, cwd=folder)


def _certificate_library(folder: Path) -> str:
    requirements = json.loads(run(["go", "mod", "edit", "-json"], timeout=60, cwd=folder))["Require"]
    version = next(line["Version"] for line in requirements if line["Path"] == "github.com/go-acme/lego/v4")
    return f"github.com/go-acme/lego/v4@{version}"


KUBERNETES = Module(
    name="kubernetes",
    packages={
        "kubernetes": ".",
        "coredns": "./coredns",
        "volumes": "./volumes",
        "pause": "./pause",
        "helm": "helm.sh/helm/v3/cmd/helm",
    },
    usually="8 min cold",
    links=dict.fromkeys(
        ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl"),
        "kubernetes",
    ),
    variables={
        "k8s.io/component-base/version.gitVersion": "v1.35.0",
        "k8s.io/component-base/version.gitMajor": "1",
        "k8s.io/component-base/version.gitMinor": "35",
        "helm.sh/helm/v3/internal/version.version": "v3.20.2",
    },
)
TRAEFIK = Module(
    name="traefik",
    packages={"traefik": "github.com/traefik/traefik/v3/cmd/traefik"},
    usually="4 min cold",
    links={},
    variables={"github.com/traefik/traefik/v3/pkg/version.Version": "3.6.6"},
    prepare=_without_dns_providers,
)
KIND = Module(name="kind", packages={"kind": "sigs.k8s.io/kind"}, usually="1 min cold", links={}, variables={})


def build(module: Module, cache: Path) -> Path:
    """The folder that holds the module's programs, built now if this version of them never was.

    Raises CommandFailedError with the compiler's words.
    """
    names = tracked_files(REPOSITORY, [f"{_MODULES}/{module.name}"])
    inputs = {
        "sources": files_digest(REPOSITORY, names),
        "go": run(["go", "env", "GOVERSION", "GOARCH"], timeout=60).split(),
        "packages": dict(module.packages),
        "variables": dict(module.variables),
    }
    return cached(cache, module.name, inputs, lambda folder: _build(module, folder))


def _build(module: Module, folder: Path) -> None:
    sources = folder / "sources"
    shutil.copytree(REPOSITORY / _MODULES / module.name, sources)
    if module.prepare is not None:
        module.prepare(sources)
    with console.step(f"building {', '.join(module.packages)} from Go modules", usually=module.usually):
        for program, package in module.packages.items():
            _compile(package, sources, folder / program, module.variables)
    for link, program in module.links.items():
        (folder / link).symlink_to(program)
    shutil.rmtree(sources)


def _compile(package: str, sources: Path, output: Path, variables: Mapping[str, str]) -> None:
    linker = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in variables.items())])
    flags = ["-mod=readonly", "-trimpath", f"-ldflags={linker}", "-o", str(output)]
    environment = {**os.environ, "CGO_ENABLED": "0"}
    run([*_NICE, "go", "build", *flags, package], timeout=_BUILD_SECONDS, cwd=sources, env=environment)


def gateway_api_crds() -> list[Path]:
    """The Gateway API's standard CRDs, from the module that Traefik was built with."""
    folder = REPOSITORY / _MODULES / "traefik"
    module = json.loads(run(["go", "mod", "download", "-json", "sigs.k8s.io/gateway-api"], timeout=600, cwd=folder))
    return sorted((Path(module["Dir"]) / "config" / "crd" / "standard").glob("gateway.networking.k8s.io_*.yaml"))
