"""The audit trail: who did what, when, from where, to which file."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """What is recorded."""

    PUBLISH = "publish"
    YANK = "yank"
    UNYANK = "unyank"
    DELETE = "delete"
    MARK_PROJECT = "mark-project"
    MARK_PACKAGE = "mark-package"
    CREATE_PROJECT = "create-project"
    SHOW_PROJECT = "show-project"
    REBIND_PROJECT = "rebind-project"
    CREATE_TOKEN = "create-token"  # noqa: S105 - an action, not a secret
    REVOKE_TOKEN = "revoke-token"  # noqa: S105 - as above
    SUSPEND_TOKENS = "suspend-tokens"
    REPLACE_TOKENS = "replace-tokens"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted. A token by its public id, kind and name; the operator and commands have neither id nor kind.

    `address` is where the request came from, as far as trusted proxies tell.
    """

    name: str
    token_id: str = ""
    token_type: str = ""
    address: str = ""


COMMAND = Actor("registry-service")
OPERATOR = Actor("registry-operator")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail. `details` says what the other fields have no place for: a reason, a status."""

    action: Action
    actor: Actor
    package: str = ""
    version: str = ""
    filename: str = ""
    sha256: str = ""
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it was recorded. Numbers grow with time; within a project they leave gaps."""

    number: int
    at: datetime
    entry: Entry
