"""The operator's role grants what its code calls, kind by kind, and nothing besides."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from registry_operator.cluster import kinds

TEMPLATES = Path(__file__).parents[3] / "charts" / "pypi-registry-operator" / "templates"
READ = ["get", "list", "watch"]
WRITE = ["create", "patch", "delete"]
RESOURCES = (kinds.PYPI_REGISTRY, kinds.REGISTRY_TOKEN)
ELSE = {
    kinds.POD: ["list"],
    kinds.PERSISTENT_VOLUME_CLAIM: [*READ, "create", "patch"],
    kinds.NAMESPACE: ["get"],
    kinds.PYPI_REGISTRY: READ,
    kinds.REGISTRY_TOKEN: ["list", "watch"],
    kinds.SECRET: [*READ, "create", "patch"],
    kinds.JOB: [*READ, "create", "delete"],
}
_OBEYED = re.compile(
    r'{{-? (?:if|range|end|define)\b[^}]*}}|{{- include "operator.permissions"[^}]*}}|{{/\*.*?\*/}}', re.DOTALL
)
Rule = dict[str, Any]  # Any: a PolicyRule as it stands in YAML


def rules(name: str) -> list[Rule]:
    """The rules that stand in a template's roles themselves; the names in them that Helm fills in are "…"."""
    documents = as_yaml((TEMPLATES / name).read_text()).split("\n---\n")
    roles = [text[text.index("\nrules:") :] for text in documents if "\nrules:" in text]
    return [rule for text in roles for rule in yaml.safe_load(text)["rules"] or []]


def in_a_namespace() -> list[Rule]:
    """What the operator may do in each namespace that it looks at, as all roles include it."""
    permissions: list[Rule] = yaml.safe_load(as_yaml((TEMPLATES / "_permissions.tpl").read_text()))
    return permissions


def as_yaml(template: str) -> str:
    """A template without what Helm only obeys, and with a sign for what it fills in."""
    return re.sub(r"{{[^}]+}}", "…", _OBEYED.sub("", template))


def granted(permissions: list[Rule]) -> Iterator[tuple[str, str, list[str]]]:
    for rule in permissions:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield group, resource, rule["verbs"]


def needed() -> Iterator[tuple[str, str, list[str]]]:
    for kind in (value for value in vars(kinds).values() if isinstance(value, kinds.Kind) and value != kinds.LEASE):
        group = kind.api_version.rpartition("/")[0]
        yield group, kind.plural, ELSE.get(kind, READ + WRITE)
        if kind in RESOURCES:
            yield group, f"{kind.plural}/status", ["patch"]
            yield group, f"{kind.plural}/finalizers", ["update"]


@pytest.mark.hostile
def test_the_operator_may_do_what_it_does_and_nothing_else() -> None:
    """3.6/133: the role, verb by verb."""
    assert sorted(granted(in_a_namespace())) == sorted(needed())
    assert sorted(granted(rules("clusterrole.yaml"))) == [
        ("", "namespaces", ["list", "watch"]),
        ("apiextensions.k8s.io", "customresourcedefinitions", ["list", "watch"]),  # Kopf's own, to notice our kinds
    ]


@pytest.mark.hostile
def test_chosen_namespaces_take_no_right_beyond_them() -> None:
    """3.6/133: one Role in each, with the permissions that the ClusterRole would give everywhere."""
    text = (TEMPLATES / "roles.yaml").read_text()
    assert (text.count("kind: Role\n"), text.count('include "operator.permissions"'), "Cluster" in text) == (
        2,
        1,
        False,
    )
    assert rules("roles.yaml") == []
    for name in ("clusterrole.yaml", "clusterrolebinding.yaml", "clusterroles-people.yaml"):
        assert (TEMPLATES / name).read_text().startswith("{{- if not .Values.watchNamespaces }}\n")


@pytest.mark.hostile
def test_the_operator_may_change_no_lease_but_its_own() -> None:
    """3.6/133: a Lease that is to be made has no name yet."""
    leases = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    own = {"resourceNames": ["…"], "verbs": ["get", "patch"]}
    assert rules("leading.yaml") == [leases | {"verbs": ["create"]}, leases | own]


@pytest.mark.hostile
@pytest.mark.parametrize("name", ["clusterrole.yaml", "clusterroles-people.yaml", "leading.yaml"])
def test_no_role_holds_a_wildcard(name: str) -> None:
    """3.6/133: of groups, kinds or verbs."""
    assert not [
        rule
        for rule in rules(name) + in_a_namespace()
        if "*" in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
    ]


@pytest.mark.hostile
def test_no_role_of_people_reaches_the_ledger_of_credentials() -> None:
    """3.6/134: `edit` and `admin` get the two kinds, and no status."""
    assert not [rule for rule in rules("clusterroles-people.yaml") for name in rule["resources"] if "/status" in name]
