"""The managed PostgreSQL by itself, without the operator: the start script against a real kubelet and real volumes."""

import json

import pytest

from registry_operator.planning import postgresql
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import Manifest, ObservedSecret
from registry_operator.resources import names
from registry_operator.resources.registry import PyPIRegistry
from tests.cluster.commands import CommandFailedError
from tests.cluster.description import Cluster
from tests.support.kubernetes import Namespace, Object
from tests.support.psql import query

pytestmark = pytest.mark.cluster

POD = "pypi-postgresql-0"
SECONDS = 180.0


def manifests(space: Namespace, cluster: Cluster, password: str) -> list[Manifest]:
    """What the operator would apply for a registry, and owned by nobody, since there is no registry here."""
    metadata = {"namespace": space.name, "name": "pypi", "uid": "none"}
    managed = {"type": "Managed", "managed": {"size": "100Mi"}}
    wanted = PyPIRegistry.parse({"metadata": metadata, "spec": {"database": managed, "storage": {"type": "Managed"}}})
    installation = Installation("unused", cluster.images["postgresql"], "unused")
    secret = postgresql.credentials(wanted, password)
    name = names.database("pypi")
    observed = ObservedSecret.parse({**secret, "metadata": secret["metadata"] | {"uid": "none"}})
    made = [secret, *postgresql.manifests(wanted, installation, secrets={name: observed}, key=b"key")]
    for manifest in made:
        manifest["metadata"].pop("ownerReferences", None)
    return made


def restarted(space: Namespace, former: Object) -> Object:
    """The pod that replaced `former`, once it is ready."""
    uid = former["metadata"]["uid"]

    def shown(body: Object) -> bool:
        statuses = body.get("status", {}).get("containerStatuses", [])
        return body["metadata"]["uid"] != uid and bool(statuses) and all(item["ready"] for item in statuses)

    return space.wait_for("pod", POD, shown, seconds=SECONDS, until="replaced and ready")


def test_a_new_password_and_a_killed_server_lose_nothing(namespace: Namespace, cluster: Cluster) -> None:
    namespace.apply(*manifests(namespace, cluster, "first"))
    pod = restarted(namespace, {"metadata": {"uid": ""}})
    query(namespace, POD, "first", "CREATE TABLE kept AS SELECT 42 AS answer")

    # A regenerated Secret heals: a quote in it is a character like any other.
    namespace.apply(*manifests(namespace, cluster, "it's new"))
    pod = restarted(namespace, pod)
    assert query(namespace, POD, "it's new", "SELECT answer FROM kept") == "42"
    with pytest.raises(CommandFailedError, match="password authentication failed"):
        query(namespace, POD, "first", "SELECT 1")

    # Killed without a word: the files of the former server are in the way of the next one.
    namespace("delete", "pod", POD, "--grace-period=0", "--force")
    pod = restarted(namespace, pod)
    assert query(namespace, POD, "it's new", "SELECT answer FROM kept") == "42"


def test_data_of_another_major_version_is_left_alone_and_the_way_out_told(
    namespace: Namespace, cluster: Cluster
) -> None:
    namespace.apply(*manifests(namespace, cluster, "first"))
    pod = restarted(namespace, {"metadata": {"uid": ""}})
    version = "cat /var/lib/postgresql/data/pgdata/PG_VERSION"
    served = namespace("exec", POD, "-c", "postgresql", "--", "sh", "-c", version).strip()
    namespace("exec", POD, "-c", "postgresql", "--", "sh", "-c", f"echo 9 > {version.removeprefix('cat ')}")
    namespace("delete", "pod", POD)

    def refused(body: Object) -> bool:
        return body["metadata"]["uid"] != pod["metadata"]["uid"] and "PostgreSQL 9 made this data" in json.dumps(body)

    told = namespace.wait_for("pod", POD, refused, seconds=SECONDS, until="refused")
    (container,) = told["status"]["containerStatuses"]
    ended = container["state"].get("terminated") or container["lastState"]["terminated"]
    assert f"(PostgreSQL) {served}." in ended["message"]
    assert "Set spec.database.managed.image to one of version 9;" in ended["message"]


def test_the_role_is_no_superuser_and_nobody_else_gets_in(namespace: Namespace, cluster: Cluster) -> None:
    namespace.apply(*manifests(namespace, cluster, "first"))
    pod = restarted(namespace, {"metadata": {"uid": ""}})
    assert query(namespace, POD, "first", "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "f"
    superuser = 'PATH="$PATH:$(echo /usr/lib/postgresql/*/bin)"; exec psql -h 127.0.0.1 -U postgres -wc "SELECT 1"'
    with pytest.raises(CommandFailedError, match="no password supplied"):
        namespace("exec", POD, "-c", "postgresql", "--", "sh", "-c", superuser)
    status = json.dumps(pod["status"]["containerStatuses"])
    assert '"restartCount": 0' in status
