"""A PostgreSQL and an object store that belong to no registry, as somebody else runs them in the same cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry_operator.planning import object_store, postgresql
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Manifest, ObservedSecret
from registry_operator.resources.registry import PyPIRegistry
from tests.cluster.description import Cluster
from tests.support.kubernetes import Namespace, Object
from tests.support.resources import secret

PASSWORD = "a password of the outside stores"
_NAME = "elsewhere"
_SECONDS = 180.0
_SMALL = {"type": "Managed", "managed": {"size": "200Mi"}}


@dataclass(frozen=True, slots=True)
class OutsideStores:
    """Where the two are."""

    space: Namespace

    def secrets(self) -> tuple[Object, ...]:
        """What the owner of a registry is given: the Secrets of examples/external."""
        database = {"host": f"{_NAME}-postgresql.{self.space.name}.svc", "port": "5432", "dbname": postgresql.DATABASE}
        credentials = {"username": postgresql.ROLE, "password": PASSWORD}
        return (
            secret("packages-app", {}, **database, **credentials),
            secret("packages-store", {}, AWS_ACCESS_KEY_ID="packages", AWS_SECRET_ACCESS_KEY=PASSWORD),
        )

    def spec(self) -> Mapping[str, Any]:  # Any: fields of a spec
        """The database and the store of a registry that uses both."""
        bucket = {
            "endpoint": f"http://{_NAME}-object-store.{self.space.name}.svc:9000",
            "bucket": "python-packages",
            "credentials": {"secret": {"name": "packages-store"}},
            "bucketPolicy": "CreateIfMissing",
        }
        return {
            "database": {"type": "Secret", "secret": {"name": "packages-app"}},
            "storage": {"type": "S3", "s3": bucket},
        }


def run(space: Namespace, cluster: Cluster) -> OutsideStores:
    """Start both in a namespace, and wait for them."""
    metadata = {"namespace": space.name, "name": _NAME, "uid": "none"}
    wanted = PyPIRegistry.parse({"metadata": metadata, "spec": {"database": _SMALL, "storage": _SMALL}})
    images = cluster.images
    installation = Installation(images["service"], images["postgresql"], images["object-store"])
    made = [postgresql.credentials(wanted, PASSWORD), object_store.credentials(wanted, "packages", PASSWORD)]
    held = {body["metadata"]["name"]: _observed(body) for body in made}
    made += [*postgresql.manifests(wanted, installation, secrets=held, key=b"key")]
    made += [*object_store.manifests(wanted, installation, secrets=held, key=b"key")]
    for manifest in made:
        manifest["metadata"].pop("ownerReferences", None)
    space.apply(*made)
    for part in ("postgresql", "object-store"):
        space("rollout", "status", f"statefulset/{_NAME}-{part}", f"--timeout={_SECONDS:.0f}s", seconds=_SECONDS)
    return OutsideStores(space)


def _observed(body: Manifest) -> ObservedSecret:
    return ObservedSecret.parse({**body, "metadata": body["metadata"] | {"uid": "none"}})
