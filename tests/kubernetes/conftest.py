"""What tests on a cluster may ask for: the cluster, the installed chart, and fresh namespaces, which end with the test.

When a test fails, its report holds the conditions, events and logs of every namespace that it used.
"""

import contextlib
import itertools
import secrets
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.cluster.connecting import connect
from tests.cluster.description import Cluster
from tests.cluster.kubectl import Kubectl
from tests.support.installation import Installation, install
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace, make_namespace
from tests.support.resources import registry, secret, token

MakeNamespace = Callable[..., Namespace]
# A text that no log, event, status, annotation or metric may show.
PLANTED = f"planted-{secrets.token_hex(16)}"
_RUN = f"t{secrets.token_hex(3)}"
_MARK = {"pypiregistry.dev/test": _RUN}
_numbers = itertools.count(1)
_live: dict[str, Namespace] = {}


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The one cluster, made when there is none."""
    return connect()


@pytest.fixture(scope="session")
def kubectl(cluster: Cluster) -> Kubectl:
    """kubectl of the cluster, all namespaces."""
    return Kubectl(cluster.kubectl, cluster.kubeconfig)


@pytest.fixture(scope="session")
def installation(cluster: Cluster) -> Installation:
    """The operator, installed by Helm from this tree."""
    return install(cluster)


@pytest.fixture
def make_fresh_namespace(kubectl: Kubectl) -> Iterator[MakeNamespace]:
    """Makes as many namespaces as a test needs; `labels` are theirs besides the mark of this run."""
    yield from _namespaces(kubectl)


@pytest.fixture(scope="module")
def make_module_namespace(kubectl: Kubectl) -> Iterator[MakeNamespace]:
    """The same for what several tests of a module share."""
    yield from _namespaces(kubectl)


@pytest.fixture(scope="session")
def walled(installation: Installation, kubectl: Kubectl) -> Iterator[Namespace]:
    """A namespace under the restricted standard: a registry that is ready, a token, Secrets that nobody may see."""
    spaces = _namespaces(kubectl)
    namespace = next(spaces)("walled", **{"pod-security.kubernetes.io/enforce": "restricted"})
    namespace.apply(secret("planted", {}, password=PLANTED, token=PLANTED), registry("base"), token("ci", "base"))
    namespace.wait_for_condition(REGISTRY, "base", "Ready")
    namespace.wait_for_condition(TOKEN, "ci", "Ready", seconds=30)
    yield namespace
    next(spaces, None)


@pytest.fixture
def namespace(make_fresh_namespace: MakeNamespace) -> Namespace:
    """One fresh namespace."""
    return make_fresh_namespace()


def fresh_name(purpose: str = "test") -> str:
    """A namespace's name that no other run and no other test has."""
    return f"{_RUN}-{next(_numbers)}-{purpose}"


@contextlib.contextmanager
def until_the_end(namespace: Namespace) -> Iterator[Namespace]:
    """Report on a namespace when a test fails meanwhile, and delete it at the end."""
    _live[namespace.name] = namespace
    try:
        yield namespace
    finally:
        del _live[namespace.name]
        namespace.kubectl("delete", "namespace", namespace.name, "--wait=false", "--ignore-not-found")


def _namespaces(kubectl: Kubectl) -> Iterator[MakeNamespace]:
    with contextlib.ExitStack() as ends:

        def make(purpose: str = "test", **labels: str) -> Namespace:
            namespace = make_namespace(kubectl, fresh_name(purpose), {**_MARK, **labels})
            return ends.enter_context(until_the_end(namespace))

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what the namespaces that live now have to say."""
    report = yield
    if report.failed and report.when != "teardown":
        report.sections += [(f"namespace {name}", namespace.report()) for name, namespace in _live.items()]
    return report
