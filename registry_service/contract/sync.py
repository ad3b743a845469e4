"""Bodies of the sync port (design section 4, "Syncing"): digests, names and rules, never a token.

    GET      /sync/v1/sets                  pages of SetSummary (`SetPage`), `?after=<namespaceUID>`
    GET, PUT /sync/v1/sets/{namespaceUID}   one namespace's TokenSet; PUT with If-Match, answered by SetReply
    GET, PUT /sync/v1/rules                 what holds for the whole registry; PUT answered by RulesState

An ETag is random and new after each accepted PUT; never written is `"0"`. A digest is the SHA-256 (hex) of
the body as it was received: stored, never computed again. Refusals carry a `Refusal`.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry_service.contract.tokens import Scope, TokenType

SETS_PATH: Final = "/sync/v1/sets"
RULES_PATH: Final = "/sync/v1/rules"
NEVER_WRITTEN: Final = '"0"'
MAX_TOKENS: Final = 1000
# Of one token.
MAX_PROJECTS: Final = 64
MAX_PACKAGES: Final = 64
# Of the rules, and of one grant.
MAX_GRANTS: Final = 256
MAX_GRANTED: Final = 1000
PAGE_SIZE: Final = 500
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
DEFAULT_MAX_UPLOAD_SIZE: Final = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """One live credential. `not_after` is seconds since the epoch; `name` is its RegistryToken's.

    `projects` are paths that it reaches besides its own project, as far as the rules grant them to that project's
    namespace; `packages` are patterns of normalized names, outside of which it cannot publish, yank or delete
    (`domain.access`): none means every package.
    """

    id: str
    digest: str
    name: str
    type: TokenType
    scopes: tuple[Scope, ...] = ()
    username: str | None = None
    not_after: int | None = None
    imported: bool = False
    projects: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenSet:
    """Every credential of one namespace: it replaces what earlier sets wrote."""

    namespace: str
    tokens: tuple[TokenEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SetReply:
    """What became of a set. A token id in `revoked` is a tombstone that no set revives."""

    project_id: int
    project: str
    revoked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetSummary:
    """What the registry holds for one namespace."""

    namespace: str
    namespace_uid: str
    digest: str
    etag: str
    revoked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetPage:
    """Up to PAGE_SIZE summaries in the order of their namespace UIDs; `next` is the `after` of the following page."""

    sets: tuple[SetSummary, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where names go that no project of the registry ever held: `{url}/{name}/`."""

    url: str
    reserved_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """The registry owner's word that a project now belongs to the namespace with this UID."""

    namespace: str
    uid: str


class GrantedPermission(StrEnum):
    """What a registry's owner may grant between namespaces."""

    READ = "Read"
    PUBLISH = "Publish"


@dataclass(frozen=True, slots=True)
class Grant:
    """The registry owner's word that tokens of these namespaces may do this in these projects, if they ask for them."""

    name: str
    namespaces: tuple[str, ...]
    projects: tuple[str, ...]
    permissions: tuple[GrantedPermission, ...]


class ProjectVisibility(StrEnum):
    """Who besides its own tokens may read a project: nobody, every verified token of the registry, everybody."""

    PRIVATE = "Private"
    INTERNAL = "Internal"
    PUBLIC = "Public"


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What holds for the project at `path` in place of the rules' own. `quota` in bytes; None means no end."""

    path: str
    visibility: ProjectVisibility = ProjectVisibility.PRIVATE
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the whole registry. Sizes in bytes. `access` is in the order of precedence.

    `visibility` is that of every namespace's project that `projects` does not name, `quota` how many bytes the files
    of each such project may have together.

    `strict_filenames` refuses every spelling of a file name but the standard's; `reuse_deleted_filenames` lets a
    deleted file's name be published again; `read_only` refuses every change of packages, for a backup or a move.
    """

    max_upload_size: int = DEFAULT_MAX_UPLOAD_SIZE
    upstream: Upstream | None = None
    bindings: tuple[Binding, ...] = ()
    strict_filenames: bool = False
    reuse_deleted_filenames: bool = False
    access: tuple[Grant, ...] = ()
    visibility: ProjectVisibility = ProjectVisibility.PRIVATE
    quota: int | None = None
    projects: tuple[ProjectSettings, ...] = ()
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class RulesState:
    """The rules that the registry obeys, by the digest of the body that brought them; None before the first."""

    etag: str
    digest: str | None = None


class RefusalReason(StrEnum):
    """Why the sync port refused a body."""

    UNKNOWN_FIELD = "UnknownField"
    INVALID_BODY = "InvalidBody"
    TOO_MANY_TOKENS = "TooManyTokens"
    PROJECT_OWNED_BY_FORMER_NAMESPACE = "ProjectOwnedByFormerNamespace"
    ETAG_MISMATCH = "ETagMismatch"
    UNAUTHORIZED = "Unauthorized"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused request: a reason to act on and a message for people."""

    reason: RefusalReason
    message: str


def body_digest(body: bytes) -> str:
    """SHA-256 of a body as sent, in hex."""
    return hashlib.sha256(body).hexdigest()
