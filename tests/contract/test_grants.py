"""What reaches beyond the own project, and what stops short of a package: grants and patterns, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import sync, wire
from registry_service.contract.sync import Grant, GrantedPermission, Rules, TokenEntry, TokenSet, Upstream
from registry_service.contract.tokens import Scope, TokenType
from registry_service.use_cases.minting import TokenRequest
from tests.support import packages
from tests.support.forms import CONTENT_TYPE, file, form, part

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry
    from tests.support.packages import Distribution

pytestmark = pytest.mark.anyio

_GROUP = "/api/v4/groups/registry/-/packages/pypi"
_JSON = {"accept": "application/vnd.pypi.simple.v1+json"}
_READ, _PUBLISH = GrantedPermission.READ, GrantedPermission.PUBLISH
_PLAIN = TokenEntry("", "", "ci", TokenType.PERSONAL, (Scope.API,))
_ASKING = replace(_PLAIN, projects=("first", "second"))


def _grant(*permissions: GrantedPermission, projects: tuple[str, ...] = ("first",)) -> Grant:
    return Grant("shared", ("guest",), projects, permissions)


async def _home(registry: Registry, project: str, *files: Distribution) -> str:
    """A namespace's project with these files; returns its token."""
    (token,) = await registry.issue(project, _PLAIN)
    for one in files:
        assert (await registry.publish(one, token, project=project)).status_code == 201
    return token


async def _status(registry: Registry, token: str, project: str = "first") -> int:
    url = f"/api/v4/projects/{project}/packages/pypi/simple/"
    return (await registry.http.get(url, auth=("a", token))).status_code


async def _group(registry: Registry, token: str, path: str = "") -> httpx2.Response:
    return await registry.http.get(f"{_GROUP}/simple/{path}", auth=("a", token), headers=_JSON)


async def test_a_granted_project_is_read_until_the_grant_is_withdrawn(registry: Registry) -> None:
    await _home(registry, "first", packages.wheel())
    asking, plain = await registry.issue("guest", _ASKING, replace(_PLAIN, name="plain"))
    assert await _status(registry, asking) == 404
    await registry.rule(Rules(access=(_grant(_READ),)))
    assert (await _status(registry, asking), await _status(registry, plain)) == (200, 404)
    listed = await registry.http.get("/api/v4/projects/first/packages", auth=("a", asking))
    assert [entry["name"] for entry in listed.json()] == [packages.EXAMPLE]
    assert "delete_api_path" not in str(listed.json())
    refused = await registry.publish(packages.wheel("2.0"), asking, project="first")
    assert refused.status_code == 403
    await registry.rule(Rules())
    assert await _status(registry, asking) == 404


async def test_to_publish_is_granted_apart_from_reading(registry: Registry) -> None:
    owner = await _home(registry, "first")
    (asking,) = await registry.issue("guest", _ASKING)
    await registry.rule(Rules(access=(_grant(_PUBLISH),)))
    assert (await registry.publish(packages.wheel(), asking, project="first")).status_code == 201
    assert await _status(registry, asking) == 403
    curated = f"/api/v1/projects/first/packages/{packages.EXAMPLE}"
    for path in (f"{curated}/0.0.1/yank", f"{curated}/status", "/api/v1/projects/first/status"):
        assert (await registry.http.put(path, json={"status": "archived"}, auth=("a", asking))).status_code == 403
    assert await _status(registry, owner) == 200


async def test_the_group_holds_granted_projects_in_the_order_of_the_grants(registry: Registry) -> None:
    await _home(registry, "first", packages.wheel("1.0"), packages.wheel(name="only-first"))
    await _home(registry, "second", packages.wheel("2.0"))
    (asking,) = await registry.issue("guest", _ASKING)
    assert (await _group(registry, asking)).json()["projects"] == []
    await registry.rule(Rules(access=(_grant(_READ, projects=("second",)), replace(_grant(_READ), name="later"))))
    names = [entry["name"] for entry in (await _group(registry, asking)).json()["projects"]]
    assert names == [packages.EXAMPLE, "only-first"]
    page = (await _group(registry, asking, "mypypipackage/")).json()
    assert page["versions"] == ["2.0"]
    url = page["files"][0]["url"]
    assert (await registry.http.get(url, auth=("a", asking))).content == packages.wheel("2.0").content
    await registry.rule(Rules(access=(_grant(_READ, projects=("first", "second")),)))
    assert (await _group(registry, asking, "mypypipackage/")).json()["versions"] == ["1.0"]
    assert (await registry.http.get(url, auth=("a", asking))).status_code == 404
    # What the own project ever held is nobody else's to answer for.
    assert (await registry.publish(packages.wheel("9.0"), asking, project="guest")).status_code == 201
    assert (await _group(registry, asking, "mypypipackage/")).json()["versions"] == ["9.0"]
    await registry.rule(Rules())
    assert [entry["name"] for entry in (await _group(registry, asking)).json()["projects"]] == [packages.EXAMPLE]


async def test_a_granted_name_never_goes_upstream_and_one_that_is_not_granted_looks_like_none(
    registry: Registry,
) -> None:
    await _home(registry, "first", packages.wheel())
    (asking,) = await registry.issue("guest", _ASKING)
    upstream = Upstream("https://index.example/simple")
    await registry.rule(Rules(upstream=upstream, access=(_grant(_READ),)))
    assert (await _group(registry, asking, "mypypipackage/")).status_code == 200
    await registry.rule(Rules(upstream=upstream))
    assert (await _group(registry, asking, "mypypipackage/")).status_code == 302


_PATTERNED = ("mypypi*", "other")
_SECOND = packages.wheel(name="second-package")


async def _patterned(registry: Registry) -> str:
    request = TokenRequest("demo", TokenType.PERSONAL, packages=_PATTERNED)
    return await registry.service.minting.create_token(request)


def _said(answer: httpx2.Response) -> str:
    assert answer.status_code == 403, answer.text
    message: str = answer.json()["message"]
    return message


async def test_patterns_limit_what_a_token_publishes_and_not_what_it_reads(registry: Registry) -> None:
    token, owner = await _patterned(registry), await registry.token()
    assert (await registry.publish(packages.wheel(), token)).status_code == 201
    said = _said(await registry.publish(_SECOND, token))
    assert said == "403 Forbidden - This token may not change the package second-package, only: mypypi*, other"
    assert (await registry.publish(_SECOND, owner)).status_code == 201
    assert await registry.filenames("second-package", token) == [_SECOND.filename]


async def test_the_name_counts_wherever_it_stands_in_the_form_and_in_the_archive(registry: Registry) -> None:
    token = await _patterned(registry)
    url, headers = "/api/v4/projects/demo/packages/pypi", {"content-type": CONTENT_TYPE}
    name, version, content = part("name", "Second.Package"), part("version", "0.0.1"), file(_SECOND)
    for body in (form(version, name, content), form(content, version, name), form(name, name, content, version)):
        answer = await registry.http.post(url, content=body, headers=headers, auth=("a", token))
        assert "may not change the package second-package" in _said(answer)
    lying = form(part("name", packages.EXAMPLE), version, content)
    assert (await registry.http.post(url, content=lying, headers=headers, auth=("a", token))).status_code == 400
    assert (await registry.page(await registry.token(), "second-package")).status_code == 404


async def test_patterns_limit_yanks_deletions_and_statuses(registry: Registry) -> None:
    token, owner = await _patterned(registry), await registry.token()
    for one in (packages.wheel(), _SECOND):
        assert (await registry.publish(one, owner)).status_code == 201
    api = "/api/v1/projects/demo"
    listed = (await registry.http.get("/api/v4/projects/demo/packages", auth=("a", owner))).json()
    number = {entry["name"]: entry["id"] for entry in listed}
    release = f"/api/v4/projects/demo/packages/{number['second-package']}"
    (held,) = (await registry.http.get(f"{release}/package_files", auth=("a", owner))).json()
    before = (await registry.page(owner, "second-package")).json()
    refused = [
        await registry.http.put(f"{api}/packages/second-package/0.0.1/yank", json={"reason": ""}, auth=("a", token)),
        await registry.http.delete(f"{api}/packages/second.package/0.0.1/yank", auth=("a", token)),
        await registry.http.put(
            f"{api}/packages/Second_Package/status", json={"status": "archived"}, auth=("a", token)
        ),
        await registry.http.put(f"{api}/status", json={"status": "archived"}, auth=("a", token)),
        await registry.http.delete(f"{release}/package_files/{held['id']}", auth=("a", token)),
        await registry.http.delete(release, auth=("a", token)),
    ]
    assert all("This token may" in _said(answer) for answer in refused)
    assert (await registry.page(owner, "second-package")).json() == before
    deleted = await registry.http.delete(
        f"/api/v4/projects/demo/packages/{number[packages.EXAMPLE]}", auth=("a", token)
    )
    assert deleted.status_code == 204


async def _refusal(registry: Registry, path: str, body: Rules | TokenSet) -> str:
    etag = (await registry.sync.get(path)).headers["etag"]
    answer = await registry.sync.put(path, content=wire.encode(body), headers={"if-match": etag})
    assert answer.status_code == 400, answer.text
    refusal = answer.json()
    assert refusal["reason"] == "InvalidBody"
    return str(refusal["message"])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (replace(_PLAIN, projects=("../first",)), "ci: projects: "),
        (replace(_PLAIN, projects=tuple(f"p{number}" for number in range(65))), "ci: projects: at most 64, not 65"),
        (replace(_PLAIN, packages=("Upper",)), "ci: packages: a pattern is a normalized name"),
        (replace(_PLAIN, packages=("a",) * 65), "ci: packages: at most 64, not 65"),
        (replace(_PLAIN, imported=True, projects=("first",)), "ci: an imported token has one project"),
    ],
)
async def test_a_set_that_reaches_nowhere_is_refused(registry: Registry, entry: TokenEntry, said: str) -> None:
    body = TokenSet("guest", (replace(entry, id="0" * 16, digest="0" * 64),))
    assert said in await _refusal(registry, f"{sync.SETS_PATH}/uid-of-guest", body)


@pytest.mark.parametrize(
    ("grants", "said"),
    [
        ((_grant(_READ),) * 257, "access: at most 256, not 257"),
        ((replace(_grant(_READ), namespaces=("a",) * 1001),), "access shared: namespaces: at most 1000, not 1001"),
        ((_grant(_READ, projects=("a/b",)),), "access shared: projects: "),
    ],
)
async def test_rules_that_grant_nothing_real_are_refused(
    registry: Registry, grants: tuple[Grant, ...], said: str
) -> None:
    assert said in await _refusal(registry, sync.RULES_PATH, Rules(access=grants))
