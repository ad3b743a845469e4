"""The command line as it is read: what is wrong with it is said before anything is opened, with exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_service.commands.arguments import LONGEST_SECONDS, parse
from registry_service.contract.tokens import Scope
from registry_service.domain.catalog import Visibility
from registry_service.domain.status import Status

_PERSONAL = ("token", "create", "--project", "demo", "--type", "personal")
_DEPLOY = ("token", "create", "--project", "demo", "--type", "deploy")


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ((), "command"),
        (("publish",), "invalid choice"),
        (("project",), "action"),
        (("project", "create"), "name"),
        (("project", "create", "x", "--visibility", "secret"), "--visibility"),
        (("project", "status", "x"), "status"),
        (("project", "status", "x", "gone"), "status: invalid Status value: 'gone'"),
        (("token", "create", "--project", "demo"), "--type"),
        (("token", "create", "--type", "personal"), "--project"),
        (("token", "create", "--project", "demo", "--type", "root"), "--type"),
        ((*_PERSONAL, "--scope", "admin"), "--scope"),
        ((*_PERSONAL, "--expires-in", "0"), "--expires-in: must be a number from 1"),
        ((*_PERSONAL, "--expires-in", "99999999999999"), "--expires-in: must be a number from 1"),
        ((*_PERSONAL, "--expires-in", "1h"), "--expires-in: must be a number from 1"),
        ((*_PERSONAL, "--username", "ci"), "--username belongs to type deploy"),
        ((*_DEPLOY, "--username", "a\nb"), "--username: must be"),
        ((*_DEPLOY, "--username", "a:b"), "--username: must be"),
        ((*_DEPLOY, "--username", "gitlab-ci-token"), "--username: must be"),
        ((*_DEPLOY, "--username", 64 * "a"), "--username: must be"),
        (("token", "revoke"), "give a token id, or --project or --created-before"),
        (("token", "revoke", "x", "--project", "demo"), "give a token id, or --project or --created-before"),
        (("token", "revoke", "--created-before", "yesterday"), "--created-before: must be a time with its zone"),
        (("token", "revoke", "--created-before", "2026-01-31T12:00:00"), "--created-before: must be a time with its"),
        (("token", "suspend"), "--all"),
        (("serve", "--port", "65536"), "--port: must be a number from 0 to 65535"),
        (("serve", "--port", "http"), "--port: must be a number from 0 to 65535"),
        (("serve", "--metrics-port", "-1"), "--metrics-port"),
    ],
    ids=lambda value: repr(value) if isinstance(value, str) else " ".join(value),
)
def test_what_is_wrong_is_named(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], wrong: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(list(words))
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("usage: registry-service")
    assert wrong in said.err.split("error: ")[1]


def test_serve_has_defaults_for_all() -> None:
    parsed = parse(["serve"])
    assert (parsed.data, parsed.host, parsed.port, parsed.metrics_port) == (None, "127.0.0.1", 8080, 9090)
    assert parsed.project is None


def test_serve_takes_several_projects_and_any_free_port() -> None:
    parsed = parse(["serve", "--data", "./data", "--port", "0", "--project", "a", "--project", "b"])
    assert (parsed.data, parsed.port, parsed.project) == (Path("data"), 0, ["a", "b"])


def test_a_project_is_private_unless_said_otherwise() -> None:
    assert parse(["project", "create", "x"]).visibility is Visibility.PRIVATE
    assert parse(["project", "create", "x", "--visibility", "public"]).visibility is Visibility.PUBLIC


def test_project_status_means_the_whole_project_unless_said_otherwise() -> None:
    parsed = parse(["project", "status", "x", "quarantined"])
    assert (parsed.name, parsed.status, parsed.package, parsed.reason) == ("x", Status.QUARANTINED, None, "")
    parsed = parse(["project", "status", "x", "active", "--package", "Y", "--reason", "two words"])
    assert (parsed.status, parsed.package, parsed.reason) == (Status.ACTIVE, "Y", "two words")


def test_token_create() -> None:
    words = ["--username", "ci+reader.1", "--scope", "api", "--scope", "read_api", "--expires-in", str(LONGEST_SECONDS)]
    parsed = parse([*_DEPLOY, *words])
    assert (parsed.username, parsed.scope) == ("ci+reader.1", [Scope.API, Scope.READ_API])
    assert parsed.expires_in == LONGEST_SECONDS
    assert parse(list(_PERSONAL)).expires_in is None
