"""From `kubectl apply` of a RegistryToken to the first `pip download` with its Secret, alone and among many.

The API server, the operator's process, the registry's and pip are the real ones; no pod runs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import yaml

from benchmarks import memory
from benchmarks.table import worst
from tests.cluster.commands import run
from tests.support import api_server, packages
from tests.support.environments import clean_environment, client
from tests.support.operator_stage import HOME, NAME, Stage, stage

ROUNDS, OTHERS = 30, 10_000
OPERATOR_SECONDS = 1.0
_PER_NAMESPACE = 10
_PAUSE_SECONDS, _LOOK_AGAIN_SECONDS, _ISSUED_SECONDS, _SECONDS = 0.01, 2.0, 3600.0, 120.0
# The share of a processor that watches and probes stay below and passes over sets do not.
_REST_SHARE = 0.1
_PUBLISHER = "publisher"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of each round: until the Secret was there, and until pip had the file."""

    issued: list[float] = field(default_factory=list)
    downloaded: list[float] = field(default_factory=list)

    def lines(self, others: int) -> list[str]:
        """The times as people read them."""
        shown = {"Secret (the operator's part)": self.issued, "first pip download": self.downloaded}
        goals = {"Secret (the operator's part)": f"   goal p99 {OPERATOR_SECONDS:g} s"}
        return [
            f"kubectl apply to {what}, {others} other tokens: "
            f"{median(taken):.2f} s / {worst(taken, is_rate=False):.2f} s{goals.get(what, '')}"
            for what, taken in shown.items()
        ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", type=int, default=OTHERS)
    print("\n".join(measure(parser.parse_args().others)))


def measure(others: int) -> list[str]:
    """All rounds, first alone; median and 99th percentile."""
    with (
        api_server.running() as server,
        tempfile.TemporaryDirectory(prefix="handshake-") as name,
        stage(server, Path(name), proxied=False) as here,
    ):
        _publish(here)
        told = _rounds(here, "alone").lines(0)
        _crowd(here, others)
        return [*told, *_rounds(here, "crowded").lines(others)]


def _rounds(here: Stage, purpose: str) -> Times:
    times = Times()
    for number in range(ROUNDS):
        name = f"{purpose}-{number}"
        spec = {"registryRef": {"name": NAME}, "type": "Deploy"}
        body = {"apiVersion": "pypiregistry.dev/v1alpha1", "kind": "RegistryToken", "metadata": {"name": name}}
        began = time.monotonic()
        here.server.kubectl("apply", "--namespace", HOME, "-f", "-", stdin=yaml.safe_dump(body | {"spec": spec}))
        while (password := here.password(HOME, name)) is None:
            time.sleep(_PAUSE_SECONDS)  # another program: it can only be asked for
        times.issued.append(time.monotonic() - began)
        _download(here, name, password)
        times.downloaded.append(time.monotonic() - began)
    return times


def _download(here: Stage, user: str, password: str) -> None:
    if here.service is None:
        raise RuntimeError("the registry does not serve")
    index = f"http://{user}:{password}@{here.service.url.removeprefix('http://')}/api/v4/projects/{HOME}/packages/pypi/simple/"
    options = ["--no-deps", "--no-cache-dir", "--index-url", index, "--dest", str(here.folder / user)]
    trusted = ["--trusted-host", here.service.host, "--disable-pip-version-check"]
    command = [str(client("pip")), "-m", "pip", "download", "-q", *options, *trusted, packages.EXAMPLE]
    run(command, timeout=_SECONDS, env=clean_environment(here.folder))


def _publish(here: Stage) -> None:
    here.make_token(HOME, _PUBLISHER)
    password = here.until(lambda: here.password(HOME, _PUBLISHER), seconds=_SECONDS, what=lambda: "a token")
    if here.service is None:
        raise RuntimeError("the registry does not serve")
    wheel = packages.wheel().write_to(here.folder)
    account = ["--username", _PUBLISHER, "--password", password, "--non-interactive", "--disable-progress-bar"]
    url = f"{here.service.url}/api/v4/projects/{HOME}/packages/pypi"
    command = [str(client("twine-7")), "-m", "twine", "upload", *account, "--repository-url", url, str(wheel)]
    run(command, timeout=_SECONDS, env=clean_environment(here.folder))


def _crowd(here: Stage, others: int) -> None:
    """Have many other tokens issued, in namespaces of their own."""
    names = [f"crowd-{number}" for number in range(-(-others // _PER_NAMESPACE))]
    for namespace in names:
        here.make_namespace(namespace)
    places = [(names[number // _PER_NAMESPACE], f"t{number}") for number in range(others)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda place: here.make_token(*place), places))

    wanted = others + ROUNDS + 1
    here.until(lambda: _ready(here) >= wanted or None, seconds=_ISSUED_SECONDS, what=lambda: f"{wanted} ready tokens")
    # It looks once more at each set that it has just changed.
    here.until(lambda: _rests(here) or None, seconds=_SECONDS, what=lambda: "an operator at rest")


def _ready(here: Stage) -> int:
    """How many RegistryTokens are ready."""
    time.sleep(_LOOK_AGAIN_SECONDS)  # the answer is long, and to ask for it all the time would slow the operator
    items = (here.server.call("GET", "/apis/pypiregistry.dev/v1alpha1/registrytokens") or {})["items"]
    conditions = [one for item in items for one in item.get("status", {}).get("conditions", [])]
    return sum(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _rests(here: Stage) -> bool:
    """Whether the operator takes next to no processor time."""
    process = here.operators[-1].pid
    before = memory.processor_seconds(process)
    time.sleep(_LOOK_AGAIN_SECONDS)  # a rate takes a while to measure
    return memory.processor_seconds(process) - before < _REST_SHARE * _LOOK_AGAIN_SECONDS


if __name__ == "__main__":
    main()
