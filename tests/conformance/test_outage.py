"""What a registry in a pod says and keeps when its store or its database cannot be used."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.contract import environment, urls
from registry_service.contract.sync import Rules
from registry_service.storage.s3_client import S3Settings
from tests.cluster.commands import CommandFailedError
from tests.outcomes.issue_3 import WRONG_THINGS
from tests.support import object_store, packages, service
from tests.support.network import own_address
from tests.support.service import Program

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs
    from tests.support.object_store import ObjectStore
    from tests.support.packages import Distribution
    from tests.support.postgresql import Postgresql

_SECONDS = 30


def _bucket(store: ObjectStore) -> S3Settings:
    return S3Settings(
        endpoint=store.endpoint,
        bucket="outage",
        access_key=store.access_key,
        secret_key=store.secret_key,
        bucket_policy="CreateIfMissing",
    )


def _download(access: Access, file: Distribution) -> httpx2.Response:
    url = access.base_url + urls.file_path(urls.upload_path(access.project), file.sha256, file.filename)
    return httpx2.get(url, auth=(access.username, access.password), timeout=_SECONDS)


def test_while_the_store_is_away_nothing_is_acknowledged_and_afterwards_all_is_well(
    postgresql: Postgresql, programs: Programs, tmp_path: Path
) -> None:
    blobs, host = tmp_path / "store", own_address()
    blobs.mkdir()
    first, second = packages.wheel("0.0.1"), packages.wheel("0.0.2")
    with ExitStack() as running:
        bucket = _bucket(running.enter_context(object_store.started(blobs, host)))
        with service.pod(tmp_path, postgresql.create("outage"), bucket) as pod:
            pod.rules(Rules())
            access = pod.project("demo")
            programs.twine("twine-7", access, first.write_to(tmp_path)).ok()
            running.close()
            assert "503" in programs.twine("twine-7", access, second.write_to(tmp_path)).failed()
            refused = _download(access, first)
            assert refused.status_code == 503
            assert refused.headers["retry-after"].isdecimal()
            assert host not in refused.text
            assert "No matching distribution" in programs.pip_install(access, "mypypipackage==0.0.2").failed()
            with object_store.started(blobs, host):
                assert _download(access, first).content == first.content
                programs.twine("twine-7", access, second.write_to(tmp_path)).ok()
                programs.pip_install(access, "mypypipackage==0.0.2").ok()


@pytest.fixture
def variables(postgresql: Postgresql, bucket: S3Settings, tmp_path: Path) -> dict[str, str]:
    """A migration Job's environment, with which everything is well."""
    told = service.pod_environment(postgresql.url("template1"), bucket, tmp_path)
    return {**told, environment.TERMINATION_MESSAGE: str(tmp_path / "termination-log")}


@pytest.mark.outcome(WRONG_THINGS)
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (environment.S3_ENDPOINT, f"http://{own_address()}:9000", "StorageUnreachable"),
        (environment.S3_SECRET_KEY, "wrong-password", "StorageAccessDenied"),
        (environment.S3_BUCKET_POLICY, "MustExist", "BucketNotFound"),
        (environment.DATABASE_URL, f"postgresql://registry@{own_address()}/registry", "DatabaseUnreachable"),
    ],
    ids=["no store", "wrong secret key", "no bucket", "no database server"],
)
def test_a_migration_that_cannot_begin_says_why(
    variables: dict[str, str], tmp_path: Path, name: str, value: str, reason: str
) -> None:
    with pytest.raises(CommandFailedError, match="registry-service: "):
        Program(tmp_path, {**variables, name: value}).run("migrate")
    left = json.loads((tmp_path / "termination-log").read_text())
    assert left["reason"] == reason
    assert variables[environment.S3_SECRET_KEY] not in left["message"]
    assert "wrong-password" not in left["message"]


@pytest.mark.outcome(WRONG_THINGS)
def test_a_database_that_does_not_exist_and_a_wrong_password(
    postgresql: Postgresql, variables: dict[str, str], tmp_path: Path
) -> None:
    postgresql.add_role("guarded", password="right_password")
    reasons = {
        postgresql.url("nowhere"): "DatabaseNotFound",
        postgresql.url("postgres").replace("registry@", "guarded:wrong-password@"): "DatabaseAuthenticationFailed",
    }
    for url, reason in reasons.items():
        with pytest.raises(CommandFailedError):
            Program(tmp_path, {**variables, environment.DATABASE_URL: url}).run("migrate")
        left = json.loads((tmp_path / "termination-log").read_text())
        assert left["reason"] == reason
        assert "wrong-password" not in left["message"]
