"""What only the S3 store can meet: buckets and credentials that are wrong, stores that lie, certificates."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import time
from typing import TYPE_CHECKING

import pytest

from registry_service.errors import BlobMissingError, StorageError
from registry_service.storage.s3 import S3Store
from registry_service.storage.s3_bucket import PART_BYTES
from registry_service.storage.s3_client import Addressing, S3Settings, connect
from tests.cluster.certificates import Authority, Subject
from tests.support import false_stores, object_store
from tests.support.network import own_address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

_KEY = "1/0a1b/upload"


async def _reason(settings: S3Settings, *, seconds: float = 30) -> str:
    with pytest.raises(StorageError) as caught:
        await S3Store(settings, seconds=seconds).check()
    assert settings.secret_key not in caught.value.message
    return caught.value.reason


async def test_a_bucket_that_must_exist_is_not_made(bucket: S3Settings) -> None:
    assert await _reason(dataclasses.replace(bucket, bucket_policy="MustExist")) == "BucketNotFound"


async def test_a_bucket_is_made_once(bucket: S3Settings) -> None:
    await S3Store(bucket).check()
    await S3Store(dataclasses.replace(bucket, bucket_policy="MustExist")).check()
    await S3Store(bucket).check()


async def test_wrong_credentials_are_called_so(bucket: S3Settings) -> None:
    await S3Store(bucket).check()
    assert await _reason(dataclasses.replace(bucket, secret_key="wrong-secret")) == "StorageAccessDenied"
    assert await _reason(dataclasses.replace(bucket, access_key="nobody")) == "StorageAccessDenied"


async def test_nobody_at_the_endpoint(bucket: S3Settings) -> None:
    endpoint = f"http://{own_address()}:9000"
    assert await _reason(dataclasses.replace(bucket, endpoint=endpoint)) == "StorageUnreachable"


async def test_an_endpoint_that_stays_silent_costs_no_more_than_the_deadline(bucket: S3Settings) -> None:
    with false_stores.silent() as endpoint:
        start = time.monotonic()
        assert await _reason(dataclasses.replace(bucket, endpoint=endpoint), seconds=0.5) == "StorageUnreachable"
        assert time.monotonic() - start < 5


@pytest.mark.parametrize("status", [200, 404])
async def test_a_web_server_is_no_store(bucket: S3Settings, status: int) -> None:
    with false_stores.answering(status) as endpoint:
        assert (
            await _reason(dataclasses.replace(bucket, endpoint=endpoint, bucket_policy="MustExist"))
            == "StorageIncompatible"
        )


async def test_a_redirect_is_not_followed(bucket: S3Settings) -> None:
    await S3Store(bucket).check()
    with false_stores.answering(307, location=bucket.endpoint + "/" + bucket.bucket) as endpoint:
        assert await _reason(dataclasses.replace(bucket, endpoint=endpoint)) == "StorageIncompatible"


@pytest.mark.parametrize("size", [1000, PART_BYTES + 1000])
async def test_bytes_damaged_on_their_way_are_not_stored(bucket: S3Settings, tmp_path: Path, size: int) -> None:
    await S3Store(bucket).check()
    content = hashlib.shake_256(b"damage").digest(size)
    spool = tmp_path / "spool"
    spool.write_bytes(content)
    with false_stores.damaging(bucket.endpoint, size=1000) as endpoint:
        damaged = S3Store(dataclasses.replace(bucket, endpoint=endpoint))
        with pytest.raises(StorageError):
            await damaged.put(_KEY, spool, sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(BlobMissingError):
        await anext(S3Store(bucket).read(_KEY, 0, size))


async def test_two_prefixes_of_a_bucket_are_two_stores(bucket: S3Settings, tmp_path: Path) -> None:
    first = S3Store(bucket)
    second = S3Store(dataclasses.replace(bucket, prefix="other/"))
    await first.check()
    spool = tmp_path / "spool"
    spool.write_bytes(b"mine")
    await first.put(_KEY, spool, sha256=hashlib.sha256(b"mine").hexdigest())
    assert await first.claim("first") == ["first"]
    assert await second.claim("second") == ["second"]
    with pytest.raises(BlobMissingError):
        await anext(second.read(_KEY, 0, 4))


@pytest.mark.parametrize(
    ("endpoint", "addressing", "address"),
    [
        ("https://s3.example:9000", "Auto", "https://s3.example:9000/packages/"),
        ("https://s3.example:9000", "Path", "https://s3.example:9000/packages/"),
        ("https://s3.example:9000", "Virtual", "https://packages.s3.example:9000/"),
        ("http://s3.example", "Virtual", "http://packages.s3.example/"),
    ],
)
async def test_where_a_bucket_is_addressed(endpoint: str, addressing: Addressing, address: str) -> None:
    client = connect(S3Settings(endpoint, "packages", "key", "secret", region="eu-1", addressing=addressing))
    assert str(client.presigned_get_object("packages", "x")).startswith(address + "x?")


@pytest.mark.parametrize("endpoint", ["", "s3.example:9000", "ftp://s3.example", "https://s3.example/path", "https://"])
async def test_an_endpoint_is_a_url_without_a_path(endpoint: str) -> None:
    with pytest.raises(StorageError, match="endpoint"):
        S3Store(S3Settings(endpoint, "packages", "key", "secret"))


async def test_settings_do_not_show_their_credentials() -> None:
    assert "hidden" not in repr(S3Settings("https://s3.example", "packages", "hidden-key", "hidden-secret"))


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    """A store whose certificate has an issuer of its own."""
    authority = Authority(tmp_path_factory.mktemp("authority"), dt.datetime.now(dt.UTC))
    authority.establish()
    host = own_address()
    pair = authority.pair("store", Subject("store", names=(host,)))
    with object_store.started(tmp_path_factory.mktemp("store"), host, pair) as store:
        yield S3Settings(
            endpoint=store.endpoint,
            bucket="encrypted",
            access_key=store.access_key,
            secret_key=store.secret_key,
            ca_file=str(authority.certificate),
            bucket_policy="CreateIfMissing",
        )


async def test_a_private_issuer_is_trusted_by_its_file(encrypted: S3Settings) -> None:
    await S3Store(encrypted).check()


async def test_an_unknown_issuer_is_not_trusted(encrypted: S3Settings) -> None:
    assert await _reason(dataclasses.replace(encrypted, ca_file=None)) == "StorageUnreachable"
