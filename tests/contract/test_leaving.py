"""A pod that has to go loses no request: not of a client that keeps its connection, not of one that is slow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.contract.environment import LEAVING_SECONDS
from tests.support import forms, packages, service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from registry_service.storage.s3_client import S3Settings
    from tests.support.service import Pod

_END_SECONDS = 20
_PAGE = "/-/sign-in"


@pytest.fixture
def pod(tmp_path: Path, empty_database: str, bucket: S3Settings) -> Iterator[Pod]:
    with service.pod(tmp_path, empty_database, bucket) as running:
        yield running


def test_a_pod_that_goes_answers_for_a_while_and_ends_the_connections_that_are_kept(pod: Pod) -> None:
    with httpx2.Client(base_url=pod.url, timeout=30) as http:
        assert "connection" not in http.get(_PAGE).headers
        pod.server.process.terminate()
        deadline = time.monotonic() + LEAVING_SECONDS
        while (answer := http.get(_PAGE)).headers.get("connection") != "close":
            assert answer.status_code == 200
            assert time.monotonic() < deadline
        assert answer.status_code == 200
        assert http.get(_PAGE).status_code == 200, "a new connection is taken too"
    assert pod.server.process.wait(_END_SECONDS) == 0


def test_an_upload_that_is_under_way_ends_before_its_pod(pod: Pod) -> None:
    access, file = pod.project("demo"), packages.wheel()
    fields = {":action": "file_upload", "name": packages.EXAMPLE, "version": "0.0.1"}
    body = forms.form(*(forms.part(key, value) for key, value in fields.items()), forms.file(file))

    def slowly() -> Iterator[bytes]:
        yield body[:100]
        pod.server.process.terminate()
        time.sleep(LEAVING_SECONDS + 1)  # the slowness of a client
        yield body[100:]

    headers = {"content-type": forms.CONTENT_TYPE, "content-length": str(len(body))}
    answer = httpx2.post(
        access.upload_url, content=slowly(), headers=headers, auth=(access.username, access.password), timeout=30
    )
    assert answer.status_code == 201, answer.text
    assert pod.server.process.wait(_END_SECONDS) == 0
