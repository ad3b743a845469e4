"""Backup and restore, from each pair of adapters and into each: all of a registry comes back, or nothing does."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import pytest

from registry_service.api.application import public_application
from registry_service.composition import compose
from registry_service.contract.sync import NEVER_WRITTEN
from registry_service.contract.tokens import parse
from registry_service.errors import BlobMissingError, RefusedError
from registry_service.settings import read_settings
from tests.contract.conftest import Registry
from tests.support import packages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.anyio

WHEEL, SDIST, NEXT = packages.wheel("1.0"), packages.sdist("1.0"), packages.wheel("2.0")
GONE = packages.wheel("0.9")
_API = "/api/v1/projects/demo"


@dataclass(frozen=True)
class Alone:
    """An empty registry on one machine beside the one under test."""

    folder: Path
    migrated: Path

    @asynccontextmanager
    async def open(self, *projects: str) -> AsyncIterator[Registry]:
        self.folder.mkdir(exist_ok=True)
        if not (self.folder / "registry.db").exists():
            shutil.copy(self.migrated, self.folder / "registry.db")
        service = compose(read_settings({}, self.folder))
        await service.founding.migrate()
        await service.minting.ensure_projects(projects)
        transport = httpx2.ASGITransport(app=public_application(service))
        async with service.archives, httpx2.AsyncClient(transport=transport, base_url="http://alone.example") as http:
            yield Registry(service, http, http)
        await service.database.close()


@pytest.fixture
def alone(tmp_path: Path, migrated_file: Path) -> Alone:
    return Alone(tmp_path / "alone", migrated_file)


async def filled(registry: Registry) -> str:
    """Everything that a backup must carry; returns a token of the project."""
    token = await registry.token()
    for file in (GONE, WHEEL, SDIST):
        assert (await registry.publish(file, token)).status_code == 201
    listed = (await registry.http.get("/api/v4/projects/demo/packages", auth=("a", token))).json()
    gone = next(entry["id"] for entry in listed if entry["version"] == "0.9")
    assert (await registry.http.delete(f"/api/v4/projects/demo/packages/{gone}", auth=("a", token))).is_success
    yanked = f"{_API}/packages/mypypipackage/1.0/files/{SDIST.filename}/yank"
    assert (await registry.http.put(yanked, json={"reason": "broken"}, auth=("a", token))).is_success
    status = {"status": "deprecated", "reason": "use another"}
    assert (await registry.http.put(f"{_API}/packages/mypypipackage/status", json=status, auth=("a", token))).is_success
    return token


async def backup(registry: Registry) -> bytes:
    out = io.BytesIO()
    await registry.service.backing_up.write(out)
    return out.getvalue()


async def restore(registry: Registry, content: bytes) -> None:
    await registry.service.restoring.read(io.BytesIO(content))


async def told(registry: Registry, token: str) -> tuple[object, ...]:
    """What readers see of the package: page, files, metadata, releases."""
    page = (await registry.page(token)).json()
    page["meta"].pop("_last-serial", None)
    contents = [(await registry.http.get(file["url"], auth=("a", token))).content for file in page["files"]]
    metadata = await registry.http.get(page["files"][-1]["url"] + ".metadata", auth=("a", token))
    releases = (await registry.http.get("/api/v4/projects/demo/packages", auth=("a", token))).json()
    return page, contents, metadata.content, [(entry["id"], entry["version"]) for entry in releases]


async def audited(registry: Registry, token: str) -> list[str]:
    text = (await registry.http.get(f"{_API}/audit", auth=("a", token))).text
    return [json.loads(line)["action"] for line in text.splitlines()]


async def test_all_that_readers_see_comes_back_in_a_registry_of_any_kind(registry: Registry, alone: Alone) -> None:
    token = await filled(registry)
    before = await told(registry, token)
    content = await backup(registry)
    async with alone.open() as other:
        await restore(other, content)
        fresh = await other.token()
        assert await told(other, fresh) == before
        assert (await other.publish(NEXT, fresh)).status_code == 201
        refused = await other.publish(packages.wheel("0.9", extra="Keywords: other bytes\n"), fresh)
        assert "has since been deleted" in refused.json()["message"]
        # The trail goes on after what it says of the former registry.
        lines = await audited(other, fresh)
        assert [line for line in lines if "token" not in line][:5] == ["create-project", *["publish"] * 3, "delete"]
        assert lines[-3:] == ["restore", "create-token", "publish"]


async def test_a_backup_goes_into_a_registry_whose_projects_were_made_again(registry: Registry, alone: Alone) -> None:
    async with alone.open("another", "demo") as other:
        before = await told(other, await filled(other))
        content = await backup(other)
    await restore(registry, content)
    token = await registry.token()
    assert await told(registry, token) == before
    # Numbers go on after the restored ones, and pages are read anew.
    assert (await registry.publish(NEXT, token)).status_code == 201
    assert NEXT.filename in await registry.filenames(packages.EXAMPLE, token)
    other_token = await registry.token("another")
    assert (await registry.publish(WHEEL, other_token, project="another")).status_code == 201


async def test_a_backup_does_not_say_who_may_read_a_namespaces_project(registry: Registry, alone: Alone) -> None:
    sets, uid, body = registry.service.token_sync, "7e2f0f4e-0000-4000-8000-000000000001", b'{"namespace":"team-a"}'
    await sets.put_rules(b'{"visibility":"Public"}', NEVER_WRITTEN)
    await sets.put_set(uid, body, NEVER_WRITTEN)
    url = "/api/v4/projects/team-a/packages/pypi/simple/"
    assert (await registry.http.get(url)).status_code == 200
    content = await backup(registry)
    async with alone.open() as other:
        await other.service.token_sync.put_set(uid, body, NEVER_WRITTEN)
        await restore(other, content)
        assert (await other.http.get(url)).status_code == 401


async def test_no_token_comes_back_and_a_revoked_one_stays_dead(registry: Registry, alone: Alone) -> None:
    live, revoked = await registry.token(), await registry.token()
    parsed = parse(revoked)
    assert parsed is not None
    await registry.service.minting.revoke_token(parsed.id)
    content = await backup(registry)
    for secret in (live, revoked):
        assert secret.split("_")[3].encode() not in content
    async with alone.open() as other:
        await restore(other, content)
        for token in (live, revoked):
            assert (await other.page(token)).status_code == 401
        states = {row.id: row.state for row in await other.service.minting.list_tokens(None)}
        assert states == {parsed.id: "revoked"}


async def test_a_registry_that_holds_packages_is_left_alone(registry: Registry, alone: Alone) -> None:
    token = await filled(registry)
    content = await backup(registry)
    before = await told(registry, token)
    with pytest.raises(RefusedError, match="holds packages"):
        await restore(registry, content)
    assert await told(registry, token) == before


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_end(content: bytes) -> bytes:
    return content[: content.index(b"end.json")] + bytes(1024)


def altered_file(content: bytes) -> bytes:
    place = content.index(WHEEL.content) + len(WHEEL.content) // 2
    return content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :]


def lost_file(content: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as read, tarfile.open(fileobj=made, mode="w") as written:
        for entry in read:
            if WHEEL.sha256 not in entry.name:
                written.addfile(entry, read.extractfile(entry))
    return made.getvalue()


def older(content: bytes) -> bytes:
    """The same from a version that had not some of the columns yet."""
    made, later = io.BytesIO(), {"sha1", "attestations", "projects", "packages", "last_used_at"}
    with tarfile.open(fileobj=io.BytesIO(content)) as read, tarfile.open(fileobj=made, mode="w") as written:
        for entry in read:
            file = read.extractfile(entry)
            assert file is not None
            kept = file.read()
            if entry.name.startswith("rows/"):
                rows = [
                    {key: value for key, value in json.loads(line).items() if key not in later}
                    for line in kept.splitlines()
                ]
                kept = "".join(json.dumps(row) + "\n" for row in rows).encode()
            entry.size = len(kept)
            written.addfile(entry, io.BytesIO(kept))
    return made.getvalue()


async def test_a_backup_of_an_older_version_is_restored(registry: Registry, alone: Alone) -> None:
    token, revoked = await filled(registry), await registry.token()
    await registry.service.minting.revoke_token(revoked.split("_")[2])
    (page, files, *_), content = await told(registry, token), await backup(registry)
    async with alone.open() as other:
        await restore(other, older(content))
        assert (await told(other, await other.token()))[:2] == (page, files)


def newer(content: bytes) -> bytes:
    return content.replace(b'"format": 1', b'"format": 2')


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "cut off|damaged"),
        (without_end, "cut off"),
        (altered_file, "has not the SHA-256"),
        (lost_file, "but not its file"),
        (newer, "has the format 2"),
        (lambda _: b"", "damaged"),
        (lambda _: b"no archive" * 1000, "no backup"),
    ],
)
async def test_of_a_damaged_backup_nothing_is_restored(
    registry: Registry, alone: Alone, damage: Callable[[bytes], bytes], said: str
) -> None:
    await filled(registry)
    content = await backup(registry)
    async with alone.open("demo") as other:
        with pytest.raises(RefusedError, match=said):
            await restore(other, damage(content))
        token = await other.token()
        assert (await other.page(token)).status_code == 404
        await restore(other, content)
        assert len(await other.filenames(packages.EXAMPLE, token)) == 2


async def test_a_backup_says_which_file_the_store_has_lost(registry: Registry) -> None:
    await registry.publish(WHEEL, await registry.token())
    with tarfile.open(fileobj=io.BytesIO(await backup(registry))) as tar:
        entries = tar.getnames()
    lost = next(name.removeprefix("blobs/") for name in entries if WHEEL.sha256 in name)
    await registry.service.downloading.store.delete(lost)
    with pytest.raises(BlobMissingError, match=lost):
        await backup(registry)
