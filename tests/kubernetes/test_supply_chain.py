"""What runs, and what it is made of: pods without a way to the API or out of their folder, images without secrets."""

import json

import pytest

from tests.cluster.description import Cluster
from tests.cluster.kubectl import Kubectl
from tests.kubernetes.test_images import run_pod
from tests.supply.bill import FILE
from tests.supply.locks import ROOT
from tests.support.kubernetes import Namespace
from tests.support.psql import query

pytestmark = [pytest.mark.cluster, pytest.mark.hostile]

COMPONENT = "app.kubernetes.io/component"
INSIDE = """
import json, os, pathlib
def writable(folder):
    try:
        pathlib.Path(folder, "x").write_text("x")
    except OSError:
        return False
    return True
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(json.dumps({
    "token": os.path.exists("/var/run/secrets/kubernetes.io"),
    "root": os.getuid() == 0,
    "writable": [folder for folder in ("/", "/opt/registry", "/usr", "/etc", "/home") if writable(folder)],
    "scratch": writable("/tmp"),
    "capabilities": status["CapEff"].strip("0"),
    "new privileges": status["NoNewPrivs"],
    "seccomp": status["Seccomp"],
    "links": [name for name in os.environ if name.endswith("_SERVICE_HOST") and not name.startswith("KUBERNETES")],
}))
"""
SAFE = {
    "token": False,
    "root": False,
    "writable": [],
    "scratch": True,
    "capabilities": "",
    "new privileges": "1",
    "seccomp": "2",
    "links": [],
}
# Every file of the image: what could be a secret, what is compiled without its source, what lifts privileges.
SCAN = r"""
import json, os, pathlib, re, stat, sys
secret = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}"
    rb"|(?<![A-Za-z0-9])(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|pyr_[a-z]_[A-Za-z0-9]{16}_[A-Za-z0-9]{40})"
)
found = {"secrets": [], "orphans": [], "privileged": [], "writable": []}
skipped = ("/proc", "/sys", "/dev", "/tmp", "/var/run", "/run", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname")
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if not os.path.join(folder, name).startswith(skipped)]
    for name in files:
        path = pathlib.Path(folder, name)
        if str(path).startswith(skipped) or path.is_symlink() or not path.is_file():
            continue
        mode = path.stat().st_mode
        if mode & (stat.S_ISUID | stat.S_ISGID):
            found["privileged"].append(str(path))
        if mode & stat.S_IWOTH:
            found["writable"].append(str(path))
        if path.suffix == ".pyc":
            source = path.parent.parent / (name.split(".", 1)[0] + ".py")
            if path.parent.name != "__pycache__" or not source.exists():
                found["orphans"].append(str(path))
        # The base's own libraries carry keys to test themselves with.
        if str(path).startswith("/usr/lib/") and ".so" in name:
            continue
        try:
            text = path.read_bytes()
        except PermissionError:
            continue
        if secret.search(text):
            found["secrets"].append(str(path))
print(json.dumps(found))
"""


def test_a_pod_has_no_way_to_the_api_nor_out_of_its_folder(walled: Namespace) -> None:
    """3.7/142, 3.7/143: no token, no root, nothing writable but its scratch, no capability, seccomp's filter."""
    (pod,) = walled.find("pods", labels=f"{COMPONENT}=service")
    said = walled("exec", pod["metadata"]["name"], "--", "python3", "-S", "-P", "-c", INSIDE)
    assert json.loads(said) == SAFE


def test_every_pod_is_admitted_by_the_restricted_standard_and_bounded(walled: Namespace, kubectl: Kubectl) -> None:
    """3.7/142: the namespace enforces it; no pod mounts the API's token; each container has a memory limit."""
    body = json.loads(kubectl("get", "namespace", walled.name, "-o", "json"))
    assert body["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = walled.find("pods", labels="app.kubernetes.io/name=pypi-registry")
    assert {pod["metadata"]["labels"][COMPONENT] for pod in pods} >= {"service", "postgresql", "object-store"}
    for pod in pods:
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert not [volume for volume in pod["spec"]["volumes"] if "projected" in volume]
        assert all("memory" in container["resources"]["limits"] for container in pod["spec"]["containers"])


def test_the_pods_account_may_do_nothing(walled: Namespace, kubectl: Kubectl) -> None:
    """3.6/133, 3.7/143: even somebody who got a token for it could only ask what it may do."""
    account = f"--as=system:serviceaccount:{walled.name}:base-registry"
    listed = kubectl("auth", "can-i", "--list", f"--namespace={walled.name}", account, "--no-headers")
    resources = {line.split()[0] for line in listed.splitlines() if not line.startswith(" ")}
    assert resources <= {
        "selfsubjectreviews.authentication.k8s.io",
        "selfsubjectaccessreviews.authorization.k8s.io",
        "selfsubjectrulesreviews.authorization.k8s.io",
    }


def test_the_managed_databases_role_is_nobody_special(walled: Namespace) -> None:
    """3.7/146: no superuser, no maker of databases or roles, no reader of the server's files."""
    password = walled.secret("base-postgresql")["password"]
    question = (
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, "
        "pg_has_role('pg_read_server_files', 'member'), pg_has_role('pg_execute_server_program', 'member') "
        "FROM pg_roles WHERE rolname = current_user"
    )
    assert query(walled, "base-postgresql-0", password, question) == "|".join("f" * 7)


@pytest.mark.parametrize("name", ["operator", "service"])
def test_an_image_holds_no_secret_no_orphan_and_no_privilege(cluster: Cluster, namespace: Namespace, name: str) -> None:
    """3.7/148: every file of the image read; bytecode only beside the source that it was made from."""
    found = json.loads(run_pod(namespace, cluster.images[name], "python3", "-S", "-P", "-c", SCAN))
    assert found == {"secrets": [], "orphans": [], "privileged": [], "writable": []}


@pytest.mark.parametrize(("name", "folder"), [("operator", "operator"), ("service", "registry_service")])
def test_an_image_carries_its_bill_of_materials(cluster: Cluster, namespace: Namespace, name: str, folder: str) -> None:
    """3.7/148: and what is installed is what the bill says, no more and no less."""
    look = (
        "import importlib.metadata as m, json, re; bill = json.load(open('/opt/registry/sbom.cdx.json'));"
        "there = {(re.sub(r'[-_.]+', '-', d.name).lower(), d.version) for d in m.distributions()};"
        "said = {(c['name'], c['version']) for c in bill['components']};"
        "print(json.dumps([bill, sorted(there ^ said)]))"
    )
    bill, differing = json.loads(run_pod(namespace, cluster.images[name], "python3", "-S", "-P", "-c", look))
    assert bill == json.loads((ROOT / folder / FILE).read_text())
    assert differing == []
