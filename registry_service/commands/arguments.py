"""What can be said on the command line (design section 5)."""

import argparse
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from registry_service.contract.environment import METRICS_PORT, PUBLIC_PORT
from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.access import package_pattern_problem
from registry_service.domain.catalog import Visibility
from registry_service.domain.status import Status

# A century: what is longer is a slip, and soon past what a date can be.
LONGEST_SECONDS: Final = 100 * 366 * 24 * 3600
# The resource's rule, so that what a command makes could be a RegistryToken too.
USERNAME: Final = re.compile(r"(?!gitlab-ci-token$)[A-Za-z0-9][A-Za-z0-9._+-]{0,62}")


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; what is wrong with it ends the program with a message."""
    parser = argparse.ArgumentParser(prog="registry-service", description="A private Python package registry.")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_serve(commands)
    for name, text in (
        ("migrate", "claim database and store, bring the schema up to date"),
        ("preflight", "check that database and store can be used"),
        ("backup", "write every row and file to standard output, as a tar archive; the service goes on meanwhile"),
        ("restore", "read a backup from standard input into a registry that holds no package"),
    ):
        _add_data(commands.add_parser(name, help=text, description=text))
    _add_project(commands)
    _add_token(commands)
    parsed = parser.parse_args(arguments)
    if getattr(parsed, "action", None) == "revoke":
        _require_choice(parser, parsed)
    if getattr(parsed, "username", None) is not None and parsed.type != TokenType.DEPLOY.lower():
        parser.error("--username belongs to type deploy; the other types' usernames are fixed")
    return parsed


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of a registry on one machine; else the environment counts"
    )


def _add_serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("serve", help="serve the registry")
    _add_data(parser)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_number(0, 65535), default=PUBLIC_PORT, help="0 takes any free one")
    parser.add_argument("--metrics-port", type=_number(0, 65535), default=METRICS_PORT)
    parser.add_argument("--project", action="append", metavar="NAME", help="create this project if it is not there")


def _add_project(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = commands.add_parser("project", help="manage projects").add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="create a project")
    create.add_argument("name")
    create.add_argument("--visibility", type=Visibility, choices=list(Visibility), default=Visibility.PRIVATE)
    status = actions.add_parser("status", help="mark a project or package; no token lifts a quarantine made so")
    status.add_argument("name")
    status.add_argument("status", type=Status, choices=list(Status))
    status.add_argument("--package", help="this one alone, in any spelling")
    status.add_argument("--reason", default="", help="one line that is shown to people")
    for parser in (create, status):
        _add_data(parser)


def _add_token(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = commands.add_parser("token", help="manage tokens").add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a token and print it; nothing else is printed")
    create.add_argument("--project", required=True)
    create.add_argument("--type", required=True, choices=[kind.lower() for kind in TokenType])
    create.add_argument("--username", type=_username, help="of a deploy token")
    create.add_argument("--scope", action="append", type=Scope, choices=list(Scope), default=[])
    create.add_argument(
        "--package",
        action="append",
        type=_pattern,
        default=[],
        metavar="PATTERN",
        help="publish, yank and delete these only, as in team-a-*; may be repeated",
    )
    create.add_argument("--expires-in", type=_number(1, LONGEST_SECONDS), metavar="SECONDS")
    show = actions.add_parser("list", help="list tokens")
    show.add_argument("--project")
    revoke = actions.add_parser("revoke", help="revoke a token for good, or all of a project or of a time")
    revoke.add_argument("token_id", nargs="?")
    revoke.add_argument("--project", help="every token of this project")
    revoke.add_argument("--created-before", type=_time, metavar="TIME", help="as in 2026-01-31T12:00:00+00:00")
    suspend = actions.add_parser("suspend", help="refuse tokens until their sets are sent again")
    suspend.add_argument("--all", action="store_true", required=True)
    for parser in (create, show, revoke, suspend):
        _add_data(parser)


def _number(smallest: int, largest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > len(str(largest)) or not smallest <= int(text) <= largest:
            raise argparse.ArgumentTypeError(f"must be a number from {smallest} to {largest}, not {text!r}")
        return int(text)

    return read


def _require_choice(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    in_mass = parsed.project is not None or parsed.created_before is not None
    if in_mass == (parsed.token_id is not None):
        parser.error("give a token id, or --project or --created-before or both")


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"must be a time with its zone, as in 2026-01-31T12:00:00+00:00, not {text!r}")
    return moment


def _pattern(text: str) -> str:
    problem = package_pattern_problem(text)
    if problem is not None:
        raise argparse.ArgumentTypeError(problem)
    return text


def _username(text: str) -> str:
    if not USERNAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"must be at most 63 letters, digits and . _ + -, not {text!r}")
    return text
