"""Clients that read their Secret again each time notice nothing of a rotation."""

from __future__ import annotations

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from registry_operator.planning.ledger import MINT_INTERVAL
from registry_operator.resources.conditions import parse_rfc3339
from tests.outcomes import issue_6
from tests.support import packages
from tests.support.environments import clean_environment, client
from tests.support.operator_stage import Stage, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.api_server import ApiServer

NAMESPACE = "loaded"
_DAY = 24 * 3600
# Each is less than the credential has left, so each makes a new one.
LIFETIMES = (60 * _DAY, 50 * _DAY, 40 * _DAY)
LEAST_RUNS = 10
_SECONDS = 60.0


@pytest.fixture
def here(api_server: ApiServer, tmp_path: Path) -> Iterator[Stage]:
    """The stage, for one test."""
    with stage(api_server, tmp_path) as made:
        yield made


@pytest.mark.outcome(issue_6.LOAD)
def test_no_client_fails_across_three_rotations(here: Stage, tmp_path: Path) -> None:
    uid = here.make_namespace(NAMESPACE)
    here.make_token(NAMESPACE)
    here.until_settled(NAMESPACE, uid, seconds=_SECONDS)
    ended = threading.Event()
    _upload(here, tmp_path, 0)
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(_again_and_again, ended, run, here, tmp_path) for run in (_download, _upload)]
        try:
            passwords = {_rotated(here, uid, seconds) for seconds in LIFETIMES}
        finally:
            ended.set()
        counts = [run.result() for run in runs]
    assert len(passwords) == len(LIFETIMES)
    assert min(counts) >= LEAST_RUNS, counts
    assert here.unregistered == []


def _rotated(here: Stage, uid: str, lifetime: int) -> str:
    """Have a new credential made as soon as the minute after the last one allows it; returns it."""
    before, body = here.password(NAMESPACE), here.get(here.token_path(NAMESPACE))
    assert body is not None
    allowed = parse_rfc3339(body["status"]["issueTime"]) + MINT_INTERVAL + timedelta(seconds=1)
    time.sleep(max(0.0, (allowed - datetime.now(UTC)).total_seconds()))  # nothing shows that a minute is over
    here.change_token(NAMESPACE, expirationSeconds=lifetime)

    def look() -> str | None:
        now = here.password(NAMESPACE)
        return now if now != before else None

    password = here.until(look, seconds=_SECONDS, what=lambda: here.get(here.token_path(NAMESPACE)))
    here.until_settled(NAMESPACE, uid, seconds=_SECONDS)
    return password


def _again_and_again(ended: threading.Event, run: Callable[[Stage, Path, int], None], here: Stage, folder: Path) -> int:
    """Run until told to end; how often."""
    count = 0
    while not ended.is_set():
        count += 1
        run(here, folder, count)
    return count


def _download(here: Stage, folder: Path, number: int) -> None:
    assert here.service is not None
    host = here.service.url.removeprefix("http://")
    index = f"http://ci:{here.password(NAMESPACE)}@{host}/api/v4/projects/{NAMESPACE}/packages/pypi/simple/"
    place = folder / f"downloads-{number}"
    options = ["--no-deps", "--no-cache-dir", "--retries", "0", "--index-url", index, "--dest", str(place)]
    trusted = ["--trusted-host", here.service.host]
    _succeeds(folder, [str(client("pip")), "-m", "pip", "download", *options, *trusted, packages.EXAMPLE])
    assert list(place.iterdir())


def _upload(here: Stage, folder: Path, number: int) -> None:
    assert here.service is not None
    built = packages.wheel(f"0.0.{number + 1}")
    file = folder / built.filename
    file.write_bytes(built.content)
    url = f"{here.service.url}/api/v4/projects/{NAMESPACE}/packages/pypi"
    account = ["--username", "ci", "--password", str(here.password(NAMESPACE)), "--repository-url", url]
    options = ["--non-interactive", "--disable-progress-bar", *account]
    _succeeds(folder, [str(client("twine-7")), "-m", "twine", "upload", *options, str(file)])


def _succeeds(home: Path, command: list[str]) -> None:
    done = subprocess.run(
        command, env=clean_environment(home), timeout=_SECONDS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
