"""Publishing, browsing and downloading over HTTP, on each pair of adapters."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.catalog import Visibility
from registry_service.use_cases.minting import TokenRequest
from tests.contract.conftest import LIMIT
from tests.support import packages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_BASE = "/api/v4/projects/demo/packages/pypi"


async def test_a_published_file_is_listed_and_served_byte_for_byte(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel()
    response = await registry.publish(wheel, token)
    assert (response.status_code, response.json()) == (201, {"message": "201 Created"})
    page = (await registry.page(token, "MyPyPIPackage")).json()
    (file,) = page["files"]
    assert (file["filename"], file["size"], file["hashes"]["sha256"]) == (
        wheel.filename,
        len(wheel.content),
        wheel.sha256,
    )
    assert file["requires-python"] == ">=3.6"
    served = await registry.http.get(file["url"], auth=("a", token))
    assert (served.status_code, served.content) == (200, wheel.content)


async def test_identical_bytes_again_change_nothing_and_other_bytes_are_refused(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel()
    await registry.publish(wheel, token)
    before = (await registry.page(token)).json()
    assert (await registry.publish(wheel, token)).status_code == 201
    refused = await registry.publish(packages.wheel(padding=10), token)
    assert refused.status_code == 400
    assert "Validation failed: File name has already been taken" in refused.json()["message"]
    assert "already exists" in refused.json()["message"]
    assert (await registry.page(token)).json() == before


async def test_one_release_has_each_kind_of_file_once_whatever_its_spelling(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel("1.0"), token)
    respelled = await registry.publish(packages.wheel("1.0.0"), token)
    assert respelled.status_code == 400
    assert "mypypipackage-1.0-py3-none-any.whl" in respelled.json()["message"]


async def test_twenty_clients_at_once_publish_one_file(registry: Registry) -> None:
    token, wheel = await registry.token(), packages.wheel()
    answers = await asyncio.gather(*(registry.publish(wheel, token) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert await registry.filenames("mypypipackage", token) == [wheel.filename]


async def test_many_files_of_a_new_package_at_once_are_all_published(registry: Registry) -> None:
    token = await registry.token()
    files = [packages.wheel(f"1.{minor}") for minor in range(8)] + [packages.sdist("1.0")]
    answers = await asyncio.gather(*(registry.publish(file, token) for file in files))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len(await registry.filenames("mypypipackage", token)) == 9


async def test_a_file_above_the_limit_is_refused_in_gitlabs_words(registry: Registry) -> None:
    token = await registry.token()
    refused = await registry.publish(packages.wheel(padding=LIMIT), token)
    assert (refused.status_code, refused.json()["message"]) == (400, "400 Bad request - File is too large")


async def test_broken_wheels_are_refused_and_leave_nothing(registry: Registry) -> None:
    token = await registry.token()
    for kind, file in packages.broken_wheels().items():
        refused = await registry.publish(file, token)
        assert refused.status_code == 400, kind
        assert refused.json()["errors"], kind
    root = await registry.http.get(f"{_BASE}/simple/", auth=("a", token))
    assert "<a " not in root.text


@pytest.mark.parametrize(
    ("content", "content_type", "problem"),
    [
        (b"", "application/json", "must be a form"),
        (b"", "multipart/form-data", "must be a form"),
        (b"nonsense", "multipart/form-data; boundary=x", "cannot be read"),
        (b"--x\r\n", "multipart/form-data; boundary=x", "ends before its last boundary"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", "no file field"),
        (b"--x--\r\n", f"multipart/form-data; boundary={'x' * 300}", "cannot be read"),
        (
            b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + b"a" * 5000 + b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
            "longer than 4096 bytes",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n1\r\n' * 2 + b"--x--\r\n",
            "multipart/form-data; boundary=x",
            "two fields content",
        ),
    ],
)
async def test_what_is_no_upload_form_is_refused(
    registry: Registry, content: bytes, content_type: str, problem: str
) -> None:
    auth = ("a", await registry.token())
    headers = {"content-type": content_type}
    refused = await registry.http.post(_BASE + "/", content=content, headers=headers, auth=auth)
    assert refused.status_code == 400
    assert problem in refused.json()["message"]


async def test_a_form_may_hold_thousands_of_fields_and_a_long_readme(registry: Registry) -> None:
    token = await registry.token()
    form = {"name": "mypypipackage", "version": "0.0.1", "description": "x" * 4_000_000}
    form |= {f"field_{number}": "value" for number in range(3000)}
    wheel = packages.wheel()
    files = {"content": (wheel.filename, wheel.content)}
    response = await registry.http.post(_BASE, data=form, files=files, auth=("a", token))
    assert response.status_code == 201, response.text


async def test_another_action_than_an_upload_is_refused(registry: Registry) -> None:
    refused = await registry.publish(packages.wheel(), await registry.token(), **{":action": "revoke"})
    assert (refused.status_code, "file_upload" in refused.json()["message"]) == (400, True)


async def test_who_may_what(registry: Registry) -> None:
    await registry.service.minting.create_project("other", Visibility.PRIVATE)
    wheel = packages.wheel()
    await registry.publish(wheel, await registry.token())
    rows = [
        (await registry.token("demo", TokenType.PERSONAL, Scope.READ_API), 200, 403),
        (await registry.token("demo", TokenType.DEPLOY, Scope.WRITE_PACKAGE_REGISTRY), 403, 201),
        (await registry.token("demo", TokenType.DEPLOY), 200, 201),
        (await registry.token("other", TokenType.PERSONAL), 404, 404),
        ("pyr_p_nonsense", 401, 401),
        ("", 401, 401),
    ]
    for token, reads, publishes in rows:
        assert (await registry.page(token)).status_code == reads
        assert (await registry.publish(wheel, token)).status_code == publishes


async def test_a_job_token_counts_only_with_its_user_name(registry: Registry) -> None:
    token = await registry.token("demo", TokenType.JOB)
    url = f"{_BASE}/simple/"
    assert (await registry.http.get(url, auth=("gitlab-ci-token", token))).status_code == 200
    assert (await registry.http.get(url, auth=("__token__", token))).status_code == 401


async def test_a_token_counts_in_each_of_gitlabs_headers(registry: Registry) -> None:
    token, job = await registry.token(), await registry.token("demo", TokenType.JOB)
    rows = [
        ({"authorization": f"Bearer {token}"}, 200),
        ({"private-token": token}, 200),
        ({"deploy-token": token}, 200),
        ({"authorization": f"Bearer {job}"}, 200),
        ({"private-token": job}, 401),
        ({"job-token": job}, 401),
    ]
    for headers, status in rows:
        assert (await registry.http.get(f"{_BASE}/simple/", headers=headers)).status_code == status, headers


async def test_nobody_learns_which_projects_exist(registry: Registry) -> None:
    for project in ("demo", "nosuch", "1", "99", "9" * 40, "a%2Fb", "demo%00"):
        answer = await registry.http.get(f"/api/v4/projects/{project}/packages/pypi/simple/")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (
            401,
            'Basic realm="GitLab Packages Registry"',
        )


async def test_a_public_project_is_read_by_all_but_those_with_a_wrong_token(registry: Registry) -> None:
    await registry.service.minting.create_project("open", Visibility.PUBLIC)
    url = "/api/v4/projects/open/packages/pypi/simple/"
    assert (await registry.http.get(url)).status_code == 200
    assert (await registry.http.get(url, auth=("a", "wrong"))).status_code == 401
    assert (await registry.http.get(url, auth=("a", await registry.token()))).status_code == 200


async def test_a_project_has_a_numeric_id(registry: Registry) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    answer = await registry.http.get("/api/v4/projects/1/packages/pypi/simple/mypypipackage", auth=("a", token))
    assert (answer.status_code, "mypypipackage-0.0.1" in answer.text) == (200, True)


async def test_revoked_expired_and_suspended_tokens_are_dead_at_once(registry: Registry) -> None:
    revoked, suspended = await registry.token(), await registry.token()
    await registry.service.minting.revoke_token(revoked.split("_")[2])
    assert (await registry.page(revoked)).status_code == 401
    assert (await registry.http.get(f"{_BASE}/simple/", auth=("a", suspended))).status_code == 200
    await registry.service.minting.suspend_tokens()
    assert (await registry.page(suspended)).status_code == 401
    states = [token.state for token in await registry.service.minting.list_tokens("demo")]
    assert sorted(states) == ["revoked", "suspended"]


async def test_a_lifetime_ends(registry: Registry) -> None:
    request = TokenRequest("demo", TokenType.PERSONAL, lifetime=timedelta(seconds=-1))
    assert (await registry.page(await registry.service.minting.create_token(request))).status_code == 401


async def test_no_spool_is_left_behind(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    await registry.publish(packages.wheel(padding=LIMIT), token)
    assert list(spool.iterdir()) == []
