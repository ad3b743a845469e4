"""examples/operations, command by command: a registry moves, goes down with its cluster, and is there again."""

from pathlib import Path

import pytest

from tests.cluster.description import Cluster
from tests.demo.outside import Outside
from tests.kubernetes.conftest import MakeNamespace
from tests.outcomes import issue_7
from tests.support import outside_stores
from tests.support.installation import Installation
from tests.support.kubernetes import REGISTRY, TOKEN, make_namespace
from tests.support.operations import Person
from tests.support.packages import EXAMPLE, wheel
from tests.support.resources import registry, token

pytestmark = pytest.mark.cluster


@pytest.fixture
def person(installation: Installation, cluster: Cluster, make_fresh_namespace: MakeNamespace, tmp_path: Path) -> Person:
    """Somebody with a registry, a token in it, and a package published by that."""
    namespace = make_fresh_namespace("packages")
    namespace.apply(registry("packages"), token("ci", "packages"))
    namespace.wait_for_condition(REGISTRY, "packages", "Ready")
    namespace.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)
    outside = Outside(cluster, tmp_path / "home")
    outside.home.mkdir()
    outside.upload(namespace.secret("ci"), [wheel("1.0").write_to(outside.home)])
    return Person.at(tmp_path, namespace)


@pytest.mark.outcome(issue_7.MOVED)
def test_a_registry_moves_and_comes_back_from_its_backup(
    person: Person, cluster: Cluster, make_fresh_namespace: MakeNamespace
) -> None:
    namespace, outside = person.namespace, Outside(cluster, person.folder / "home")
    secret = namespace.secret("ci")
    elsewhere = outside_stores.run(make_fresh_namespace("elsewhere"), cluster)
    namespace.apply(*elsewhere.secrets())
    person.writes(**elsewhere.spec())
    for block in (0, 1):
        person.follows("Move to another database or store", block=block)
    namespace.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)
    assert namespace.secret("ci") == secret
    assert namespace.find("statefulsets") == namespace.find("persistentvolumeclaims") == []
    assert f"{EXAMPLE}-1.0" in outside.install(secret, f"{EXAMPLE}==1.0")

    person.follows("After the database went back in time")
    assert outside.status(secret) == 401
    namespace.eventually(lambda: {} if outside.status(secret) == 200 else None, seconds=45, until="it works again")
    person.follows("Back up")
    _comes_back_after_its_namespace(person, outside)


def _comes_back_after_its_namespace(person: Person, outside: Outside) -> None:
    """A namespace that is made again is what another cluster's of that name would be."""
    gone = person.namespace
    gone.kubectl("delete", "namespace", gone.name, "--wait=true", "--timeout=150s", timeout=160)
    again = make_namespace(gone.kubectl, gone.name, {})
    again.apply(token("ci", "packages"))
    person.writes()
    person.follows("Restore, also into another cluster")
    again.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)
    assert f"{EXAMPLE}-1.0" in outside.install(again.secret("ci"), f"{EXAMPLE}==1.0")
