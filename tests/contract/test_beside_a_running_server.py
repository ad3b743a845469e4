"""What the command line changes beside a running server counts from the next request on, on each database.

The server is a process of its own that has just answered the same request otherwise, so that whatever it keeps in
memory is put to the test.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.contract import environment
from registry_service.storage.s3_client import S3Settings
from tests.support import packages, service
from tests.support.network import own_address
from tests.support.service import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.object_store import ObjectStore
    from tests.support.postgresql import Postgresql

_numbers = itertools.count(1)
_PAGE = "/api/v4/projects/{}/packages/pypi/simple/mypypipackage/"


@dataclass(frozen=True)
class Beside:
    """A running server, and the command line on the same database and store."""

    program: Program
    data: tuple[str, ...]
    http: httpx2.Client

    def command(self, *words: str) -> str:
        """Run a command to its end; what it printed."""
        return self.program.run(*words, *self.data).strip()

    def token(self, project: str, *options: str) -> str:
        return self.command("token", "create", "--project", project, "--type", "personal", *options)

    def publish(self, project: str, token: str, file: packages.Distribution) -> int:
        form = {"name": packages.EXAMPLE, "version": file.filename.split("-")[1]}
        content = {"content": (file.filename, file.content)}
        url = f"/api/v4/projects/{project}/packages/pypi"
        return self.http.post(url, data=form, files=content, auth=("__token__", token)).status_code

    def page(self, project: str, token: str, etag: str = '"none"') -> httpx2.Response:
        headers = {"if-none-match": etag}
        return self.http.get(_PAGE.format(project), headers=headers, auth=("__token__", token))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def beside(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """One server for all tests of an adapter; each makes a project of its own."""
    folder = tmp_path_factory.mktemp("beside")
    if request.param == "sqlite":
        with service.standalone(folder) as running, httpx2.Client(base_url=running.url, timeout=30) as http:
            yield Beside(running.program, ("--data", str(running.data)), http)
        return
    program = _on_postgresql(request, folder)
    program.run("migrate")
    with (
        program.serving(own_address(), probe="/readyz") as server,
        httpx2.Client(base_url=server.url, timeout=30) as http,
    ):
        yield Beside(program, (), http)


def _on_postgresql(request: pytest.FixtureRequest, folder: Path) -> Program:
    """The program as in a pod, on an empty database and a new bucket, without a sync port."""
    postgresql: Postgresql = request.getfixturevalue("postgresql")
    store: ObjectStore = request.getfixturevalue("object_store")
    name = f"beside-{next(_numbers)}"
    bucket = S3Settings(
        endpoint=store.endpoint,
        bucket=name,
        access_key=store.access_key,
        secret_key=store.secret_key,
        bucket_policy="CreateIfMissing",
    )
    variables = service.pod_environment(postgresql.create(name.replace("-", "_")), bucket, folder)
    del variables[environment.SYNC_DIRECTORY]
    return Program(folder, variables)


def test_a_token_lives_from_its_command_to_its_revocation(beside: Beside) -> None:
    beside.command("project", "create", "tokens")
    token, other = beside.token("tokens"), beside.token("tokens")
    wheel = packages.wheel()
    assert beside.publish("tokens", token, wheel) == 201
    page = beside.page("tokens", token)
    file = f"/api/v4/projects/tokens/packages/pypi/files/{wheel.sha256}/{wheel.filename}"
    assert (page.status_code, beside.http.get(file, auth=("a", token)).status_code) == (200, 200)
    assert beside.page("tokens", token, page.headers["etag"]).status_code == 304
    beside.command("token", "revoke", token.split("_")[2])
    assert beside.page("tokens", token, page.headers["etag"]).status_code == 401
    assert beside.http.get(file, auth=("a", token)).status_code == 401
    assert beside.publish("tokens", token, packages.wheel("0.0.2")) == 401
    assert beside.page("tokens", other).status_code == 200
    beside.command("token", "suspend", "--all")
    assert beside.page("tokens", other).status_code == 401


def test_a_project_is_there_when_its_command_has_ended(beside: Beside) -> None:
    beside.command("project", "create", "asking")
    own = beside.token("asking")
    assert beside.page("made", own).status_code == 404
    assert beside.http.get(_PAGE.format("made")).status_code == 401
    beside.command("project", "create", "made", "--visibility", "public")
    assert beside.http.get(_PAGE.format("made")).json() == {"message": "404 Package Not Found"}
    token = beside.token("made")
    assert beside.publish("made", token, packages.wheel()) == 201
    assert beside.http.get(_PAGE.format("made")).status_code == 200
    group = "/api/v4/groups/registry/-/packages/pypi/simple/mypypipackage/"
    assert beside.http.get(group, auth=("a", own)).status_code == 200


def test_a_quarantine_counts_from_its_command_to_the_next(beside: Beside) -> None:
    beside.command("project", "create", "suspect")
    token, wheel = beside.token("suspect"), packages.wheel()
    assert beside.publish("suspect", token, wheel) == 201
    page = beside.page("suspect", token)
    file = f"/api/v4/projects/suspect/packages/pypi/files/{wheel.sha256}/{wheel.filename}"
    for words in (("--package", "mypypipackage"), ()):
        beside.command("project", "status", "suspect", "quarantined", "--reason", "malware", *words)
        assert wheel.filename not in beside.page("suspect", token, page.headers["etag"]).text
        assert beside.http.get(file, auth=("a", token)).status_code == 403
        assert beside.publish("suspect", token, packages.wheel("0.0.2")) == 403
        beside.command("project", "status", "suspect", "active", *words)
        assert wheel.filename in beside.page("suspect", token).text
        assert beside.http.get(file, auth=("a", token)).content == wheel.content


def test_migrating_again_disturbs_nobody(beside: Beside) -> None:
    beside.command("project", "create", "migrated")
    token = beside.token("migrated")
    assert beside.publish("migrated", token, packages.wheel()) == 201
    before = beside.page("migrated", token)
    beside.command("migrate")
    assert beside.page("migrated", token, before.headers["etag"]).status_code == 304
    assert beside.publish("migrated", token, packages.wheel("0.0.2")) == 201
    assert beside.page("migrated", token, before.headers["etag"]).status_code == 200


def test_a_server_that_waits_for_its_schema_is_ready_once_it_is_migrated(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """As in a cluster, where pods may start before the migration's Job has ended."""
    program = _on_postgresql(request, tmp_path)
    with program.serving(own_address(), probe="/healthz") as server:
        probe = f"http://{server.host}:{environment.METRICS_PORT}/readyz"
        assert httpx2.get(probe, timeout=30).status_code == 503
        program.run("migrate")
        program.run("project", "create", "demo", "--visibility", "public")
        assert httpx2.get(probe, timeout=30).status_code == 200
        root = httpx2.get(f"{server.url}/api/v4/projects/demo/packages/pypi/simple/", timeout=30)
        assert root.status_code == 200
