"""Who may what, as one table: visibility, credential, request, and the status of the answer.

The statuses are GitLab's wherever the design does not decide otherwise. It does so where a credential is sent that
cannot be verified (401 on public projects too), and where a scope is missing for what everybody may do (403).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.contract.tokens import Scope, TokenType, mint
from registry_service.domain.catalog import Visibility
from registry_service.use_cases.minting import TokenRequest
from tests.outcomes import issue_4
from tests.support import packages

if TYPE_CHECKING:
    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_TABLES = {
    Visibility.PRIVATE: """
                                    root  page  file  metadata  list  group  upload  delete  yank  status
    nobody                          401   401   401   401       401   401    401     401     401   401
    wrong token                     401   401   401   401       401   401    401     401     401   401
    expired personal                401   401   401   401       401   401    401     401     401   401
    revoked personal                401   401   401   401       401   401    401     401     401   401
    suspended personal              401   401   401   401       401   401    401     401     401   401
    personal api                    200   200   200   200       200   200    201     204     204   204
    personal read_api               200   200   200   200       200   200    403     403     403   403
    personal read                   200   200   200   200       200   200    403     403     403   403
    personal write                  403   403   403   403       403   403    201     403     403   403
    deploy read                     200   200   200   200       200   200    403     403     403   403
    deploy write                    403   403   403   403       403   403    201     403     403   403
    deploy read,write               200   200   200   200       200   200    201     403     403   403
    job                             200   200   200   200       200   200    201     403     403   403
    job with another user name      401   401   401   401       401   401    401     401     401   401
    other project's personal api    404   404   404   404       404   404    404     404     404   404
    other project's deploy read     404   404   404   404       404   404    404     404     404   404
    other project's deploy write    404   404   404   404       404   403    404     404     404   404
    other project's job             404   404   404   404       404   404    404     404     404   404
    """,
    Visibility.INTERNAL: """
                                    root  page  file  metadata  list  group  upload  delete  yank  status
    nobody                          401   401   401   401       401   401    401     401     401   401
    wrong token                     401   401   401   401       401   401    401     401     401   401
    expired personal                401   401   401   401       401   401    401     401     401   401
    revoked personal                401   401   401   401       401   401    401     401     401   401
    suspended personal              401   401   401   401       401   401    401     401     401   401
    personal api                    200   200   200   200       200   200    201     204     204   204
    personal read_api               200   200   200   200       200   200    403     403     403   403
    personal read                   200   200   200   200       200   200    403     403     403   403
    personal write                  403   403   403   403       403   403    201     403     403   403
    deploy read                     200   200   200   200       200   200    403     403     403   403
    deploy write                    403   403   403   403       403   403    201     403     403   403
    deploy read,write               200   200   200   200       200   200    201     403     403   403
    job                             200   200   200   200       200   200    201     403     403   403
    job with another user name      401   401   401   401       401   401    401     401     401   401
    other project's personal api    200   200   200   200       200   200    403     403     403   403
    other project's deploy read     200   200   200   200       200   200    403     403     403   403
    other project's deploy write    403   403   403   403       403   403    403     403     403   403
    other project's job             200   200   200   200       200   200    403     403     403   403
    """,
    Visibility.PUBLIC: """
                                    root  page  file  metadata  list  group  upload  delete  yank  status
    nobody                          200   200   200   200       200   401    401     401     401   401
    wrong token                     401   401   401   401       401   401    401     401     401   401
    expired personal                401   401   401   401       401   401    401     401     401   401
    revoked personal                401   401   401   401       401   401    401     401     401   401
    suspended personal              401   401   401   401       401   401    401     401     401   401
    personal api                    200   200   200   200       200   200    201     204     204   204
    personal read_api               200   200   200   200       200   200    403     403     403   403
    personal read                   200   200   200   200       200   200    403     403     403   403
    personal write                  403   403   403   403       403   403    201     403     403   403
    deploy read                     200   200   200   200       200   200    403     403     403   403
    deploy write                    403   403   403   403       403   403    201     403     403   403
    deploy read,write               200   200   200   200       200   200    201     403     403   403
    job                             200   200   200   200       200   200    201     403     403   403
    job with another user name      401   401   401   401       401   401    401     401     401   401
    other project's personal api    200   200   200   200       200   200    403     403     403   403
    other project's deploy read     200   200   200   200       200   200    403     403     403   403
    other project's deploy write    403   403   403   403       403   403    403     403     403   403
    other project's job             200   200   200   200       200   200    403     403     403   403
    """,
}
_MESSAGES = {401: "401 Unauthorized", 403: "403 Forbidden", 404: "404 Project Not Found"}
_SCOPES = {
    "api": Scope.API,
    "read_api": Scope.READ_API,
    "read": Scope.READ_PACKAGE_REGISTRY,
    "write": Scope.WRITE_PACKAGE_REGISTRY,
}
_USERNAMES = {TokenType.PERSONAL: "__token__", TokenType.DEPLOY: "deployer", TokenType.JOB: "gitlab-ci-token"}
_STATES = frozenset(("expired", "revoked", "suspended"))
_FIRST = packages.wheel("1.0")
_JSON = "application/vnd.pypi.simple.v1+json"
_COLUMNS, _UPLOAD, _DELETE = 10, 6, 7


@dataclass(frozen=True)
class _Asked:
    """A registry with a project `asked`, of the visibility in question, and a private project `other`."""

    registry: Registry

    async def row(self, who: str, number: int) -> list[str]:
        """The statuses of every request by one asker; what may be deleted was published for that alone."""
        auth = await self._credential(who)
        await self.publish(packages.sdist(f"2.{number}"), await self.owner())
        victim = await self._number_of(f"2.{number}")
        http, base = self.registry.http, "/api/v4/projects/asked/packages"
        file = f"{base}/pypi/files/{_FIRST.sha256}/{_FIRST.filename}"
        simple = f"{base}/pypi/simple/"
        read = [await http.get(url, auth=auth) for url in (simple, f"{simple}mypypipackage/", file, f"{file}.metadata")]
        listed = await http.get(base, auth=auth)
        group = await http.get("/api/v4/groups/registry/-/packages/pypi/simple/mypypipackage/", auth=auth)
        uploaded = await self.publish(packages.wheel(f"3.{number}"), auth)
        deleted = await http.delete(f"{base}/{victim}", auth=auth)
        ours = "/api/v1/projects/asked/packages/mypypipackage"
        yanked = await http.put(f"{ours}/1.0/yank", auth=auth)
        marked = await http.put(f"{ours}/status", json={"status": "deprecated"}, auth=auth)
        return [_status(answer) for answer in (*read, listed, group, uploaded, deleted, yanked, marked)]

    async def filenames(self) -> set[str]:
        """What the project holds in the end."""
        url, owner = "/api/v4/projects/asked/packages/pypi/simple/mypypipackage/", await self.owner()
        page = await self.registry.http.get(url, params={"format": _JSON}, auth=owner)
        return {file["filename"] for file in page.json()["files"]}

    async def owner(self) -> httpx2.Auth:
        return httpx2.BasicAuth("__token__", await self.registry.token("asked"))

    async def publish(self, file: packages.Distribution, auth: httpx2.Auth) -> httpx2.Response:
        form = {"name": packages.EXAMPLE, "version": _version(file)}
        content = {"content": (file.filename, file.content)}
        return await self.registry.http.post(
            "/api/v4/projects/asked/packages/pypi", data=form, files=content, auth=auth
        )

    async def _number_of(self, version: str) -> int:
        """The number of a release, which GitLab calls a package's id."""
        query = {"package_version": version}
        url = "/api/v4/projects/asked/packages"
        listed = await self.registry.http.get(url, params=query, auth=await self.owner())
        number: int = listed.json()[0]["id"]
        return number

    async def _credential(self, who: str) -> httpx2.Auth:
        if who == "nobody":
            return httpx2.Auth()
        if who == "wrong token":
            return httpx2.BasicAuth("__token__", mint(TokenType.PERSONAL, secrets.token_bytes))
        words = who.removeprefix("other project's ").removesuffix(" with another user name").split()
        state = words.pop(0) if words[0] in _STATES else "live"
        kind = TokenType(words[0].title())
        scopes = tuple(_SCOPES[name] for name in words[1].split(",")) if len(words) > 1 else ()
        lifetime = timedelta(seconds=-1) if state == "expired" else None
        project = "other" if who.startswith("other") else "asked"
        minting = self.registry.service.minting
        token = await minting.create_token(TokenRequest(project, kind, scopes=scopes, lifetime=lifetime))
        if state == "revoked":
            await minting.revoke_token(token.split("_")[2])
        if state == "suspended":
            await minting.suspend_tokens()
        return httpx2.BasicAuth("somebody" if who.endswith("another user name") else _USERNAMES[kind], token)


@pytest.mark.outcome(issue_4.EDGE_CASES)
@pytest.mark.parametrize("visibility", _TABLES)
async def test_visibility_credential_and_request_decide_the_status(registry: Registry, visibility: Visibility) -> None:
    """6.29, 4.4: the table above is the whole truth, and a refused request changes nothing."""
    for project, seen in (("asked", visibility), ("other", Visibility.PRIVATE)):
        await registry.service.minting.create_project(project, seen)
    asked = _Asked(registry)
    await asked.publish(_FIRST, await asked.owner())
    expected = _read(_TABLES[visibility])
    observed = {who: await asked.row(who, number) for number, who in enumerate(expected)}
    assert observed == expected
    kept = {_FIRST.filename}
    for number, row in enumerate(expected.values()):
        kept |= {packages.wheel(f"3.{number}").filename} if row[_UPLOAD] == "201" else set()
        kept |= {packages.sdist(f"2.{number}").filename} if row[_DELETE] != "204" else set()
    assert await asked.filenames() == kept


def _read(table: str) -> dict[str, list[str]]:
    """The rows of a table by what stands before the first status."""
    rows = {}
    for line in table.strip().splitlines()[1:]:
        words = line.split()
        rows[" ".join(words[:-_COLUMNS])] = words[-_COLUMNS:]
    return rows


def _version(file: packages.Distribution) -> str:
    return file.filename.removesuffix(".tar.gz").split("-")[1]


def _status(answer: httpx2.Response) -> str:
    """The status of an answer that says in its body what GitLab's says, and challenges nobody but strangers."""
    # In a group a package that is not the reader's to see is one that does not exist.
    in_group = answer.status_code == 404 and "/groups/" in answer.request.url.path
    message = "404 Package Not Found" if in_group else _MESSAGES.get(answer.status_code)
    if message is not None:
        assert answer.json() == {"message": message}
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    return str(answer.status_code)
