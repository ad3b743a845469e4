"""Who may what (design section 5, "Who may what"): one decision, asked by every route."""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from registry_service.contract.sync import Grant, GrantedPermission
from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.catalog import Project, Visibility


class Permission(StrEnum):
    """What a request wants to do in a project."""

    READ = "read"
    PUBLISH = "publish"
    CURATE = "curate"


class Decision(Enum):
    """The answer to a request, before anything else is looked at."""

    ALLOWED = "allowed"
    UNAUTHENTICATED = "unauthenticated"
    HIDDEN = "hidden"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: a verified token and the project that it belongs to, by number and path.

    `projects` are the paths of others that it asks for, as far as the rules grant them; `packages` are patterns of
    normalized names outside of which it changes nothing: none means every package.
    """

    token_id: str
    name: str
    type: TokenType
    project_id: int
    scopes: frozenset[Scope] = frozenset()
    project: str = ""
    projects: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupReader:
    """Who reads the group: a token, and the paths of the projects that it is granted to read, by precedence."""

    principal: Principal
    granted: tuple[str, ...] = ()


_READING: Final = frozenset({Permission.READ})
_PERMISSIONS: Final = {
    Scope.API: frozenset(Permission),
    Scope.READ_API: _READING,
    Scope.READ_PACKAGE_REGISTRY: _READING,
    Scope.WRITE_PACKAGE_REGISTRY: frozenset({Permission.PUBLISH}),
}
# A job token takes no scopes: it reads and publishes in its own project (GitLab 13.4, "by using CI/CD").
_JOB_PERMISSIONS: Final = frozenset({Permission.READ, Permission.PUBLISH})
_GRANTED: Final = {GrantedPermission.READ: Permission.READ, GrantedPermission.PUBLISH: Permission.PUBLISH}
_PATTERN: Final = re.compile(r"[a-z0-9*]([a-z0-9*-]{0,126}[a-z0-9*-])?")
_NOTHING: Final[frozenset[Permission]] = frozenset()


def allows(
    principal: Principal | None, permission: Permission, project: Project | None, grants: tuple[Grant, ...] = ()
) -> Decision:
    """Decide what `principal` (None: nobody) may do in `project` (None: there is no such project).

    `grants` are those of the rules in force. Nobody learns whether a private project exists: without a credential
    the answer is UNAUTHENTICATED, with another project's credential HIDDEN, exactly as if it did not.
    """
    if principal is None:
        public = project is not None and project.visibility is Visibility.PUBLIC and permission is Permission.READ
        return Decision.ALLOWED if public else Decision.UNAUTHENTICATED
    reached = _NOTHING if project is None else _reached(principal, project, grants)
    if not reached:
        return Decision.HIDDEN
    return Decision.ALLOWED if permission in permissions(principal) & reached else Decision.FORBIDDEN


def permissions(principal: Principal) -> frozenset[Permission]:
    """Everything that the token's kind and scopes permit in its own project."""
    if principal.type is TokenType.JOB:
        return _JOB_PERMISSIONS
    return frozenset().union(*(_PERMISSIONS[scope] for scope in principal.scopes))


def granted(principal: Principal, path: str, grants: tuple[Grant, ...]) -> frozenset[Permission]:
    """What the registry's owner grants in a project to a token that asks for it. Curating is never granted."""
    if path not in principal.projects:
        return _NOTHING
    meant = (grant for grant in grants if principal.project in grant.namespaces and path in grant.projects)
    return frozenset(_GRANTED[permission] for grant in meant for permission in grant.permissions)


def granted_to_read(principal: Principal, grants: tuple[Grant, ...]) -> tuple[str, ...]:
    """The projects that are granted to a token to read, in the order of the grants that name them first."""
    named = dict.fromkeys(path for grant in grants if principal.project in grant.namespaces for path in grant.projects)
    return tuple(path for path in named if Permission.READ in granted(principal, path, grants))


def package_pattern_problem(pattern: str) -> str | None:
    """Say why a text is no pattern of normalized names (PEP 503), or None when it is one."""
    if _PATTERN.fullmatch(pattern):
        return None
    return f"a pattern is a normalized name with * for any characters, as in team-a-*, not {pattern!r}"


def may_change(principal: Principal, name: str) -> bool:
    """Whether a token's patterns include a package, by its normalized name. `*` stands for any characters."""
    return not principal.packages or any(_matches(pattern, name) for pattern in principal.packages)


def _reached(principal: Principal, project: Project, grants: tuple[Grant, ...]) -> frozenset[Permission]:
    if principal.project_id == project.id:
        return frozenset(Permission)
    visible = _NOTHING if project.visibility is Visibility.PRIVATE else _READING
    return visible | granted(principal, project.path, grants)


def _matches(pattern: str, name: str) -> bool:
    # By hand, since the time that a regular expression with many stars takes grows beyond bounds.
    first, *rest = pattern.split("*")
    if not rest:
        return name == first
    *middle, last = rest
    if not name.startswith(first) or not name[len(first) :].endswith(last):
        return False
    inner = name[len(first) : len(name) - len(last)]
    for part in middle:
        _, found, inner = inner.partition(part) if part else ("", "*", inner)
        if not found:
            return False
    return True
