"""The program as a person or a pod starts it."""

import os
import subprocess
import sys

SECONDS = 30


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, with nothing of its settings in the environment but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPERATOR_", "KUBE"))}
    path = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "registry_operator", *arguments]
    environment = kept | {"PYTHONPATH": path} | environment
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)


def test_it_says_which_settings_are_missing_and_does_not_start() -> None:
    ended = start("run", OPERATOR_LOG_FORMAT="xml")
    assert ended.returncode == 1
    assert "registry-operator: OPERATOR_SERVICE_IMAGE is missing; " in ended.stderr
    assert "OPERATOR_LOG_FORMAT is neither json nor text" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_explains_its_commands() -> None:
    ended = start("--help")
    assert ended.returncode == 0
    assert "watch and reconcile until stopped" in ended.stdout
