"""Which namespaces may have a project, and what a token that may not is told."""

from dataclasses import replace

import pytest

from registry_operator.planning import syncing
from registry_operator.planning.acceptance import Acceptance, accepted, admits, registry_ready, ungranted
from registry_operator.planning.observed import ObservedNamespace
from registry_operator.resources.conditions import MAX_MESSAGE, Condition, ConditionType, Status
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import PyPIRegistry
from registry_operator.resources.token import RegistryToken
from registry_service.contract.sync import Refusal, RefusalReason
from tests.unit.operator.planning.bodies import INGRESS, INSTALLATION, SPACE, Spec, registry, token

OTHER = ObservedNamespace("team-b", "n-2", {"packages": "shared", "tier": "two"})


def selecting(selector: Spec) -> PyPIRegistry:
    return registry({"projects": {"from": "Selector", "selector": selector}})


def requirement(key: str, operator: str, *values: str) -> Spec:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "admitted"),
    [
        ({"matchLabels": {"packages": "shared"}}, True),
        ({"matchLabels": {"packages": "shared", "tier": "one"}}, False),
        ({"matchLabels": {"unknown": "x"}}, False),
        (requirement("tier", "In", "one", "two"), True),
        (requirement("tier", "In", "one"), False),
        (requirement("unknown", "In", "one"), False),
        (requirement("tier", "NotIn", "one"), True),
        (requirement("tier", "NotIn", "two"), False),
        (requirement("unknown", "NotIn", "one"), True),
        (requirement("tier", "Exists"), True),
        (requirement("unknown", "Exists"), False),
        (requirement("unknown", "DoesNotExist"), True),
        (requirement("tier", "DoesNotExist"), False),
    ],
)
def test_a_selector_means_what_kubernetes_means(selector: Spec, admitted: bool) -> None:
    assert admits(selecting(selector), OTHER) is admitted


def test_its_own_namespace_is_always_admitted_and_others_by_selector_only() -> None:
    assert admits(registry(), SPACE)
    assert not admits(registry(), OTHER)
    assert admits(selecting({"matchLabels": {"never": "met"}}), SPACE)


def test_all_are_admitted_where_all_may() -> None:
    assert admits(registry({"projects": {"from": "All"}}), OTHER)


def judged(wanted: RegistryToken, of: PyPIRegistry | None, space: ObservedNamespace = SPACE) -> Condition:
    return accepted(wanted, of, Acceptance(space, "n-1", INSTALLATION))


@pytest.mark.parametrize(
    ("wanted", "of", "space", "reason"),
    [
        (token(), None, SPACE, Reason.REGISTRY_NOT_FOUND),
        (token(), registry(deletionTimestamp="x"), SPACE, Reason.REGISTRY_NOT_FOUND),
        (token(deletionTimestamp="x"), registry(), SPACE, Reason.TERMINATING),
        (token(), registry(), replace(SPACE, terminating=True), Reason.TERMINATING),
        (token(), registry(), ObservedNamespace("123", "n-3"), Reason.NAMESPACE_NAME_IS_NUMERIC),
        (token(namespace="team-b"), registry(), OTHER, Reason.NAMESPACE_NOT_ALLOWED),
        (token(status={"registryNamespaceUID": "n-0"}), registry(), SPACE, Reason.REGISTRY_NAMESPACE_REPLACED),
        (token({"endpoint": "External"}), registry(), SPACE, Reason.REGISTRY_NOT_EXPOSED),
    ],
)
def test_the_first_obstacle_is_the_reason(
    wanted: RegistryToken, of: PyPIRegistry | None, space: ObservedNamespace, reason: Reason
) -> None:
    condition = judged(wanted, of, space)
    assert (condition.status, condition.reason) == (Status.FALSE, reason)
    assert condition.message


def test_a_registry_out_of_the_operators_sight_is_told_from_one_that_is_not_there() -> None:
    here = replace(INSTALLATION, watched=(SPACE.name,))
    assert (here.watches(SPACE.name), here.watches("team-b"), INSTALLATION.watches("team-b")) == (True, False, True)
    far = token({"registryRef": {"name": "demo", "namespace": "team-b"}})
    condition = accepted(far, None, Acceptance(SPACE, None, here))
    assert (condition.status, condition.reason) == (Status.FALSE, Reason.NAMESPACE_NOT_WATCHED)
    assert "watchNamespaces" in condition.message
    assert accepted(token(), registry(), Acceptance(SPACE, "n-1", here)).status == Status.TRUE


@pytest.mark.parametrize(
    ("wanted", "of", "space"),
    [
        (token(), registry(), SPACE),
        (token(status={"registryNamespaceUID": "n-1"}), registry(), SPACE),
        (token({"endpoint": "External"}), registry(INGRESS), SPACE),
        (token({"endpoint": "Internal"}), registry(), SPACE),
        (token(namespace="team-b"), selecting({"matchLabels": {"packages": "shared"}}), OTHER),
    ],
)
def test_else_it_is_accepted(wanted: RegistryToken, of: PyPIRegistry, space: ObservedNamespace) -> None:
    assert judged(wanted, of, space).is_true


SHARED = {"name": "shared", "namespaces": ["team-a", "team-b"], "projects": ["lib"], "permissions": ["Read"]}
OTHERS = {"name": "others", "namespaces": ["team-c"], "projects": ["secret"], "permissions": ["Read", "Publish"]}
GRANTING = registry({"access": [SHARED, OTHERS]})


@pytest.mark.parametrize(
    ("projects", "missing"),
    [
        ([], ()),
        (["team-a"], ()),
        (["lib", "team-a"], ()),
        (["secret", "lib"], ("secret",)),
        (["x", "b"], ("b", "x")),
    ],
)
def test_a_project_that_is_not_granted_is_named_and_stops_nothing(
    projects: list[str], missing: tuple[str, ...]
) -> None:
    wanted = token({"projects": projects})
    assert ungranted(wanted, GRANTING) == missing
    condition = judged(wanted, GRANTING)
    assert condition.is_true
    assert condition.reason == (Reason.PROJECTS_NOT_GRANTED if missing else Reason.SUCCEEDED)
    assert all(project in condition.message for project in missing)
    assert ("adds a grant for namespace team-a" in condition.message) is bool(missing)


def test_a_message_with_many_projects_still_says_what_to_do() -> None:
    condition = judged(token({"projects": [f"{number:02}-{'x' * 60}" for number in range(64)]}), registry())
    assert "and 59 more" in condition.message
    assert condition.message.endswith("spec.projects.")
    assert len(condition.message) <= MAX_MESSAGE


@pytest.mark.parametrize(
    ("available", "ready"),
    [
        (None, False),
        (("False", "WaitingForInputs"), False),
        (("False", "ScaledToZero"), False),
        (("False", "RulesNotAcknowledged"), True),
        (("False", "RollingOut"), True),
        (("True", "Succeeded"), True),
    ],
)
def test_a_registry_that_cannot_answer_is_not_asked(available: tuple[str, str] | None, ready: bool) -> None:
    conditions = [{"type": "Ready", "status": "False", "reason": "BucketNotFound", "message": ""}]
    if available is not None:
        conditions.append({"type": "Available", "status": available[0], "reason": available[1], "message": ""})
    condition = registry_ready(registry(status={"conditions": conditions}))
    assert (condition is None) is ready
    if condition is not None:
        assert (condition.type, condition.reason) == (ConditionType.SYNCED, Reason.REGISTRY_NOT_READY)
        assert "BucketNotFound" in condition.message


def test_a_registry_without_any_condition_is_not_ready() -> None:
    assert registry_ready(registry()) is not None


@pytest.mark.parametrize(
    ("refusal", "reason", "words"),
    [
        (RefusalReason.UNKNOWN_FIELD, Reason.REGISTRY_TOO_OLD, "newer spec.image"),
        (RefusalReason.INVALID_BODY, Reason.REGISTRY_REFUSED, "they said"),
        (RefusalReason.TOO_MANY_TOKENS, Reason.TOO_MANY_TOKENS, "they said"),
        (RefusalReason.INVALID_BODY, Reason.REGISTRY_REFUSED, "spec.image"),
        (RefusalReason.TOO_MANY_TOKENS, Reason.TOO_MANY_TOKENS, "Delete RegistryTokens"),
        (RefusalReason.UNAUTHORIZED, Reason.REGISTRY_REFUSED, "restart the registry's Deployment"),
        (
            RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE,
            Reason.PROJECT_OWNED_BY_FORMER_NAMESPACE,
            "spec.projects.bindings: - {namespace: team-b, uid: n-2}",
        ),
    ],
)
def test_a_refusal_says_what_to_do(refusal: RefusalReason, reason: Reason, words: str) -> None:
    condition = syncing.refused(Refusal(refusal, "they said"), OTHER)
    assert (condition.type, condition.status, condition.reason) == (ConditionType.SYNCED, Status.FALSE, reason)
    assert words in condition.message


def test_every_refusal_has_a_reason() -> None:
    assert all(syncing.refused(Refusal(reason, ""), OTHER).reason for reason in RefusalReason)


def test_other_words_about_syncing() -> None:
    assert syncing.synced().is_true
    assert syncing.unreachable("no route").reason == Reason.REGISTRY_UNREACHABLE
    assert "no route" in syncing.unreachable("no route").message
    assert syncing.too_many().reason == Reason.TOO_MANY_TOKENS
    endless = "x" * 2000
    old = syncing.too_old(Refusal(RefusalReason.UNKNOWN_FIELD, endless))
    assert (old.reason, len(old.message) <= MAX_MESSAGE) == (Reason.REGISTRY_TOO_OLD, True)
    assert "Set a newer spec.image" in old.message
    unsent = syncing.unsent("ci", endless)
    assert (unsent.reason, len(unsent.message) <= MAX_MESSAGE) == (Reason.INVALID_SPEC, True)
    assert "RegistryToken ci" in unsent.message
