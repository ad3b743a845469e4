"""Whether a RegistryToken may have its project in the registry that it names."""

from dataclasses import dataclass
from typing import Final

from registry_operator.planning import addresses
from registry_operator.planning.installation import Installation
from registry_operator.planning.observed import ObservedNamespace
from registry_operator.resources.conditions import Condition, ConditionType, fails, find, holds
from registry_operator.resources.reasons import Reason
from registry_operator.resources.registry import (
    LabelSelector,
    ProjectsFrom,
    PyPIRegistry,
    SelectorOperator,
    SelectorRequirement,
)
from registry_operator.resources.token import RegistryToken

# Of the projects that a message names; all of them would leave no room for what to do.
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the decision depends on besides the two resources: the token's namespace, the UID of the registry's."""

    namespace: ObservedNamespace
    registry_namespace_uid: str | None
    installation: Installation


def admits(registry: PyPIRegistry, namespace: ObservedNamespace) -> bool:
    """Whether the registry's `projects` allow the namespace; its own always may."""
    projects = registry.spec.projects
    if namespace.name == registry.metadata.namespace:
        return True
    if projects.from_ is ProjectsFrom.SELECTOR:
        return _selects(projects.selector, namespace)
    return projects.from_ is ProjectsFrom.ALL


def accepted(token: RegistryToken, registry: PyPIRegistry | None, acceptance: Acceptance) -> Condition:
    """The condition Accepted: the first obstacle, or True."""
    obstacle = _own_obstacle(token, acceptance.namespace) or _unwatched(token, acceptance.installation)
    if obstacle is None and (registry is None or registry.metadata.terminating):
        message = f"There is no PyPIRegistry {_reference(token)}. Check spec.registryRef."
        obstacle = fails(ConditionType.ACCEPTED, Reason.REGISTRY_NOT_FOUND, message)
    if obstacle is None and registry is not None:
        obstacle = _registry_obstacle(token, registry, acceptance)
    return obstacle or _admitted(token, registry)


def ungranted(token: RegistryToken, registry: PyPIRegistry) -> tuple[str, ...]:
    """The projects that the token asks for and that the registry's `access` does not grant to its namespace at all."""
    grants = [grant for grant in registry.spec.access if token.metadata.namespace in grant.namespaces]
    granted = {project for grant in grants for project in grant.projects}
    return tuple(project for project in token.other_projects if project not in granted)


def registry_ready(registry: PyPIRegistry) -> Condition | None:
    """Synced=False while the registry's sync port cannot be expected to answer, else None."""
    available = find(registry.status.conditions, ConditionType.AVAILABLE)
    if available is not None and available.reason not in (Reason.WAITING_FOR_INPUTS, Reason.SCALED_TO_ZERO):
        return None
    ready = find(registry.status.conditions, ConditionType.READY)
    detail = "" if ready is None else f": {ready.reason}"
    message = f"PyPIRegistry {registry.metadata.namespace}/{registry.metadata.name} does not serve yet{detail}."
    return fails(ConditionType.SYNCED, Reason.REGISTRY_NOT_READY, message)


def _admitted(token: RegistryToken, registry: PyPIRegistry | None) -> Condition:
    """Accepted=True; what is not granted stops nothing that is, so it is said and no more."""
    admission = f"PyPIRegistry {_reference(token)} admits this namespace"
    missing = () if registry is None else ungranted(token, registry)
    if not missing:
        return holds(ConditionType.ACCEPTED, f"{admission}.")
    message = (
        f"{admission}, but its spec.access does not grant it {_listed(missing)}: the credential does not reach what "
        f"is not granted. The registry's owner adds a grant for namespace {token.metadata.namespace}; or remove it "
        "from spec.projects."
    )
    return holds(ConditionType.ACCEPTED, message, Reason.PROJECTS_NOT_GRANTED)


def _listed(projects: tuple[str, ...]) -> str:
    shown = ", ".join(projects[:_SHOWN])
    return f"{shown} and {len(projects) - _SHOWN} more" if len(projects) > _SHOWN else shown


def _own_obstacle(token: RegistryToken, namespace: ObservedNamespace) -> Condition | None:
    if token.metadata.terminating or namespace.terminating:
        message = "The RegistryToken or its namespace is being deleted."
        return fails(ConditionType.ACCEPTED, Reason.TERMINATING, message)
    if namespace.name.isdigit():
        message = "A namespace of digits only gets no project: in URLs digits are a project's number. Use another one."
        return fails(ConditionType.ACCEPTED, Reason.NAMESPACE_NAME_IS_NUMERIC, message)
    return None


def _unwatched(token: RegistryToken, installation: Installation) -> Condition | None:
    if installation.watches(token.registry_namespace):
        return None
    message = (
        f"The operator does not watch namespace {token.registry_namespace}. Name a registry of another namespace, or "
        "have whoever installed the operator add this one to its chart's watchNamespaces."
    )
    return fails(ConditionType.ACCEPTED, Reason.NAMESPACE_NOT_WATCHED, message)


def _registry_obstacle(token: RegistryToken, registry: PyPIRegistry, acceptance: Acceptance) -> Condition | None:
    if not admits(registry, acceptance.namespace):
        return _not_allowed(token, acceptance.namespace)
    if token.status.registry_namespace_uid not in (None, acceptance.registry_namespace_uid):
        return _replaced(token)
    exposed = find(registry.status.conditions, ConditionType.EXPOSED)
    if exposed is not None and exposed.reason == Reason.HOSTNAME_CONFLICT:
        # The host leads to somebody else's registry: no client may be told to send its credential there.
        return fails(ConditionType.ACCEPTED, Reason.REGISTRY_NOT_EXPOSED, exposed.message)
    if addresses.client_url(token, registry, acceptance.installation) is None:
        message = "spec.endpoint is External and the registry has no external address. Expose it, or set Internal."
        return fails(ConditionType.ACCEPTED, Reason.REGISTRY_NOT_EXPOSED, message)
    return None


def _not_allowed(token: RegistryToken, namespace: ObservedNamespace) -> Condition:
    message = (
        f"PyPIRegistry {_reference(token)} does not admit namespace {namespace.name}. Its owner sets "
        "spec.projects.from: Selector with a selector that matches this namespace's labels."
    )
    return fails(ConditionType.ACCEPTED, Reason.NAMESPACE_NOT_ALLOWED, message)


def _replaced(token: RegistryToken) -> Condition:
    message = (
        f"Namespace {token.registry_namespace} was deleted and made again since this RegistryToken was accepted. "
        "If you trust its present owner, delete this RegistryToken and apply it again."
    )
    return fails(ConditionType.ACCEPTED, Reason.REGISTRY_NAMESPACE_REPLACED, message)


def _reference(token: RegistryToken) -> str:
    return f"{token.registry_namespace}/{token.spec.registry_ref.name}"


def _selects(selector: LabelSelector, namespace: ObservedNamespace) -> bool:
    by_label = all(namespace.labels.get(key) == value for key, value in selector.match_labels.items())
    return by_label and all(_meets(requirement, namespace) for requirement in selector.match_expressions)


def _meets(requirement: SelectorRequirement, namespace: ObservedNamespace) -> bool:
    value = namespace.labels.get(requirement.key)
    if requirement.operator is SelectorOperator.EXISTS:
        return value is not None
    if requirement.operator is SelectorOperator.DOES_NOT_EXIST:
        return value is None
    inside = value in requirement.values
    # Kubernetes' NotIn is also met by a namespace without the label.
    return inside if requirement.operator is SelectorOperator.IN else not inside
