"""What a real database or a real store has against a registry is told by the reason that is meant for it, with advice.

Both are those of another registry, in whose namespace all of these are. None of them has a pod that serves.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.description import Cluster
from tests.outcomes import issue_7
from tests.support.kubernetes import REGISTRY, Namespace, Object, condition_of
from tests.support.psql import query
from tests.support.resources import registry, secret

pytestmark = [pytest.mark.cluster, pytest.mark.outcome(issue_7.CLUSTER)]

_SECONDS = 180
_WATCHED = {"pypiregistry.dev/watch": "true"}
_CREDENTIALS = "base-object-store"
_NEWCOMER = "newcomer"
_LATER = "CREATE TABLE alembic_version AS SELECT 'of-a-later-version' AS version_num"
# By registry, what differs from a bucket that works.
_ODD: dict[str, Object] = {
    "denied": {"credentials": {"secret": {"name": "wrong"}}},
    "bucketless": {"bucket": "nowhere"},
    "storeless": {"endpoint": "http://base.{namespace}.svc"},
    "nowhere": {},
    "broken": {},
}


@pytest.fixture(scope="module")
def home(walled: Namespace, cluster: Cluster) -> Iterator[Namespace]:
    """The namespace, with all these registries; they are brought up at once. One has an image that migrates nothing."""
    managed = walled.secret("base-postgresql")
    walled.apply(secret("wrong", {}, **dict.fromkeys(walled.secret(_CREDENTIALS), "not-the-right-one")))
    for name in _ODD:
        elsewhere = {"dbname": "no-such-database"} if name == "nowhere" else {}
        walled.apply(secret(f"{name}-database", _WATCHED, **(managed | elsewhere)))
    made = {name: odd(walled, name, **changes) for name, changes in _ODD.items()}
    made["broken"]["spec"]["image"] = cluster.images["operator"]
    walled.apply(newcomer(walled), *made.values())
    yield walled
    walled("delete", "--wait=false", *(f"{REGISTRY}/{name}" for name in (_NEWCOMER, *_ODD)))


def odd(namespace: Namespace, name: str, **changes: Any) -> Object:  # Any: fields of the spec
    """A registry with the other one's database, which is looked at after the store."""
    database = {"type": "Secret", "secret": {"name": f"{name}-database"}}
    return registry(name, database=database, **_stored(namespace, prefix=name, **changes))


def newcomer(namespace: Namespace, **changes: Any) -> Object:  # Any: fields of the spec
    """A registry with a new database and the other one's bucket."""
    return registry(_NEWCOMER, **_stored(namespace, **changes))


def _stored(namespace: Namespace, **changes: Any) -> Object:  # Any: fields of the spec
    bucket = {
        "endpoint": f"http://base-object-store.{namespace.name}.svc:9000",
        "bucket": "packages",
        "credentials": {"secret": {"name": _CREDENTIALS}},
        "addressing": "Path",
    } | changes
    bucket["endpoint"] = bucket["endpoint"].format(namespace=namespace.name)
    return {"storage": {"type": "S3", "s3": bucket}, "replicas": 0, "exposure": {"type": "None"}}


def change_database(namespace: Namespace, statement: str) -> None:
    """Have the owner of the newcomer's database change something."""
    query(namespace, f"{_NEWCOMER}-postgresql-0", namespace.secret(f"{_NEWCOMER}-postgresql")["password"], statement)


@pytest.mark.parametrize(
    ("name", "condition", "reason", "advice"),
    [
        ("denied", "StorageReady", "StorageAccessDenied", "Correct the credentials"),
        ("bucketless", "StorageReady", "BucketNotFound", "Create the bucket"),
        ("storeless", "StorageReady", "StorageIncompatible", "Use a store that has"),
        ("nowhere", "DatabaseReady", "DatabaseNotFound", "Create the database"),
        ("broken", "MigrationsApplied", "MigrationFailed", "Read the Job's log"),
    ],
    ids=_ODD,
)
def test_what_stands_in_a_registrys_way_is_told_with_advice(
    home: Namespace, name: str, condition: str, reason: str, advice: str
) -> None:
    body = home.wait_for_condition(REGISTRY, name, condition, status="False", reason=reason, seconds=_SECONDS)
    assert advice in condition_of(body, condition)["message"]
    assert condition_of(body, "Ready")["reason"] == reason


def test_a_bucket_and_a_database_of_others_are_told_until_the_registry_has_its_own(home: Namespace) -> None:
    """The database's schema is a later version's; in the end nothing is missing but pods, which nobody asks for."""
    body = home.wait_for_condition(
        REGISTRY, _NEWCOMER, "StorageReady", status="False", reason="BucketInUse", seconds=_SECONDS
    )
    assert "Set another spec.storage.s3.prefix" in condition_of(body, "Ready")["message"]
    change_database(home, _LATER)
    home.apply(newcomer(home, prefix="own"))
    body = home.wait_for_condition(
        REGISTRY, _NEWCOMER, "MigrationsApplied", status="False", reason="SchemaAhead", seconds=_SECONDS
    )
    assert "Set spec.image to the newer version" in condition_of(body, "Ready")["message"]
    change_database(home, "DROP TABLE alembic_version")
    home.wait_for_condition(REGISTRY, _NEWCOMER, "MigrationsApplied", seconds=_SECONDS)
    home.wait_for_condition(REGISTRY, _NEWCOMER, "Ready", status="False", reason="ScaledToZero", seconds=_SECONDS)


def test_what_is_out_of_the_way_is_told_no_longer(home: Namespace) -> None:
    """They come to the database, which is another registry's."""
    managed = home.secret("base-postgresql")
    home.apply(secret("nowhere-database", _WATCHED, **managed), *(odd(home, name) for name in _ODD))
    for name in _ODD:
        home.wait_for_condition(REGISTRY, name, "Ready", status="False", reason="DatabaseInUse", seconds=_SECONDS)
