"""The walk from Helm to `SayHello()`, in two namespaces; the demonstration tells it and a test proves it."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.description import Cluster
from tests.cluster.kubectl import Kubectl
from tests.demo import steps
from tests.demo.outside import Outside
from tests.demo.telling import show, show_end, step
from tests.support.installation import Installation, install
from tests.support.kubernetes import Namespace, condition_of, make_namespace

TEAMS = ("team-a", "team-b")
_MARK = "pypiregistry.dev/demonstration"
_DELETE_SECONDS = 180.0


class DemonstrationError(RuntimeError):
    """The walk must not go on; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Where the walk goes: the namespace that owns a registry, one that shares it, and a machine outside."""

    installation: Installation
    owner: Namespace
    guest: Namespace
    outside: Outside
    client_image: str


def walk(cluster: Cluster, home: Path, teams: tuple[str, str] = TEAMS) -> Walk:
    """Every step, in the README's order. Raises CommandFailedError, WaitFailedError or DemonstrationError."""
    begun = begin(cluster, home, teams)
    make_registry(begun)
    publish(begun)
    install_package(begun)
    share(begun)
    say_what_is_next(begun)
    return begun


def begin(cluster: Cluster, home: Path, teams: tuple[str, str]) -> Walk:
    """Install the chart and make the two namespaces."""
    with step("helm upgrade --install pypi-registry-operator charts/pypi-registry-operator"):
        installation = install(cluster)
        show_end(installation.kubectl("get", "deployments", "-n", installation.namespace.name))
    with step(f"kubectl create namespace {teams[0]} and {teams[1]}"):
        owner, guest = (_fresh(installation.kubectl, name) for name in teams)
    return Walk(installation, owner, guest, Outside(cluster, home), cluster.images["client"])


def make_registry(walk: Walk) -> None:
    """A registry with everything it needs, and tokens of each kind."""
    apply = f"kubectl apply -n {walk.owner.name} -f examples/team-a"
    with step(f"{apply}/registry.yaml   (PostgreSQL, MinIO, migrations, the service)"):
        registry = steps.make_registry(walk.owner)
        show(f"Ready=True at {registry['status']['url']}")
    with step(f"{apply}/tokens.yaml   (for a person, a deployment and a CI job)"):
        steps.make_tokens(walk.owner, ci_token=secrets.token_urlsafe(32))
        show(walk.owner("get", "secrets", "-l", "pypiregistry.dev/token"))


def publish(walk: Walk) -> None:
    """A first version from outside, a second one from a Job."""
    with step("python -m build   (examples/mypypipackage, version 0.0.1)"):
        files = sorted(walk.outside.build("0.0.1").iterdir())
        show("\n".join(path.name for path in files))
    with step(
        "twine upload --repository gitlab dist/*   (.pypirc and ca.crt of the Secret developer, through the ingress)"
    ):
        show(walk.outside.upload(walk.owner.secret("developer"), files))
    with step(f"kubectl apply -n {walk.owner.name} -f examples/team-a/publish-job.yaml   (0.0.2, as gitlab-ci-token)"):
        show_end(steps.publish_by_job(walk.owner, walk.client_image), lines=5)


def install_package(walk: Walk) -> None:
    """From outside and in a pod, with the credential in the URL."""
    with step("pip install --no-deps --index-url https://__token__:…@…/simple mypypipackage   (outside the cluster)"):
        show(walk.outside.install(walk.owner.secret("developer"), "mypypipackage"))
        show(f">>> SayHello()\n{walk.outside.say_hello()}")
    with step(f"kubectl apply -n {walk.owner.name} -f examples/team-a/install-pod.yaml   (inside the cluster)"):
        show(steps.install_in_pod(walk.owner, walk.client_image))


def share(walk: Walk) -> None:
    """A second namespace gets a project of its own on the same registry, once its owner allows it."""
    with step(f"kubectl apply -n {walk.guest.name} -f examples/team-b/token.yaml   (not allowed yet)"):
        refused = condition_of(steps.ask_for_a_project(walk.guest, walk.owner), "Accepted")
        show(f"{refused['reason']}: {refused['message']}")
    with step(f"kubectl apply -n {walk.owner.name} -f examples/team-b/registry-for-team-b.yaml   (now it is)"):
        token = steps.allow_the_project(walk.guest, walk.owner)
        show(f"{walk.guest.name}'s own project: {token['status']['indexURL']}")
        status = walk.outside.status(walk.owner.secret("developer"), project=walk.guest.name)
        show(f"{walk.owner.name}'s token there: HTTP {status}")


def say_what_is_next(walk: Walk) -> None:
    """The whole story in one command, the addresses, and what a curious person tries."""
    installation, name = walk.installation, walk.owner.name
    url = f"https://{installation.hostname(steps.NAME, name)}"
    print(f"""
$ kubectl get pyreg,pytok -A
{installation.kubectl("get", "pypiregistries,registrytokens", "--all-namespaces")}
Packages page   {url}/{name}/-/packages   (sign in with a token)
Index           {url}/api/v4/projects/{name}/packages/pypi/simple/

{_how_to_reach(walk)}
Try next:
  export KUBECONFIG={installation.cluster.kubeconfig}
  kubectl get secret developer -n {name} -o jsonpath='{{.data.password}}' | base64 -d   # a token to sign in with
  kubectl explain pyreg.spec --recursive
  kubectl delete pod --all -n {name}             # nothing is lost, and it heals
  kubectl delete pytok developer -n {name}       # its credential is useless at once
  make cluster-down                              # when you have seen enough""")


def _how_to_reach(walk: Walk) -> str:
    """What a browser on this machine needs, where the cluster's names and certificates are its own."""
    cluster = walk.installation.cluster
    if cluster.ingress_address is None:
        return ""
    line = f"{cluster.ingress_address} {walk.installation.hostname(steps.NAME, walk.owner.name)}"
    return f"In a browser of this machine: add the line `{line}` to /etc/hosts and trust {cluster.ca_file}\n"


def _fresh(kubectl: Kubectl, name: str) -> Namespace:
    """A new namespace; a former demonstration's is deleted first, anybody else's never."""
    found = Namespace(kubectl, "default").get("namespace", name)
    if found is not None:
        if _MARK not in found["metadata"].get("labels", {}):
            raise DemonstrationError(
                f"namespace {name} exists and is not the demonstration's: please delete or rename it"
            )
        kubectl("delete", "namespace", name, "--wait=true", timeout=_DELETE_SECONDS)
    return make_namespace(kubectl, name, {_MARK: "true"})
