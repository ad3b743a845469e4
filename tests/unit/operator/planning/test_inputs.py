"""Database and store as pods see them."""

from typing import Any

import pytest

from registry_operator.planning.inputs import PodInputs, checksum, database_inputs, storage_inputs
from registry_operator.planning.secrets import (
    SyncMaterial,
    generated_secrets,
    is_ours,
    secret_names,
    sync_key,
    sync_secret,
)
from registry_operator.resources.conditions import Condition, ConditionType
from registry_operator.resources.reasons import Reason
from registry_service.contract import environment
from tests.unit.operator.planning.bodies import (
    EXTERNAL,
    EXTERNAL_SECRETS,
    VOLUME,
    Spec,
    counting,
    registry,
    secret,
    secrets_of,
    written,
)

PARTS = {"host": "h", "port": "5433", "dbname": "d", "username": "u", "password": "p"}


def plain(inputs: PodInputs) -> dict[str, Any]:  # Any: a value or where it comes from
    return {
        entry["name"]: entry.get("value") or tuple(entry["valueFrom"]["secretKeyRef"].values()) for entry in inputs.env
    }


def database(**spec: object) -> Spec:
    return {"database": {"type": "Secret", "secret": {"name": "db", **spec}}}


def seen_database(spec: Spec, values: dict[str, str]) -> PodInputs | Condition:
    wanted = registry(spec)
    return database_inputs(wanted, secrets_of(wanted, {"db": values}))


def test_a_whole_uri_wins_over_the_parts() -> None:
    inputs = seen_database(database(), PARTS | {"uri": "postgresql://"})
    assert isinstance(inputs, PodInputs)
    assert plain(inputs) == {environment.DATABASE_URL: ("db", "uri")}


def test_parts_are_read_by_libpq_itself() -> None:
    inputs = seen_database(database(), PARTS)
    assert isinstance(inputs, PodInputs)
    assert plain(inputs) == {
        environment.DATABASE_URL: "postgresql://",
        "PGHOST": ("db", "host"),
        "PGPORT": ("db", "port"),
        "PGDATABASE": ("db", "dbname"),
        "PGUSER": ("db", "username"),
        "PGPASSWORD": ("db", "password"),
    }


def test_a_port_may_be_missing_and_keys_may_be_called_otherwise() -> None:
    keys = {"host": "SERVER", "password": "PASS"}
    values = {"SERVER": "h", "dbname": "d", "username": "u", "PASS": "p"}
    inputs = seen_database(database(keys=keys), values)
    assert isinstance(inputs, PodInputs)
    assert "PGPORT" not in plain(inputs)
    assert plain(inputs)["PGHOST"] == ("db", "SERVER")


@pytest.mark.parametrize(("mode", "word"), [("Disable", "disable"), ("Require", "require")])
def test_a_tls_mode_is_libpqs(mode: str, word: str) -> None:
    inputs = seen_database(database(sslMode=mode), PARTS)
    assert isinstance(inputs, PodInputs)
    assert plain(inputs)["PGSSLMODE"] == word


def test_private_issuers_are_mounted() -> None:
    wanted = registry(EXTERNAL)
    secrets = secrets_of(wanted)
    base, files = database_inputs(wanted, secrets), storage_inputs(wanted, secrets)
    assert isinstance(base, PodInputs)
    assert isinstance(files, PodInputs)
    assert plain(base)["PGSSLMODE"] == "verify-full"
    assert plain(base)["PGSSLROOTCERT"] == f"{base.mounts[0]['mountPath']}/ca.crt"
    assert plain(files)[environment.S3_CA_FILE] == f"{files.mounts[0]['mountPath']}/ca.crt"
    assert files.volumes[0]["secret"] == {"secretName": "s3-ca", "items": [{"key": "root.pem", "path": "ca.crt"}]}
    assert base.volumes[0]["name"] != files.volumes[0]["name"]


def test_a_bucket_is_described() -> None:
    wanted = registry(EXTERNAL)
    inputs = storage_inputs(wanted, secrets_of(wanted))
    assert isinstance(inputs, PodInputs)
    expected = {
        environment.S3_ENDPOINT: "https://s3.example",
        environment.S3_BUCKET: "files",
        environment.S3_PREFIX: "team",
        environment.S3_REGION: "eu-1",
        environment.S3_ADDRESSING: "Auto",
        environment.S3_BUCKET_POLICY: "MustExist",
        environment.S3_ACCESS_KEY: ("s3", "AWS_ACCESS_KEY_ID"),
        environment.S3_SECRET_KEY: ("s3", "AWS_SECRET_ACCESS_KEY"),
    }
    assert expected.items() <= plain(inputs).items()


def test_managed_parts_are_inputs_like_any_other() -> None:
    wanted = registry()
    secrets = secrets_of(wanted)
    base, files = database_inputs(wanted, secrets), storage_inputs(wanted, secrets)
    assert isinstance(base, PodInputs)
    assert isinstance(files, PodInputs)
    assert plain(base)["PGPASSWORD"] == ("pypi-postgresql", "password")
    assert plain(files)[environment.S3_ENDPOINT] == "http://pypi-object-store.team-a.svc:9000"
    assert plain(files)[environment.S3_BUCKET_POLICY] == "CreateIfMissing"
    assert environment.S3_PREFIX not in plain(files)
    assert secrets["pypi-postgresql"].text("host") == "pypi-postgresql.team-a.svc"


def test_a_volume_is_a_folder_and_needs_no_secret() -> None:
    wanted = registry(VOLUME)
    inputs = storage_inputs(wanted, {})
    assert isinstance(inputs, PodInputs)
    assert plain(inputs) == {environment.BLOBS_DIRECTORY: "/var/lib/registry/blobs"}
    assert inputs.mounts == ({"name": "blobs", "mountPath": "/var/lib/registry"},)
    assert inputs.volumes == ({"name": "blobs", "persistentVolumeClaim": {"claimName": "pypi-blobs"}},)
    assert secret_names(wanted) == {"pypi-sync", "pypi-postgresql"}
    assert [made["metadata"]["name"] for made in generated_secrets(wanted, counting)] == ["pypi-postgresql"]


@pytest.mark.parametrize(
    ("missing", "kind", "reason", "word"),
    [
        ({"db": None}, ConditionType.DATABASE_READY, Reason.SECRET_NOT_FOUND, "Secret db does not exist"),
        ({"db": {"host": "h"}}, ConditionType.DATABASE_READY, Reason.SECRET_KEY_MISSING, "dbname, username, password"),
        ({"db-ca": None}, ConditionType.DATABASE_READY, Reason.SECRET_NOT_FOUND, "Secret db-ca"),
        ({"db-ca": {"x": ""}}, ConditionType.DATABASE_READY, Reason.SECRET_KEY_MISSING, "lacks ca.crt"),
        ({"s3": None}, ConditionType.STORAGE_READY, Reason.SECRET_NOT_FOUND, "Secret s3 does not exist"),
        ({"s3": {}}, ConditionType.STORAGE_READY, Reason.SECRET_KEY_MISSING, "AWS_ACCESS_KEY_ID, AWS_SECRET"),
        ({"s3-ca": {}}, ConditionType.STORAGE_READY, Reason.SECRET_KEY_MISSING, "lacks root.pem"),
    ],
)
def test_what_is_missing_is_named(
    missing: dict[str, dict[str, str] | None], kind: ConditionType, reason: Reason, word: str
) -> None:
    wanted = registry(EXTERNAL)
    external = {name: values for name, values in (EXTERNAL_SECRETS | missing).items() if values is not None}
    secrets = secrets_of(wanted, external)
    found = [
        item
        for item in (database_inputs(wanted, secrets), storage_inputs(wanted, secrets))
        if isinstance(item, Condition)
    ]
    (condition,) = found
    assert (condition.type, condition.reason) == (kind, reason)
    assert word in condition.message


def test_a_checksum_is_of_values_in_use_and_keyed() -> None:
    one, other = {"s": secret("s", {"a": "1", "b": "2"})}, {"s": secret("s", {"a": "1", "b": "3"})}
    assert checksum([("s", "a")], one, b"k") == checksum([("s", "a"), ("s", "a")], other, b"k")
    assert checksum([("s", "b")], one, b"k") != checksum([("s", "b")], other, b"k")
    assert checksum([("s", "a")], one, b"k") != checksum([("s", "a")], one, b"other")
    assert checksum([("s", "missing")], one, b"k")


def test_the_secrets_to_read_are_all_that_matter() -> None:
    exposed = {"exposure": {"type": "Ingress", "tls": {"secretName": "tls"}}}
    assert secret_names(registry(EXTERNAL, exposed)) == {"pypi-sync", "db", "db-ca", "s3", "s3-ca", "tls"}
    assert secret_names(registry()) == {"pypi-sync", "pypi-postgresql", "pypi-object-store"}


def test_only_managed_parts_get_credentials() -> None:
    assert generated_secrets(registry(EXTERNAL), counting) == ()
    made = generated_secrets(registry(), counting)
    assert [manifest["metadata"]["name"] for manifest in made] == ["pypi-postgresql", "pypi-object-store"]
    assert len(written(made[0]).data["password"]) == 64
    assert made == generated_secrets(registry(), counting)


def test_a_secret_is_ours_by_its_owner_or_by_its_mark() -> None:
    wanted = registry()
    ours = written(sync_secret(wanted, SyncMaterial("ca", "crt", "key", "sync")))
    kept = written(generated_secrets(wanted, counting)[0])
    assert is_ours(wanted, ours)
    assert is_ours(wanted, kept)
    assert not is_ours(registry(uid="u-2"), ours)
    assert is_ours(registry(uid="u-2"), kept)
    assert not is_ours(registry(name="other"), kept)
    assert not is_ours(wanted, secret("pypi-sync", {}))


def test_the_sync_secret_holds_what_the_port_needs() -> None:
    wanted = registry()
    ours = written(sync_secret(wanted, SyncMaterial("ca", "crt", "private", "sync")))
    assert ours.data == {"ca.crt": b"ca", "tls.crt": b"crt", "tls.key": b"private", "key": b"sync"}
    assert sync_key(wanted, {"pypi-sync": ours}) == b"sync"
    assert sync_key(wanted, {}) is None
    assert "private" not in repr(SyncMaterial("ca", "crt", "private", "sync"))
