"""The whole decision table: visibility x whose token x scope x permission."""

import itertools

import pytest

from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.access import Decision, Permission, Principal, allows, permissions
from registry_service.domain.catalog import Project, Visibility

_OWN, _OTHER = 2, 3
# Numbers are compared for being equal, and for nothing else.
_STRANGERS = (1, 3)


def _token(project_id: int, *scopes: Scope, kind: TokenType = TokenType.PERSONAL) -> Principal:
    return Principal(token_id="t", name="t", type=kind, project_id=project_id, scopes=frozenset(scopes))


@pytest.mark.parametrize("permission", list(Permission))
@pytest.mark.parametrize("visibility", [None, *Visibility])
def test_nobody_reads_what_is_public_and_learns_nothing_else(
    permission: Permission, visibility: Visibility | None
) -> None:
    project = None if visibility is None else Project(_OWN, "p", visibility)
    public = visibility is Visibility.PUBLIC and permission is Permission.READ
    assert allows(None, permission, project) is (Decision.ALLOWED if public else Decision.UNAUTHENTICATED)


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        ((), set()),
        ((Scope.API,), {Permission.READ, Permission.PUBLISH, Permission.CURATE}),
        ((Scope.READ_API,), {Permission.READ}),
        ((Scope.READ_PACKAGE_REGISTRY,), {Permission.READ}),
        ((Scope.WRITE_PACKAGE_REGISTRY,), {Permission.PUBLISH}),
        ((Scope.READ_API, Scope.WRITE_PACKAGE_REGISTRY), {Permission.READ, Permission.PUBLISH}),
    ],
)
@pytest.mark.parametrize("kind", [TokenType.PERSONAL, TokenType.DEPLOY])
def test_scopes_decide_in_the_own_project(scopes: tuple[Scope, ...], may: set[Permission], kind: TokenType) -> None:
    principal = _token(_OWN, *scopes, kind=kind)
    assert permissions(principal) == may
    for permission, visibility in itertools.product(Permission, Visibility):
        wanted = Decision.ALLOWED if permission in may else Decision.FORBIDDEN
        assert allows(principal, permission, Project(_OWN, "p", visibility)) is wanted


@pytest.mark.parametrize("own", _STRANGERS)
@pytest.mark.parametrize("permission", list(Permission))
def test_a_foreign_private_project_looks_like_none(permission: Permission, own: int) -> None:
    stranger = _token(own, Scope.API)
    assert allows(stranger, permission, Project(_OWN, "p", Visibility.PRIVATE)) is Decision.HIDDEN
    assert allows(stranger, permission, None) is Decision.HIDDEN


@pytest.mark.parametrize("own", _STRANGERS)
@pytest.mark.parametrize("visibility", [Visibility.INTERNAL, Visibility.PUBLIC])
def test_a_foreign_visible_project_is_read_and_never_published_to(visibility: Visibility, own: int) -> None:
    project = Project(_OWN, "p", visibility)
    assert allows(_token(own, Scope.READ_API), Permission.READ, project) is Decision.ALLOWED
    assert allows(_token(own, Scope.WRITE_PACKAGE_REGISTRY), Permission.READ, project) is Decision.FORBIDDEN
    assert allows(_token(own, Scope.API), Permission.PUBLISH, project) is Decision.FORBIDDEN


def test_a_job_token_reads_and_publishes_in_its_own_project_without_scopes() -> None:
    job = _token(_OWN, kind=TokenType.JOB)
    own = Project(_OWN, "p", Visibility.PRIVATE)
    decisions = [allows(job, permission, own) for permission in (Permission.READ, Permission.PUBLISH)]
    assert decisions == [Decision.ALLOWED, Decision.ALLOWED]
    assert allows(job, Permission.CURATE, own) is Decision.FORBIDDEN
