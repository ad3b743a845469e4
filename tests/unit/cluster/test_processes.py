"""A recorded process is known again, and nothing else that has its number is taken for it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.processes import Daemon, Identity, Processes, descendants, end, identity, parents, stat_fields

SLEEPER = (sys.executable, "-c", "print('started', flush=True); import time; time.sleep(600)")


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    found = Processes(records=tmp_path / "records", logs=tmp_path / "logs")
    yield found
    for name in found.alive():
        found.stop(name)


def test_a_name_with_brackets_and_spaces_does_not_shift_the_fields() -> None:
    assert stat_fields("7 (a) b (c)) S 1 2") == ["S", "1", "2"]


def test_a_process_is_its_number_and_its_start() -> None:
    own = identity(os.getpid())
    assert own is not None
    assert own == identity(os.getpid())
    assert own.started > 0


def test_an_ended_process_has_no_identity_even_before_its_parent_notices() -> None:
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert identity(child.pid) is None


def test_a_started_program_runs_until_stopped(processes: Processes) -> None:
    daemon = Daemon("sleeper", SLEEPER)
    assert not processes.running(daemon)
    processes.start(daemon)
    assert processes.running(daemon)
    who = processes.alive()["sleeper"]
    processes.stop("sleeper")
    assert not processes.running(daemon)
    assert identity(who.pid) is None


def test_another_configuration_is_another_program(processes: Processes) -> None:
    daemon = Daemon("sleeper", SLEEPER, configuration=("a",))
    processes.start(daemon)
    changed = Daemon("sleeper", SLEEPER, configuration=("b",))
    assert not processes.running(changed)
    before = processes.alive()["sleeper"]
    processes.start(changed)
    assert processes.running(changed)
    assert identity(before.pid) != before


def test_a_number_that_now_belongs_to_another_is_not_ours_and_is_left_alone(processes: Processes) -> None:
    daemon = Daemon("sleeper", SLEEPER)
    with subprocess.Popen(SLEEPER, stdout=subprocess.DEVNULL) as stranger:
        record = {"pid": stranger.pid, "started": 1, "fingerprint": daemon.fingerprint}
        processes.records.mkdir()
        (processes.records / "sleeper.json").write_text(json.dumps(record))
        assert not processes.running(daemon)
        processes.stop("sleeper")
        assert stranger.poll() is None
        stranger.kill()


def test_its_output_is_kept(processes: Processes) -> None:
    processes.start(Daemon("speaker", (sys.executable, "-c", "import sys; print('out'); sys.exit('err')")))
    os.waitpid(json.loads((processes.records / "speaker.json").read_text())["pid"], 0)
    assert set(processes.log_end("speaker").splitlines()) == {"out", "err"}
    assert processes.log_end("speaker", lines=1) in {"out", "err"}


def test_a_program_that_does_not_listen_is_killed() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        who = identity(child.pid)
        assert who is not None
        end([who], patience=0.2)
        assert child.wait() == -signal.SIGKILL


def test_ending_what_has_ended_is_no_error() -> None:
    end([Identity(pid=2**22 + 1, started=1)])


def test_descendants_are_found_at_any_depth() -> None:
    assert descendants({2}, {1: 0, 2: 1, 3: 2, 4: 3, 5: 1}) == {2, 3, 4}
    assert descendants(set(), {1: 0}) == set()


def test_the_parent_of_this_process_is_known() -> None:
    assert parents()[os.getpid()] == os.getppid()
