"""The Nu Html Checker, which is what validator.w3.org runs: whether pages are HTML as its standard has it.

It is a Java program that a source distribution carries along; of that nothing else is used.
"""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.commands import run
from tests.cluster.console import step
from tests.cluster.content import cached
from tests.support.environments import cache, client, require_packages

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOCK = Path(__file__).parent / "html_checker.lock"
_JAR = "vnu.jar"
_DOWNLOAD_SECONDS = 600.0
_CHECK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Remark:
    """What the checker says of a page; an `error` is a breach of the standard, a `warning` advice."""

    page: str
    kind: str
    text: str


def program() -> Path:
    """The checker, fetched when this version never was, and a Java to run it."""
    if shutil.which("java") is None:
        require_packages("default-jre-headless")
    return cached(cache(), "html-checker", {"lock": _LOCK.read_text()}, _fetch) / _JAR


def check(pages: Mapping[str, bytes]) -> list[Remark]:
    """Everything that the checker has to say about pages, by the names that they are given here."""
    jar = program()
    with tempfile.TemporaryDirectory(prefix="pages-") as name:
        paths = {}
        for number, (page, content) in enumerate(pages.items()):
            path = Path(name) / f"{number}.html"
            path.write_bytes(content)
            paths[path.as_uri().replace("file:///", "file:/")] = page
        command: list[str | Path] = ["java", "-jar", jar, "--stdout", "--exit-zero-always", "--format", "json", name]
        messages = json.loads(run(command, timeout=_CHECK_SECONDS))["messages"]
    return [Remark(paths.get(said.get("url"), ""), _kind(said), said["message"]) for said in messages]


def _kind(message: Mapping[str, str]) -> str:
    """The checker's own word: a warning is an `info` of that sort."""
    return message.get("subType", message["type"])


def _fetch(folder: Path) -> None:
    with step("fetching the HTML checker", usually="20 s"), tempfile.TemporaryDirectory(prefix="html-checker-") as name:
        options = ["--no-deps", "--no-binary=:all:", "--no-build-isolation", "--require-hashes", "-q"]
        pip: list[str | Path] = [client("build"), "-m", "pip", "download", *options]
        run([*pip, "-r", str(_LOCK), "-d", name], timeout=_DOWNLOAD_SECONDS)
        (archive,) = Path(name).iterdir()
        with tarfile.open(archive) as opened:
            (member,) = (found for found in opened.getmembers() if Path(found.name).name == _JAR)
            content = opened.extractfile(member)
            if content is None:
                raise ValueError(f"{member.name} is no file")
            with content, (folder / _JAR).open("wb") as jar:
                shutil.copyfileobj(content, jar)
