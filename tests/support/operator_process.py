"""The operator's real process, on this machine, where names of the cluster lead where a hosts file says."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cluster.client import inside
from tests.cluster.places import REPOSITORY
from tests.support.network import free_port

_IMAGES = {f"OPERATOR_{part}_IMAGE": f"{part.lower()}:1" for part in ("SERVICE", "POSTGRESQL", "OBJECT_STORE")}


def start(folder: Path, kubeconfig: Path, **more: str) -> subprocess.Popen[bytes]:
    """Start `registry-operator run` with the file `hosts` of a folder as its /etc/hosts; it logs to `operator.log`.

    `more` are variables of its environment.
    """
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{REPOSITORY / 'operator'}:{REPOSITORY}",
        "KUBECONFIG": str(kubeconfig),
        "OPERATOR_LIVENESS_PORT": str(free_port()),
        "OPERATOR_METRICS_PORT": str(free_port()),
        **_IMAGES,
        **more,
    }
    run = [sys.executable, "-m", "registry_operator", "run"]
    command = inside(folder / "hosts", run, root=os.geteuid() == 0)
    with (folder / "operator.log").open("ab") as log:
        return subprocess.Popen(command, env=variables, cwd=folder, stdout=log, stderr=log)
