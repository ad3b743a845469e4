"""`make bench`: the registry and its peers, on one machine in one run, asked in turn so that noise meets all alike."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import contenders, handshake, large, memory
from benchmarks.measures import Measure, all_measures, fill
from benchmarks.table import Row, render
from benchmarks.traffic import visiting
from registry_service.storage.s3_client import S3Settings
from tests.cluster.console import step
from tests.support import object_store, postgresql
from tests.support.packages import MIB

if TYPE_CHECKING:
    from benchmarks.contenders import Contender, Running
    from benchmarks.traffic import Visitor
    from tests.support.object_store import ObjectStore
    from tests.support.postgresql import Postgresql

_STARTS = 3


def main() -> None:
    """Measure and print."""
    contenders.require_linux()
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        with step("making empty registries", usually="20 s"):
            backing = Backing(stack.enter_context(postgresql.running()), stack.enter_context(object_store.running()))
            entered = _enter(backing, folder)
        names = [contender.name for contender in entered]
        rows = _rows(stack, entered)
        with step("publishing and downloading 1 GiB, twice", usually="90 s"):
            told = _large(backing, folder, names)
    print(render(rows, names, compared=names[:2], peer=names[2]))
    print(f"\nmedian / 99th percentile; a ratio says how many times better than {names[2]} (below 1: worse).")
    print("pypiserver verifies no credential and never syncs to disk; SQLite+folder does both. The")
    print("PostgreSQL that runs here is the one of the tests: it does not sync.")
    print("\n" + "\n".join(told))
    with step(f"issuing tokens, alone and among {handshake.OTHERS:,}", usually="10 min"):
        issuing = handshake.measure(handshake.OTHERS)
    print("\n" + "\n".join(issuing))
    print(f"\n{time.monotonic() - began:.0f} s")


@dataclass(frozen=True, slots=True)
class Backing:
    """The servers that a registry in a pod needs."""

    database: Postgresql
    store: ObjectStore

    def bucket(self, name: str) -> S3Settings:
        """A bucket of that name, made when it is first used."""
        return S3Settings(
            endpoint=self.store.endpoint,
            bucket=name,
            access_key=self.store.access_key,
            secret_key=self.store.secret_key,
            bucket_policy="CreateIfMissing",
        )


def _large(backing: Backing, folder: Path, names: list[str]) -> list[str]:
    """What the largest of files does to the memory of registries that serve nothing else."""
    rooms = [folder / name for name in ("large-folder", "large-pod")]
    for room in rooms:
        room.mkdir()
    wheel = large.write_wheel(folder, large.SIZE_BYTES)
    with large.folder_registry(rooms[0], large.SIZE_BYTES) as alone:
        told = [large.describe(names[0], large.held(alone, wheel))]
    url, bucket = backing.database.create("large"), backing.bucket("large")
    with large.pod_registry(rooms[1], url, bucket, large.SIZE_BYTES) as pod:
        told.append(large.describe(names[1], large.held(pod, wheel)))
    return [large.HEADING, *told]


def _enter(backing: Backing, folder: Path) -> list[Contender]:
    """All registries, none of them serving."""
    rooms = [folder / name for name in ("folder", "pod", "pypiserver", "devpi")]
    for room in rooms:
        room.mkdir()
    return [
        contenders.folder_registry(rooms[0]),
        contenders.pod_registry(rooms[1], backing.database.create("bench"), backing.bucket("bench")),
        contenders.pypiserver(rooms[2]),
        contenders.devpi(rooms[3]),
    ]


def _rows(stack: ExitStack, entered: list[Contender]) -> list[Row]:
    with step("starting each several times", usually="30 s"):
        starts, running = _start(stack, entered)
    idle = {name: [memory.resident_bytes(it.pid) / MIB] for name, it in running.items()}
    visitors = {name: stack.enter_context(visiting(it)) for name, it in running.items()}
    limits = {contender.name: contender.most_files for contender in entered}
    before = {name: set(memory.family(it.pid)) for name, it in running.items()}
    with step("publishing 1,101 small wheels to each", usually="60 s"):
        filled = {name: fill(visitor, limits[name]) for name, visitor in visitors.items()}
    started = {name: [float(len(set(memory.family(it.pid)) - before[name]))] for name, it in running.items()}
    rows = [
        Row("start-up to the first answer", "s", starts),
        Row("memory, idle", "MiB", idle),
        Row("upload a wheel of 2 KiB", "ms", filled),
        Row("started by all of these", "processes", started),
    ]
    with step("measuring", usually="90 s"):
        rows += [_measure(measure, entered, visitors) for measure in all_measures()]
    return rows


def _start(stack: ExitStack, entered: list[Contender]) -> tuple[dict[str, list[float]], dict[str, Running]]:
    """Seconds that each start took; the last start goes on serving."""
    starts: dict[str, list[float]] = {contender.name: [] for contender in entered}
    for _ in range(_STARTS - 1):
        for contender in entered:
            with contender.serving() as briefly:
                starts[contender.name].append(briefly.started_in)
    running = {contender.name: stack.enter_context(contender.serving()) for contender in entered}
    for name, it in running.items():
        starts[name].append(it.started_in)
    return starts, running


def _measure(measure: Measure, entered: list[Contender], visitors: dict[str, Visitor]) -> Row:
    able = {
        contender.name: visitors[contender.name]
        for contender in entered
        if contender.most_files >= measure.files and (contender.has_json or not measure.needs_json)
    }
    samples: dict[str, list[float]] = {name: [] for name in able}
    for _ in range(measure.rounds):
        for name, visitor in able.items():
            samples[name] += measure.take(visitor)
    return Row(measure.label, measure.unit, samples, measure.is_rate)


if __name__ == "__main__":
    main()
