"""The command line, each command as a process of its own: exit codes, and what goes to standard output.

What a person does with a running registry is in `tests/conformance/test_standalone.py`, what `migrate` says of a
database or a store that cannot be used in `tests/conformance/test_outage.py`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import environment
from registry_service.contract.tokens import parse
from tests.cluster.commands import CommandFailedError
from tests.support import service
from tests.support.service import Program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from registry_service.storage.s3_client import S3Settings
    from tests.support.service import Standalone

REFUSED = 1
WRONG_COMMAND_LINE = 2


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Standalone:
    """A registry that was served once and is no longer."""
    with service.standalone(tmp_path_factory.mktemp("registry"), "--project", "demo") as running:
        return running


@pytest.fixture
def variables(empty_database: str, bucket: S3Settings, tmp_path: Path) -> dict[str, str]:
    """A migration Job's environment."""
    told = service.pod_environment(empty_database, bucket, tmp_path)
    identity = {environment.NAMESPACE_UID: "uid-1", environment.NAMESPACE: "team-a", environment.NAME: "main"}
    return {**told, **identity, environment.TERMINATION_MESSAGE: str(tmp_path / "termination-log")}


def on(registry: Standalone, *words: str) -> str:
    """Run a command on the registry's folder; what it printed on standard output."""
    return registry.program.run(*words, "--data", str(registry.data))


def refuses(program: Program, words: Sequence[str], code: int) -> str:
    """Run a command that must end with `code`; what it printed."""
    with pytest.raises(CommandFailedError, match=f"ended with {code}:") as caught:
        program.run(*words)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def test_a_wrong_command_line_ends_with_2(tmp_path: Path) -> None:
    said = refuses(Program(tmp_path, {}), ["serve", "--port", "65536"], WRONG_COMMAND_LINE)
    assert "usage: registry-service serve" in said


def test_a_missing_setting_is_named(tmp_path: Path, variables: dict[str, str]) -> None:
    password = variables.pop(environment.S3_SECRET_KEY)
    said = refuses(Program(tmp_path, variables), ["serve"], REFUSED)
    assert f"registry-service: not set: {environment.S3_SECRET_KEY}" in said
    assert password not in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("project", "create", "demo"), "there is a project 'demo' already"),
        (("project", "status", "nowhere", "quarantined"), "Project not found"),
        (("project", "status", "demo", "archived", "--package", "never-held"), "Package not found"),
        (("project", "status", "demo", "archived", "--reason", "two\nlines"), "A reason is one line of at most"),
        (("token", "create", "--project", "nowhere", "--type", "personal"), "Project not found"),
        (("token", "revoke", "0000000000000000"), "Token not found"),
        (("serve", "--host", "no-such-host.invalid"), "cannot listen on no-such-host.invalid port 8080: "),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_done_ends_with_1_and_says_why(registry: Standalone, words: Sequence[str], message: str) -> None:
    said = refuses(registry.program, [*words, "--data", str(registry.data)], REFUSED)
    assert f"registry-service: {message}" in said


@pytest.mark.parametrize("words", [("project", "create", "x"), ("migrate",)], ids=" ".join)
def test_a_misspelt_folder_is_named_and_stays_empty(tmp_path: Path, words: Sequence[str]) -> None:
    said = refuses(Program(tmp_path, {}), [*words, "--data", "misspelt"], REFUSED)
    assert "misspelt holds no registry" in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file cannot be used" in refuses(Program(tmp_path, {}), ["serve", "--data", "file"], REFUSED)


def test_migrate_and_preflight_on_one_machine_have_nothing_to_say(registry: Standalone) -> None:
    assert on(registry, "migrate") == ""
    assert on(registry, "preflight") == ""


def test_project_create_says_the_numeric_id(registry: Standalone) -> None:
    said = on(registry, "project", "create", "made-by-command")
    assert re.fullmatch(r"project made-by-command has the numeric id \d+\n", said)


def test_project_status_says_what_it_did(registry: Standalone) -> None:
    assert (
        on(registry, "project", "status", "demo", "deprecated", "--reason", "moved") == "project demo is deprecated\n"
    )
    assert on(registry, "project", "status", "demo", "active") == "project demo is active\n"


@pytest.mark.parametrize(
    ("kind", "options", "shown"),
    [
        ("personal", (), "Personal  __token__  api  active  never"),
        (
            "deploy",
            ("--username", "reader", "--scope", "read_package_registry"),
            "Deploy  reader  read_package_registry",
        ),
        ("job", ("--expires-in", "3600"), "Job  gitlab-ci-token  -  active  20"),
    ],
    ids=["personal", "deploy", "job"],
)
def test_token_create_prints_the_token_alone_and_token_list_never_does(
    registry: Standalone, kind: str, options: Sequence[str], shown: str
) -> None:
    printed = on(registry, "token", "create", "--project", "demo", "--type", kind, *options)
    parsed = parse(printed.removesuffix("\n"))
    assert parsed is not None, printed
    listed = on(registry, "token", "list", "--project", "demo")
    assert f"{parsed.id}  demo  {shown}" in listed
    assert printed.split("_")[3].strip() not in listed
    assert "pyr_" not in listed


def test_token_revoke_and_suspend_all(registry: Standalone) -> None:
    words = ("token", "create", "--project", "demo", "--type", "personal")
    first, second = (on(registry, *words).split("_")[2] for _ in range(2))
    assert on(registry, "token", "revoke", first) == f"token {first} is revoked\n"
    on(registry, "token", "suspend", "--all")
    states = {line.split()[0]: line.split()[5] for line in on(registry, "token", "list").splitlines()}
    assert states.pop(first) == "revoked"
    assert states[second] == "suspended"
    assert "active" not in states.values()


def test_tokens_are_revoked_in_mass_by_project_and_time(registry: Standalone) -> None:
    on(registry, "project", "create", "leaked")
    words = ("token", "create", "--project", "leaked", "--type", "deploy")
    for _ in range(2):
        on(registry, *words)
    none = ["token", "revoke", "--project", "leaked", "--created-before", "2026-01-31T12:00:00+00:00"]
    assert "Token not found" in refuses(registry.program, [*none, "--data", str(registry.data)], REFUSED)
    assert on(registry, "token", "revoke", "--project", "leaked") == "revoked tokens: 2\n"


def termination(variables: Mapping[str, str], folder: Path) -> dict[str, str | None]:
    """What `migrate` left for the operator."""
    left: dict[str, str | None] = json.loads((folder / "termination-log").read_text())
    assert variables[environment.S3_SECRET_KEY] not in str(left)
    return left


def test_migrate_leaves_whose_data_it_is_and_refuses_another_claimant(
    tmp_path: Path, variables: dict[str, str], migrated_database: str
) -> None:
    program = Program(tmp_path, variables)
    program.run("preflight")
    assert not (tmp_path / "termination-log").exists()
    program.run("migrate")
    first = termination(variables, tmp_path)
    assert first["reason"] == "Migrated"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first["registryID"] or "")
    program.run("migrate")
    assert termination(variables, tmp_path) == first
    other = {**variables, environment.NAMESPACE_UID: "uid-2", environment.NAMESPACE: "team-b"}
    refuses(Program(tmp_path, other), ["migrate"], REFUSED)
    left = termination(variables, tmp_path)
    assert left["reason"] == "DatabaseInUse"
    assert f"spec.takeover: {first['registryID']}" in (left["message"] or "")
    refuses(Program(tmp_path, {**other, environment.DATABASE_URL: migrated_database}), ["migrate"], REFUSED)
    left = termination(variables, tmp_path)
    assert left["reason"] == "BucketInUse"
    assert f"spec.takeover: {first['registryID']}" in (left["message"] or "")
    Program(tmp_path, {**other, environment.TAKEOVER: first["registryID"] or ""}).run("migrate")
    assert termination(variables, tmp_path)["registryID"] == first["registryID"]


def test_a_volume_is_claimed_as_a_bucket_is(tmp_path: Path, variables: dict[str, str], migrated_database: str) -> None:
    told = {name: value for name, value in variables.items() if not name.startswith("REGISTRY_S3_")}
    told[environment.BLOBS_DIRECTORY] = str(tmp_path / "volume" / "blobs")
    Program(tmp_path, told).run("migrate")
    first = termination(variables, tmp_path)["registryID"]
    other = {**told, environment.DATABASE_URL: migrated_database}
    refuses(Program(tmp_path, other), ["migrate"], REFUSED)
    left = termination(variables, tmp_path)
    assert left["reason"] == "BucketInUse"
    assert left["message"] == (
        f"the blob store holds the data of registry {first}; to take it over set spec.takeover: {first}"
    )
    Program(tmp_path, {**other, environment.TAKEOVER: first or ""}).run("migrate")
    Program(tmp_path, other).run("migrate")
    second = termination(variables, tmp_path)["registryID"]
    assert [mark.name for mark in (tmp_path / "volume" / "blobs" / ".claim").iterdir()] == [second]
    assert second != first


def test_a_volume_that_cannot_be_written_is_told(tmp_path: Path, variables: dict[str, str]) -> None:
    told = {name: value for name, value in variables.items() if not name.startswith("REGISTRY_S3_")}
    (tmp_path / "volume").write_text("not a folder")
    refuses(Program(tmp_path, {**told, environment.BLOBS_DIRECTORY: str(tmp_path / "volume")}), ["migrate"], REFUSED)
    left = termination(variables, tmp_path)
    assert left["reason"] == "StorageUnreachable"
    assert "the folder of blobs cannot be used" in (left["message"] or "")
