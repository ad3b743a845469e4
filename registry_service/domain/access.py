"""Who may what (design section 5, "Who may what"): one decision, asked by every route."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

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
    """Who is asking: a verified token and the project that it belongs to."""

    token_id: str
    name: str
    type: TokenType
    project_id: int
    scopes: frozenset[Scope] = frozenset()


_READING: Final = frozenset({Permission.READ})
_PERMISSIONS: Final = {
    Scope.API: frozenset(Permission),
    Scope.READ_API: _READING,
    Scope.READ_PACKAGE_REGISTRY: _READING,
    Scope.WRITE_PACKAGE_REGISTRY: frozenset({Permission.PUBLISH}),
}
# A job token takes no scopes: it reads and publishes in its own project (GitLab 13.4, "by using CI/CD").
_JOB_PERMISSIONS: Final = frozenset({Permission.READ, Permission.PUBLISH})


def allows(principal: Principal | None, permission: Permission, project: Project | None) -> Decision:
    """Decide what `principal` (None: nobody) may do in `project` (None: there is no such project).

    Nobody learns whether a private project exists: without a credential the answer is UNAUTHENTICATED, with
    another project's credential HIDDEN, exactly as if it did not.
    """
    if principal is None:
        public = project is not None and project.visibility is Visibility.PUBLIC and permission is Permission.READ
        return Decision.ALLOWED if public else Decision.UNAUTHENTICATED
    if project is None or not _visible(principal, project):
        return Decision.HIDDEN
    own = principal.project_id == project.id
    if permission in permissions(principal) and (own or permission is Permission.READ):
        return Decision.ALLOWED
    return Decision.FORBIDDEN


def permissions(principal: Principal) -> frozenset[Permission]:
    """Everything that the token's kind and scopes permit in its own project."""
    if principal.type is TokenType.JOB:
        return _JOB_PERMISSIONS
    return frozenset().union(*(_PERMISSIONS[scope] for scope in principal.scopes))


def _visible(principal: Principal, project: Project) -> bool:
    return principal.project_id == project.id or project.visibility is not Visibility.PRIVATE
