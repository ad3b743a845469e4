"""Credentials are renewed and versions replaced while clients read and publish, and no request of theirs fails."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.outcomes import issue_7
from tests.support import outside_stores, under_load
from tests.support.kubernetes import REGISTRY, TOKEN, Namespace, condition_of
from tests.support.operations import Person
from tests.support.resources import registry, token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.cluster.description import Cluster
    from tests.kubernetes.conftest import MakeNamespace
    from tests.support.installation import Installation
    from tests.support.outside_stores import OutsideStores

pytestmark = [pytest.mark.cluster, pytest.mark.outcome(issue_7.CLUSTER)]

_SECONDS = 180.0
_SERVING = "app.kubernetes.io/component=service,pypiregistry.dev/registry=packages"
_KEY, _NEXT_KEY = ("first", "the secret of the first"), ("next", "the next key")
LEAST_REQUESTS, LEAST_PUBLISHED = 100, 10


@dataclass(frozen=True, slots=True)
class Home:
    """A registry on stores of somebody else's, with a token and the pod that clients run in."""

    cluster: Cluster
    namespace: Namespace
    stores: OutsideStores

    def pods(self) -> set[str]:
        return {pod["metadata"]["name"] for pod in self.namespace.find("pods", labels=_SERVING)}

    def until_replaced(self, former: set[str]) -> None:
        """Wait until other pods serve, and none of the former is there."""

        def look() -> dict[str, set[str]] | None:
            now = self.pods()
            return {"pods": now} if now and not now & former else None

        self.namespace.eventually(look, seconds=_SECONDS, until="every pod is replaced")
        self.namespace.wait_for_condition(REGISTRY, "packages", "Ready", seconds=60)

    def during(self, happens: Callable[[], None]) -> Sequence[under_load.Seen]:
        """What clients in the cluster and outside it saw meanwhile."""
        secret = self.namespace.secret("ci")
        with ExitStack() as stack:
            service = f"http://packages.{self.namespace.name}.svc"
            clients: list[under_load.Clients] = [
                under_load.inside(self.cluster, self.namespace, secret, service),
                stack.enter_context(under_load.outside(self.cluster, secret)),
            ]
            happens()
            return [some.end() for some in clients]


@pytest.fixture(scope="module")
def home(installation: Installation, cluster: Cluster, make_module_namespace: MakeNamespace) -> Home:
    stores = outside_stores.run(make_module_namespace("stores"), cluster)
    namespace = make_module_namespace("loaded")
    stores.set_key(_KEY)
    namespace.apply(*stores.secrets(key=_KEY), registry("packages", **stores.spec()), token("ci", "packages"))
    namespace.wait_for_condition(REGISTRY, "packages", "Ready")
    namespace.wait_for_condition(TOKEN, "ci", "Ready", seconds=60)
    return Home(cluster, namespace, stores)


def _expect_no_failure(seen: Sequence[under_load.Seen]) -> None:
    failures = [failure for one in seen for failure in one.failures]
    assert not failures, "\n".join(failures)
    for one in seen:
        assert one.requests >= LEAST_REQUESTS, one
        assert one.published >= LEAST_PUBLISHED, one


def test_credentials_of_database_and_store_are_renewed(home: Home, tmp_path: Path) -> None:
    """As examples/operations says."""
    home.stores.set_key(_NEXT_KEY)

    def renew() -> None:
        former = home.pods()
        home.stores.change_password("the next password")
        Person.at(tmp_path, home.namespace).follows("Renew the credentials of database or store")
        home.until_replaced(former)
        home.stores.set_key((_KEY[0], ""))

    _expect_no_failure(home.during(renew))


def test_the_next_version_migrates_and_takes_over(home: Home) -> None:
    """And the version before it is refused from then on, while the next one serves."""

    def upgrade() -> None:
        former = home.pods()
        _set_image(home, home.cluster.images["next-service"])
        home.until_replaced(former)
        serving = home.pods()
        _set_image(home, home.cluster.images["service"])
        body = home.namespace.wait_for_condition(
            REGISTRY, "packages", "MigrationsApplied", status="False", reason="SchemaAhead", seconds=90
        )
        assert "spec.image" in condition_of(body, "MigrationsApplied")["message"]
        assert home.pods() == serving

    _expect_no_failure(home.during(upgrade))


def _set_image(home: Home, image: str) -> None:
    spec = {**home.stores.spec(), "image": image}
    home.namespace.apply(registry("packages", **spec))
