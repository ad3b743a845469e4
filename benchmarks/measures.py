"""What is measured: each measure takes one or more samples of one registry, and is asked of all in turn."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import memory
from benchmarks.traffic import HTML, JSON, Visitor, WrongAnswerError, visiting
from tests.support import packages
from tests.support.packages import MIB, Distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGES = (1, 100, 1000)
SMALL, LARGE = 1, 50
_FORM_AND_ZIP_BYTES = 4096  # the size limit counts the file, which is larger than what it holds
_READERS = 8
_READS_EACH = 25
_versions = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Measure:
    """`take` returns samples in `unit`; `is_rate` says that more is better; `files`: how many its package has."""

    label: str
    unit: str
    rounds: int
    take: Callable[[Visitor], Sequence[float]]
    is_rate: bool = False
    needs_json: bool = False
    files: int = 1


def all_measures() -> list[Measure]:
    """In the order in which they are taken."""
    pages = [
        Measure(
            f"Simple page, {count} files, {name}",
            "ms",
            60 if count < 1000 else 20,
            _page(count, accept),
            needs_json=name == "JSON",
            files=count,
        )
        for count in PAGES
        for name, accept in (("HTML", HTML), ("JSON", JSON))
    ]
    return [
        *pages,
        Measure(f"{_READERS} readers, page of 100 files", "ms", 4, _crowd),
        Measure(f"download {SMALL} MiB", "MiB/s", 30, _download(SMALL), is_rate=True),
        Measure(f"download {LARGE} MiB", "MiB/s", 4, _download(LARGE), is_rate=True),
        Measure(f"upload {SMALL} MiB", "ms", 15, _upload(SMALL)),
        Measure(f"upload {LARGE} MiB", "ms", 3, _upload(LARGE)),
        Measure(f"memory peak, upload {LARGE} MiB", "MiB", 1, _upload_memory),
    ]


def fill(visitor: Visitor, most_files: int) -> list[float]:
    """Publish what is read later, at most so many files to a package; the milliseconds that each small wheel took."""
    took = [
        visitor.upload(f"pages-{count}", f"0.0.{number}", packages.wheel(f"0.0.{number}", name=f"pages-{count}"))
        for count in PAGES
        if count <= most_files
        for number in range(count)
    ]
    for size in (SMALL, LARGE):
        visitor.upload(f"file-{size}", "1.0", _wheel(f"file-{size}", "1.0", size))
    return [1000 * seconds for seconds in took]


def _page(count: int, accept: str) -> Callable[[Visitor], Sequence[float]]:
    def take(visitor: Visitor) -> Sequence[float]:
        began = time.perf_counter()
        content = visitor.page(f"pages-{count}", accept)
        took = time.perf_counter() - began
        if content.count(b"sha256") < count:
            raise WrongAnswerError(f"the page of {count} files has fewer: {content[:300]!r}")
        return [1000 * took]

    return take


def _crowd(visitor: Visitor) -> Sequence[float]:
    def read() -> list[float]:
        with visiting(visitor.running) as reader:
            return [sample for _ in range(_READS_EACH) for sample in take(reader)]

    take = _page(100, HTML)
    with ThreadPoolExecutor(_READERS) as readers:
        return [sample for running in [readers.submit(read) for _ in range(_READERS)] for sample in running.result()]


def _download(size: int) -> Callable[[Visitor], Sequence[float]]:
    paths: dict[str, str] = {}

    def take(visitor: Visitor) -> Sequence[float]:
        host = visitor.running.host
        if host not in paths:
            paths[host] = visitor.file_paths(f"file-{size}")[0]
        began = time.perf_counter()
        content = visitor.download(paths[host])
        took = time.perf_counter() - began
        if len(content) < size * MIB - _FORM_AND_ZIP_BYTES:
            raise WrongAnswerError(f"a file of {size} MiB came with {len(content)} bytes")
        return [len(content) / MIB / took]

    return take


def _upload(size: int) -> Callable[[Visitor], Sequence[float]]:
    def take(visitor: Visitor) -> Sequence[float]:
        version = f"2.{next(_versions)}"
        return [1000 * visitor.upload(f"file-{size}", version, _wheel(f"file-{size}", version, size))]

    return take


def _upload_memory(visitor: Visitor) -> Sequence[float]:
    memory.forget_peak(visitor.running.pid)
    _upload(LARGE)(visitor)
    return [memory.peak_bytes(visitor.running.pid) / MIB]


def _wheel(name: str, version: str, size: int) -> Distribution:
    return packages.wheel(version, name=name, padding=size * MIB - _FORM_AND_ZIP_BYTES)
