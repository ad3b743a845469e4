"""The steps of the five-minute walk, each of which the demonstration shows and a test proves.

A step does one thing in a namespace, waits until it is true, and returns what a person would look at.
"""

from tests.demo import examples
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace, Object

NAME = "pypi"
READY_SECONDS = 300.0
TOKEN_SECONDS = 60.0
TOKENS = ("developer", "deploy", "ci")
SHARED = "packages=shared"


def make_registry(namespace: Namespace, example: str = "team-a/registry.yaml") -> Object:
    """Apply the example's PyPIRegistry and wait until it is ready."""
    namespace.apply(*examples.documents(example))
    return namespace.wait_for_condition(REGISTRY, NAME, "Ready", seconds=READY_SECONDS)


def make_tokens(namespace: Namespace, ci_token: str) -> None:
    """Apply one token of each kind; `ci_token` is what the CI system gave to a job."""
    name = examples.documents("team-a/tokens.yaml")[-1]["spec"]["source"]["secret"]["name"]
    metadata = {"name": name}
    namespace.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": ci_token}})
    namespace.apply(*examples.documents("team-a/tokens.yaml"))
    for token in TOKENS:
        namespace.wait_for_condition(TOKEN, token, "Ready", seconds=TOKEN_SECONDS)


def publish_by_job(namespace: Namespace, image: str) -> str:
    """Publish the package's second version as a CI job does; what the Job printed."""
    namespace.apply(examples.sources())
    namespace.delete("job/publish")
    namespace.apply(*(examples.with_image(job, image) for job in examples.documents("team-a/publish-job.yaml")))
    return namespace.wait_for_end("job", "publish")


def install_in_pod(namespace: Namespace, image: str) -> str:
    """Install the package in a pod and run it; what the pod printed."""
    namespace.delete("pod/install")
    namespace.apply(*(examples.with_image(pod, image) for pod in examples.documents("team-a/install-pod.yaml")))
    return namespace.wait_for_end("pod", "install")


def ask_for_a_project(namespace: Namespace, owner: Namespace) -> Object:
    """Refer to another namespace's registry, which does not allow that yet; the RegistryToken that says so."""
    tokens = examples.documents("team-b/token.yaml")
    namespace.apply(*(examples.with_owner(token, owner.name) for token in tokens))
    name = tokens[0]["metadata"]["name"]
    return namespace.wait_for_condition(
        TOKEN, name, "Accepted", status="False", reason="NamespaceNotAllowed", seconds=TOKEN_SECONDS
    )


def allow_the_project(namespace: Namespace, owner: Namespace) -> Object:
    """Let the registry's selector match the other namespace; the RegistryToken as it becomes ready."""
    namespace.kubectl("label", "namespace", namespace.name, "--overwrite", SHARED)
    owner.apply(*examples.documents("team-b/registry-for-team-b.yaml"))
    name = examples.documents("team-b/token.yaml")[0]["metadata"]["name"]
    return namespace.wait_for_condition(TOKEN, name, "Ready", seconds=TOKEN_SECONDS)
