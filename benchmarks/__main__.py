"""`make bench`: the registry and its peers, on one machine in one run, asked in turn so that noise meets all alike."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import contenders, memory
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

_STARTS = 3


def main() -> None:
    """Measure and print."""
    contenders.require_linux()
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        with step("making empty registries", usually="20 s"):
            entered = _enter(stack, folder)
        names = [contender.name for contender in entered]
        rows = _rows(stack, entered)
    print(render(rows, names, compared=names[:2], peer=names[2]))
    print(f"\nmedian / 99th percentile; a ratio says how many times better than {names[2]} (below 1: worse).")
    print("pypiserver verifies no credential and never syncs to disk; SQLite+folder does both. The")
    print("PostgreSQL that runs here is the one of the tests: it does not sync.")
    print(f"{time.monotonic() - began:.0f} s")


def _enter(stack: ExitStack, folder: Path) -> list[Contender]:
    """All registries, none of them serving."""
    rooms = [folder / name for name in ("folder", "pod", "pypiserver", "devpi")]
    for room in rooms:
        room.mkdir()
    database = stack.enter_context(postgresql.running())
    store = stack.enter_context(object_store.running())
    bucket = S3Settings(
        endpoint=store.endpoint,
        bucket="bench",
        access_key=store.access_key,
        secret_key=store.secret_key,
        bucket_policy="CreateIfMissing",
    )
    return [
        contenders.folder_registry(rooms[0]),
        contenders.pod_registry(rooms[1], database.create("bench"), bucket),
        contenders.pypiserver(rooms[2]),
        contenders.devpi(rooms[3]),
    ]


def _rows(stack: ExitStack, entered: list[Contender]) -> list[Row]:
    with step("starting each several times", usually="30 s"):
        starts, running = _start(stack, entered)
    idle = {name: [memory.resident_bytes(it.pid) / MIB] for name, it in running.items()}
    visitors = {name: stack.enter_context(visiting(it)) for name, it in running.items()}
    limits = {contender.name: contender.most_files for contender in entered}
    with step("publishing 1,101 small wheels to each", usually="60 s"):
        filled = {name: fill(visitor, limits[name]) for name, visitor in visitors.items()}
    rows = [
        Row("start-up to the first answer", "s", starts),
        Row("memory, idle", "MiB", idle),
        Row("upload a wheel of 2 KiB", "ms", filled),
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
