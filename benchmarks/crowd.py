"""The operator in a crowd: what thousands of resources cost it when it starts, when nothing happens, and one change.

`python -m benchmarks.crowd --registries 100 --tokens 10` is a quick look; `make bench` has 1,000 with 10 each.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import memory
from benchmarks.crowd_stage import Stage, end, token
from benchmarks.table import worst
from registry_operator.cluster.connecting import connect
from registry_operator.cluster.kinds import SECRET
from tests.support import api_server
from tests.support.packages import MIB

if TYPE_CHECKING:
    import subprocess

REGISTRIES, TOKENS = 1000, 10
SETTLED_SECONDS, MOST_MIB, IDLE_WRITES, CHANGE_SECONDS = 45, 300, 0, 1.0
_CHANGES = 50
_IDLE_SECONDS = 60.0
_CALL_SECONDS = 60.0
_STEP_SECONDS, _POLL_SECONDS = 0.25, 0.01
_WRITES = ("POST", "PUT", "PATCH", "APPLY", "DELETE")


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured; rates are requests to the API server, `far` those to all registries, in a minute."""

    settled: float
    settling_writes: float
    peak: float
    reads: float
    writes: float
    far: float
    changes: list[float]

    def lines(self, registries: int, tokens: int) -> list[str]:
        """The result as people read it, with its goals."""
        slow = worst(self.changes, is_rate=False)
        return [
            f"operator with {registries} registries and {registries * tokens} tokens",
            f"  restart to settled           {self.settled:8.1f} s      goal {SETTLED_SECONDS} s",
            f"  restart: writes              {self.settling_writes:8.0f}        goal {IDLE_WRITES}",
            f"  memory, peak                 {self.peak:8.0f} MiB    goal {MOST_MIB} MB",
            f"  idle: writes to Kubernetes   {self.writes:8.0f} /min   goal {IDLE_WRITES}",
            f"  idle: reads from Kubernetes  {self.reads:8.0f} /min",
            f"  idle: requests to registries {self.far:8.0f} /min",
            f"  RegistryToken to its Secret  {median(self.changes):8.2f} s, p99 {slow:.2f}, goal {CHANGE_SECONDS:g} s",
        ]


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.crowd", description=__doc__)
    parser.add_argument("--registries", type=int, default=REGISTRIES)
    parser.add_argument("--tokens", type=int, default=TOKENS, help="in each registry")
    parsed = parser.parse_args(arguments)
    print("\n".join(measure(parsed.registries, parsed.tokens).lines(parsed.registries, parsed.tokens)))


def measure(registries: int, tokens: int) -> Result:
    """Make a crowd and measure the operator in it."""
    with tempfile.TemporaryDirectory(prefix="crowd-") as folder, api_server.running() as server:
        return asyncio.run(_measure(server, Path(folder), registries, tokens))


async def _measure(server: api_server.ApiServer, folder: Path, registries: int, tokens: int) -> Result:
    async with connect(deadline=_CALL_SECONDS, environment={"KUBECONFIG": str(server.kubeconfig)}) as kube:
        stage = Stage(server, kube, folder, registries, tokens)
        peer, operator = stage.start_peer(), stage.start_operator()
        try:
            await stage.fill()
            await stage.settle()
            end(operator)
            before, operator = stage.requests(), stage.start_operator()
            settled = await _settled(stage, operator)
            settling_writes = _writes(_grown(before, stage.requests()))
            reads, writes, far = await _idle(stage)
            changes = [await _change(stage) for _ in range(_CHANGES)]
            peak = memory.peak_bytes(operator.pid) / MIB
            return Result(settled, settling_writes, peak, reads, writes, far, changes)
        finally:
            end(operator)
            end(peer)


async def _settled(stage: Stage, operator: subprocess.Popen[bytes]) -> float:
    """Seconds until the operator looked at everything once and has nothing to do."""
    began = time.perf_counter()
    while operator.poll() is None and not stage.has_settled():  # noqa: ASYNC110 - it sets no event here
        await asyncio.sleep(_STEP_SECONDS)  # another program's progress can only be asked for
    return time.perf_counter() - began


async def _idle(stage: Stage) -> tuple[float, float, float]:
    """Reads and writes of the API server and requests to registries, in a minute."""
    before, far = stage.requests(), _count(stage.folder / "requests.log")
    await asyncio.sleep(_IDLE_SECONDS)  # what is measured is that nothing happens
    grown = _grown(before, stage.requests())
    print(f"  idle: {grown}", file=sys.stderr)
    writes = _writes(grown)
    return sum(grown.values()) - writes, writes, _count(stage.folder / "requests.log") - far


def _grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {verb: after[verb] - before.get(verb, 0) for verb in after}


def _writes(requests: dict[str, int]) -> int:
    return sum(requests.get(verb, 0) for verb in _WRITES)


def _count(path: Path) -> int:
    with path.open() as lines:
        return sum(1 for _ in lines)


async def _change(stage: Stage) -> float:
    """Seconds from a RegistryToken to its Secret."""
    namespace = secrets.choice(stage.namespaces)
    name = f"late-{secrets.token_hex(4)}"
    began = time.perf_counter()
    await stage.kube.create(token(namespace, name))
    while await stage.kube.get(SECRET, namespace, name) is None:  # noqa: ASYNC110 - it sets no event here
        await asyncio.sleep(_POLL_SECONDS)  # another program: it can only be asked for
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1:])
