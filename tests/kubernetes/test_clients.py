"""Each kind of token with each client in a pod that knows nothing but its Secret: mounted, or as the environment."""

from pathlib import Path
from typing import Final

import pytest

from tests.cluster.description import Cluster
from tests.kubernetes.conftest import MakeNamespace
from tests.outcomes import issue_6
from tests.support.every_client import INSTALLERS, PUBLISHERS
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, TOKEN, Object, ended
from tests.support.resources import registry, secret, token

pytestmark = [pytest.mark.cluster, pytest.mark.outcome(issue_6.CLIENTS)]

MOUNT: Final = "/etc/pypi"
# A CI system's token may hold what a URL must quote and a configuration file escape.
IMPORTED: Final = 'glcbt-64_0123456789+/=%"\\$#;@:'
KINDS: Final[dict[str, Object]] = {
    "personal": {"type": "Personal"},
    "deploy": {"type": "Deploy", "username": "ci+bot"},
    "job": {"type": "Job"},
    "imported": {"type": "Job", "source": {"type": "Secret", "secret": {"name": "ci-job-token", "key": "token"}}},
}
# Seconds; a hundred clients share the processors of one machine.
DEADLINE: Final = 800
SUPPORT: Final = Path(__file__).parents[1] / "support"
PROGRAM: Final = ("every_client.py", "packages.py")
EXPECTED: Final = {
    *(f"{client} publish: ok" for client in PUBLISHERS),
    *(f"{client} install: ok" for client in INSTALLERS),
}


@pytest.fixture(scope="module")
def printed(installation: Installation, cluster: Cluster, make_module_namespace: MakeNamespace) -> dict[str, str]:
    """What each Job printed: all of them run at once, because starting Python is most of what each does."""
    namespace = make_module_namespace("clients", **{"pod-security.kubernetes.io/enforce": "restricted"})
    # Outside, TLS has the cluster's own authority; inside is plain HTTP.
    inside = {name: token(name, "pypi", endpoint="Internal", **spec) for name, spec in KINDS.items()}
    outside = token("outside", "pypi", type="Personal", endpoint="External")
    namespace.apply(registry("pypi"), secret("ci-job-token", {}, token=IMPORTED), program(), *inside.values(), outside)
    namespace.wait_for_condition(REGISTRY, "pypi", "Ready")
    jobs = [job(cluster.images["every-client"], name, way) for name in inside for way in ("mounted", "environment")]
    jobs.append(job(cluster.images["every-client"], "outside", "mounted"))
    for name in (*inside, "outside"):
        namespace.wait_for_condition(TOKEN, name, "Ready", seconds=60)
    namespace.apply(*jobs)
    # One look for all: the Jobs need the processors themselves.
    namespace.eventually(
        lambda: {} if all(ended(body) is not None for body in namespace.find("jobs")) else None,
        seconds=DEADLINE + 20,
        until="every Job has ended",
    )
    # What a Job printed counts also when it failed: its lines say which client did.
    return {name: namespace.logs(f"job/{name}") for name in (item["metadata"]["name"] for item in jobs)}


@pytest.mark.parametrize("way", ["mounted", "environment"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_client_publishes_and_installs(printed: dict[str, str], kind: str, way: str) -> None:
    assert set(printed[f"{kind}-{way}"].splitlines()) == EXPECTED


def test_every_client_trusts_a_private_issuer_by_the_mounted_secret(printed: dict[str, str]) -> None:
    assert set(printed["outside-mounted"].splitlines()) == EXPECTED


def program() -> Object:
    """The ConfigMap with what the Jobs run."""
    data = {name: (SUPPORT / name).read_text() for name in PROGRAM}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "program"}, "data": data}


def job(image: str, name: str, way: str) -> Object:
    """A Job as a team would write it: the token's Secret is mounted, or its variables are taken, but not both."""
    label, mounted = f"{name}-{way}", way == "mounted"
    where = [MOUNT] if mounted else []
    container = {
        "name": "job",
        "image": image,
        "command": ["python3", "-m", "tests.support.every_client", "/opt/clients", label, *where],
        "env": [{"name": "PYTHONPATH", "value": "/program"}],
        "envFrom": [] if mounted else [{"secretRef": {"name": f"{name}-env"}}],
    }
    spec = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": DEADLINE,
        "template": {"spec": pod(container, name, mounted=mounted)},
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": label}, "spec": spec}


def pod(container: Object, secret_name: str, *, mounted: bool) -> Object:
    """A pod under the restricted standard, with a root that nobody writes to."""
    items = [{"key": key, "path": f"tests/support/{key}"} for key in PROGRAM]
    volumes: list[Object] = [
        {"name": "program", "configMap": {"name": "program", "items": items}},
        {"name": "tmp", "emptyDir": {}},
    ]
    mounts = [{"name": "program", "mountPath": "/program"}, {"name": "tmp", "mountPath": "/tmp"}]
    if mounted:
        volumes.append({"name": "registry", "secret": {"secretName": secret_name}})
        mounts.append({"name": "registry", "mountPath": MOUNT})
    limits = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container | {"securityContext": limits, "volumeMounts": mounts}],
        "volumes": volumes,
    }
