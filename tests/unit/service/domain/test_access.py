"""The whole decision table: visibility x whose token x scope x permission."""

import itertools
from dataclasses import replace

import pytest

from registry_service.contract.sync import Grant, GrantedPermission
from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.access import (
    Decision,
    GroupReader,
    Permission,
    Principal,
    allows,
    granted_to_read,
    may_change,
    package_pattern_problem,
    permissions,
)
from registry_service.domain.catalog import Project, Visibility
from tests.outcomes import issue_5

pytestmark = pytest.mark.outcome(issue_5.COVERED)

_OWN, _OTHER = 2, 3
# Numbers are compared for being equal, and for nothing else.
_STRANGERS = (1, 3)


def _token(project_id: int, *scopes: Scope, kind: TokenType = TokenType.PERSONAL) -> Principal:
    return Principal(
        token_id="t", name="t", type=kind, project_id=project_id, scopes=frozenset(scopes), project="guest"
    )


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


_READ, _PUBLISH = GrantedPermission.READ, GrantedPermission.PUBLISH
_SHARED = Project(_OTHER, "shared", Visibility.PRIVATE)


def _grant(*permissions: GrantedPermission, namespace: str = "guest", project: str = "shared") -> Grant:
    return Grant("a", ("x", namespace), ("y", project), permissions)


@pytest.mark.parametrize(
    ("granted", "may"),
    [
        ((_READ,), {Permission.READ}),
        ((_PUBLISH,), {Permission.PUBLISH}),
        ((_READ, _PUBLISH), {Permission.READ, Permission.PUBLISH}),
    ],
)
def test_a_granted_project_is_reached_as_far_as_grant_and_scopes_both_go(
    granted: tuple[GrantedPermission, ...], may: set[Permission]
) -> None:
    asking = replace(_token(_OWN, Scope.API), projects=("shared",))
    reader = replace(asking, scopes=frozenset({Scope.READ_API}))
    for permission in Permission:
        wanted = Decision.ALLOWED if permission in may else Decision.FORBIDDEN
        assert allows(asking, permission, _SHARED, (_grant(*granted),)) is wanted
        narrowed = wanted if permission is Permission.READ else Decision.FORBIDDEN
        assert allows(reader, permission, _SHARED, (_grant(*granted),)) is narrowed


def test_grants_of_several_lines_add_up() -> None:
    asking = replace(_token(_OWN, Scope.API), projects=("shared",))
    for permission in (Permission.READ, Permission.PUBLISH):
        assert allows(asking, permission, _SHARED, (_grant(_READ), _grant(_PUBLISH))) is Decision.ALLOWED


@pytest.mark.parametrize(
    ("projects", "grant"),
    [
        ((), _grant(_READ)),
        (("another",), _grant(_READ)),
        (("shared",), _grant(_READ, namespace="another")),
        (("shared",), _grant(_READ, project="another")),
        (("shared",), None),
    ],
)
def test_what_is_not_both_granted_and_asked_for_stays_hidden(projects: tuple[str, ...], grant: Grant | None) -> None:
    asking = replace(_token(_OWN, Scope.API), projects=projects)
    grants = () if grant is None else (grant,)
    assert allows(asking, Permission.READ, _SHARED, grants) is Decision.HIDDEN
    assert granted_to_read(asking, grants) == ()


def test_a_grant_adds_to_what_every_token_may_read() -> None:
    project = Project(_OTHER, "shared", Visibility.INTERNAL)
    asking = replace(_token(_OWN, Scope.API), projects=("shared",))
    assert allows(asking, Permission.READ, project, (_grant(_PUBLISH),)) is Decision.ALLOWED
    assert allows(asking, Permission.PUBLISH, project, (_grant(_PUBLISH),)) is Decision.ALLOWED
    assert allows(asking, Permission.READ, project, (_grant(_READ),)) is Decision.ALLOWED


def test_a_reader_of_the_group_is_a_token_and_what_it_is_granted() -> None:
    assert GroupReader(_token(_OWN)) == GroupReader(principal=_token(_OWN), granted=())


def test_projects_to_read_are_in_the_order_of_the_grants() -> None:
    asking = replace(_token(_OWN, Scope.API), projects=("a", "b", "c", "d"))
    grants = (
        Grant("1", ("guest",), ("c", "a"), (_READ,)),
        Grant("2", ("guest",), ("b",), (_PUBLISH,)),
        Grant("3", ("guest",), ("a", "z", "d"), (_READ,)),
        Grant("4", ("another",), ("b",), (_READ,)),
    )
    assert granted_to_read(asking, grants) == ("c", "a", "d")


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("team-a", "team-a", True),
        ("team-a", "team-ab", False),
        ("team-a-*", "team-a-x", True),
        ("team-a-*", "team-a-", True),
        ("team-a-*", "team-b-x", False),
        ("*-plugin", "my-plugin", True),
        ("*-plugin", "my-plugins", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("a*b*b*c", "a-b-c", False),
        ("a*b*b", "a-b", False),
        ("a*b*bb", "a-b-bb", True),
        ("a*a*a", "aa", False),
        ("a**c", "a-b-c", True),
        ("*", "anything", True),
    ],
)
def test_a_pattern_includes_names(pattern: str, name: str, fits: bool) -> None:
    assert package_pattern_problem(pattern) is None
    name = "".join(list(name))  # equal to what the pattern holds, and another object
    assert may_change(replace(_token(_OWN), packages=(pattern,)), name) is fits
    assert may_change(replace(_token(_OWN), packages=("none-such", pattern)), name) is fits


def test_without_patterns_every_package_may_change() -> None:
    assert may_change(_token(_OWN), "anything")


@pytest.mark.parametrize("text", ["", "Team", "a_b", "a.b", "[a]", "a?", "-a", "a" * 129, "a b"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    problem = package_pattern_problem(text)
    assert problem is not None
    assert repr(text) in problem
