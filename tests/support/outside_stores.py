"""A PostgreSQL and an object store that belong to no registry, as somebody else runs them in the same cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry_operator.planning import object_store, postgresql
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Manifest, ObservedSecret
from registry_operator.resources import names
from registry_operator.resources.registry import PyPIRegistry
from tests.cluster.description import Cluster
from tests.support.kubernetes import Namespace, Object
from tests.support.psql import query
from tests.support.resources import secret

PASSWORD = "a password of the outside stores"
_NAME, _ADMINISTRATION = "elsewhere", "administration"
_SECONDS = 180.0
# Adds a key with the right to everything, or removes it when no secret is given.
_SET_KEY = """
import sys
from minio.credentials import StaticProvider
from minio.minioadmin import MinioAdmin
endpoint, password, key, secret = sys.argv[1:]
admin = MinioAdmin(endpoint=endpoint, credentials=StaticProvider("packages", password), secure=False)
if secret:
    admin.user_add(key, secret)
    admin.attach_policy(["readwrite"], user=key)
else:
    admin.user_remove(key)
"""
_SMALL = {"type": "Managed", "managed": {"size": "200Mi"}}


@dataclass(frozen=True, slots=True)
class OutsideStores:
    """Where the two are."""

    space: Namespace

    def secrets(self, *, password: str = PASSWORD, key: tuple[str, str] = ("packages", PASSWORD)) -> tuple[Object, ...]:
        """What the owner of a registry is given: the Secrets of examples/external, watched."""
        watched = {names.WATCH_LABEL: names.WATCH_VALUE}
        database = {"host": f"{_NAME}-postgresql.{self.space.name}.svc", "port": "5432", "dbname": postgresql.DATABASE}
        credentials = {"username": postgresql.ROLE, "password": password}
        return (
            secret("packages-app", watched, **database, **credentials),
            secret("packages-store", watched, AWS_ACCESS_KEY_ID=key[0], AWS_SECRET_ACCESS_KEY=key[1]),
        )

    def change_password(self, password: str, *, former: str = PASSWORD) -> None:
        """Give the database's role another password; who is connected stays connected."""
        statement = f"ALTER ROLE {postgresql.ROLE} PASSWORD '{password}'"
        query(self.space, f"{_NAME}-postgresql-0", former, statement)

    def set_key(self, key: tuple[str, str]) -> None:
        """Add a key of the store; one with an empty secret is removed."""
        endpoint = f"{_NAME}-object-store.{self.space.name}.svc:9000"
        self.space("exec", _ADMINISTRATION, "--", "python3", "-c", _SET_KEY, endpoint, PASSWORD, *key)

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
    space.apply(*made, _administration(images["service"]))
    for part in ("postgresql", "object-store"):
        space("rollout", "status", f"statefulset/{_NAME}-{part}", f"--timeout={_SECONDS:.0f}s", seconds=_SECONDS)
    space("wait", f"pod/{_ADMINISTRATION}", "--for=condition=Ready", "--timeout=90s", seconds=100)
    return OutsideStores(space)


def _administration(image: str) -> Object:
    """A pod with the store's client in it."""
    container = {"name": "c", "image": image, "command": ["python3", "-c", "import signal; signal.pause()"]}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": _ADMINISTRATION}, "spec": spec}


def _observed(body: Manifest) -> ObservedSecret:
    return ObservedSecret.parse({**body, "metadata": body["metadata"] | {"uid": "none"}})
