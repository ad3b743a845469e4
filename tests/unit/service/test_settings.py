"""Settings: what the README says of each variable, and what is said of one that is missing or wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry_service.contract import environment
from registry_service.contract.sync import DEFAULT_MAX_UPLOAD_SIZE
from registry_service.database.identity import Identity
from registry_service.settings import Settings, SettingsError, read_settings
from registry_service.storage.s3_client import S3Settings

_README = Path(__file__).parents[3] / "README.md"

_REQUIRED = {
    environment.DATABASE_URL: "postgresql://registry@database.example/registry",
    environment.S3_ENDPOINT: "https://s3.example",
    environment.S3_BUCKET: "registry",
    environment.S3_ACCESS_KEY: "key",
    environment.S3_SECRET_KEY: "password",
}
_OTHERS = {
    environment.S3_PREFIX: "team",
    environment.S3_REGION: "eu-1",
    environment.S3_CA_FILE: "/ca.crt",
    environment.S3_ADDRESSING: "Path",
    environment.S3_BUCKET_POLICY: "CreateIfMissing",
    environment.EXTERNAL_URL: "https://registry.example/",
    environment.TRUSTED_PROXIES: "192.0.2.1, 192.0.2.2,",
    environment.MAX_UPLOAD_SIZE: "1048576",
    environment.NAME: "main",
    environment.NAMESPACE: "team-a",
    environment.NAMESPACE_UID: "uid-1",
    environment.RESOURCE_UID: "uid-2",
    environment.TAKEOVER: "id-1",
    environment.SYNC_DIRECTORY: "/sync",
    environment.TERMINATION_MESSAGE: "/message",
}


def _variables() -> set[str]:
    """Every variable that the contract names."""
    values = [value for name, value in vars(environment).items() if name.isupper()]
    return {value for value in values if isinstance(value, str) and value.startswith("REGISTRY_")}


def test_the_readme_explains_exactly_the_variables_that_there_are() -> None:
    rows = [line for line in _README.read_text().splitlines() if line.startswith("| `REGISTRY_")]
    explained = [name for row in rows for name in re.findall(r"REGISTRY_[A-Z0-9_]+", row.split("|")[1])]
    assert sorted(explained) == sorted(_variables())


def test_this_test_sets_every_variable() -> None:
    assert {*_REQUIRED, *_OTHERS, environment.BLOBS_DIRECTORY} == _variables()


def test_every_variable_counts() -> None:
    read = read_settings({**_REQUIRED, **_OTHERS}, None)
    assert read == Settings(
        database_url="postgresql://registry@database.example/registry",
        data=None,
        store=S3Settings(
            endpoint="https://s3.example",
            bucket="registry",
            access_key="key",
            secret_key="password",
            prefix="team",
            region="eu-1",
            addressing="Path",
            ca_file="/ca.crt",
            bucket_policy="CreateIfMissing",
        ),
        identity=Identity("uid-1", "team-a", "main", "uid-2", "id-1"),
        external_url="https://registry.example",
        trusted_proxies=("192.0.2.1", "192.0.2.2"),
        max_upload_size=1048576,
        sync_directory=Path("/sync"),
        termination_message=Path("/message"),
    )


def test_the_readme_gives_the_default_size() -> None:
    assert f"{DEFAULT_MAX_UPLOAD_SIZE} by default" in _README.read_text()
    assert read_settings(_REQUIRED, None).max_upload_size == DEFAULT_MAX_UPLOAD_SIZE


@pytest.mark.parametrize("empty", sorted({*_OTHERS, environment.BLOBS_DIRECTORY} - {environment.MAX_UPLOAD_SIZE}))
def test_an_empty_variable_is_one_that_is_not_set(empty: str) -> None:
    assert read_settings({**_REQUIRED, empty: ""}, None) == read_settings(_REQUIRED, None)


def test_a_folder_takes_the_place_of_database_and_store(tmp_path: Path) -> None:
    read = read_settings(_REQUIRED, tmp_path)
    assert (read.database_url, read.data) == (f"sqlite:///{tmp_path}/registry.db", tmp_path)
    assert read.store == tmp_path / "blobs"


def test_a_folder_of_blobs_takes_the_place_of_the_store_alone() -> None:
    variables = {environment.DATABASE_URL: _REQUIRED[environment.DATABASE_URL]}
    read = read_settings({**variables, environment.BLOBS_DIRECTORY: "/volume/blobs"}, None)
    assert (read.store, read.data, read.database_url) == (
        Path("/volume/blobs"),
        None,
        variables[environment.DATABASE_URL],
    )


def test_two_stores_are_one_too_many() -> None:
    with pytest.raises(SettingsError, match="REGISTRY_BLOBS_DIRECTORY or REGISTRY_S3_ENDPOINT, not both"):
        read_settings({**_REQUIRED, environment.BLOBS_DIRECTORY: "/volume/blobs"}, None)


@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
def test_everything_that_the_store_misses_is_named_at_once(value: str | None) -> None:
    variables = {environment.DATABASE_URL: _REQUIRED[environment.DATABASE_URL]}
    if value is not None:
        variables |= dict.fromkeys(_REQUIRED.keys() - variables.keys(), value)
    with pytest.raises(SettingsError) as refused:
        read_settings(variables, None)
    for name in _REQUIRED.keys() - {environment.DATABASE_URL}:
        assert name in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (environment.DATABASE_URL, ""),
        (environment.DATABASE_URL, "mysql://database.example/registry"),
        (environment.S3_ADDRESSING, "path"),
        (environment.S3_BUCKET_POLICY, "Create"),
        (environment.MAX_UPLOAD_SIZE, ""),
        (environment.MAX_UPLOAD_SIZE, "0"),
        (environment.MAX_UPLOAD_SIZE, "50Mi"),
        (environment.MAX_UPLOAD_SIZE, "-1"),
        (environment.TRUSTED_PROXIES, "*"),
        (environment.TRUSTED_PROXIES, "192.0.2.1, proxy.example"),
        (environment.TRUSTED_PROXIES, "192.0.2.1/24"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**_REQUIRED, name: value}, None)


def test_an_error_does_not_repeat_a_database_password() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({**_REQUIRED, environment.DATABASE_URL: "mysql://registry:hidden@database.example/x"}, None)
    assert "hidden" not in str(refused.value)
