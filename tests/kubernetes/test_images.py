"""The product's images from the inside: for any user, on a read-only root, with nothing that installs or compiles."""

import json

import pytest

from tests.cluster.description import Cluster
from tests.support.kubernetes import Namespace, Object

pytestmark = pytest.mark.cluster

# 65532 is the images' own id; the other is one that no image knows, as OpenShift chooses them.
USERS = (65532, 1000660000)
LOOK = """
import importlib.util, json, os, pathlib, shutil, sys
print(json.dumps({
    "user": os.getuid(),
    "programs": [name for name in ("pip", "pip3", "cc", "gcc", "g++", "ld", "make", "go") if shutil.which(name)],
    "modules": [name for name in ("pip", "ensurepip", "setuptools") if importlib.util.find_spec(name)],
    "wheels": [str(path) for path in pathlib.Path("/usr").rglob("*.whl")],
    "compiled": os.path.exists(sys.modules["json"].__cached__),
}))
"""
NOTHING = {"programs": [], "modules": [], "wheels": [], "compiled": True}


def run_pod(namespace: Namespace, image: str, *command: str, user: int = 65532) -> str:
    """Run a command in a restricted pod of an image, and return what it printed."""
    security = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "look", "image": image, "command": list(command), "securityContext": security}
    identity = {"runAsNonRoot": True, "runAsUser": user, "seccompProfile": {"type": "RuntimeDefault"}}
    spec: Object = {"restartPolicy": "Never", "containers": [container], "securityContext": identity}
    namespace.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "look"}, "spec": spec})
    return namespace.wait_for_end("pod", "look", seconds=120)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("name", ["operator", "service"])
def test_a_program_finds_nothing_to_install_or_compile_with(
    cluster: Cluster, namespace: Namespace, name: str, user: int
) -> None:
    printed = run_pod(namespace, cluster.images[name], "python3", "-S", "-P", "-c", LOOK, user=user)
    assert json.loads(printed) == {"user": user, **NOTHING}


def test_the_operator_carries_nothing_of_the_service_but_their_contract(cluster: Cluster, namespace: Namespace) -> None:
    look = "import os, registry_service; print(sorted(os.listdir(registry_service.__path__[0])))"
    printed = run_pod(namespace, cluster.images["operator"], "python3", "-S", "-P", "-c", look)
    assert printed.strip() == "['__init__.py', '__pycache__', 'contract']"


def test_the_object_store_runs_as_anybody(cluster: Cluster, namespace: Namespace) -> None:
    assert "minio version" in run_pod(namespace, cluster.images["object-store"], "minio", "--version", user=1000660000)
