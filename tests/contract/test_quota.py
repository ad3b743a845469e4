"""How many bytes the files of a project may have together, on each database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.contract import sync, wire
from registry_service.contract.sync import ProjectSettings, Rules
from tests.support import packages

if TYPE_CHECKING:
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_PACKAGES = "/api/v4/projects/demo/packages"
_FILES = [packages.wheel(f"{number}.0") for number in range(1, 4)]
_SIZE = len(_FILES[0].content)


async def _rule(registry: Registry, rules: Rules) -> None:
    etag = (await registry.sync.get(sync.RULES_PATH)).headers["etag"]
    answer = await registry.sync.put(sync.RULES_PATH, content=wire.encode(rules), headers={"if-match": etag})
    assert answer.status_code == httpx2.codes.OK, answer.text


async def test_a_full_project_takes_no_file_until_one_is_deleted(registry: Registry) -> None:
    token = await registry.token()
    assert {len(file.content) for file in _FILES} == {_SIZE}
    await _rule(registry, Rules(quota=2 * _SIZE))
    assert [(await registry.publish(file, token)).status_code for file in _FILES] == [201, 201, 400]
    refused = await registry.publish(_FILES[2], token)
    (problem,) = refused.json()["errors"]
    assert f"The project's files may have {2 * _SIZE} bytes together, and would have {3 * _SIZE}. Delete" in problem
    # What is there already may be sent again, as clients do after a lost answer.
    assert (await registry.publish(_FILES[1], token)).is_success
    listed = (await registry.http.get(_PACKAGES, auth=("a", token))).json()
    assert (await registry.http.delete(f"{_PACKAGES}/{listed[0]['id']}", auth=("a", token))).is_success
    assert (await registry.publish(_FILES[2], token)).status_code == 201


async def test_of_uploads_at_the_same_time_no_more_get_in_than_fit(registry: Registry) -> None:
    token = await registry.token()
    await _rule(registry, Rules(quota=2 * _SIZE))
    answers = await asyncio.gather(*(registry.publish(file, token) for file in _FILES))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 400]


async def test_a_project_may_have_another_quota_than_the_rest(registry: Registry) -> None:
    await registry.service.minting.ensure_projects(("another",))
    token, other = await registry.token(), await registry.token("another")
    await _rule(registry, Rules(quota=1, projects=(ProjectSettings("demo"), ProjectSettings("third", quota=1))))
    assert (await registry.publish(_FILES[0], token)).status_code == 201
    assert (await registry.publish(_FILES[0], other, project="another")).status_code == 400
