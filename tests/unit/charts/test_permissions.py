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
READ_ONLY = {
    kinds.POD: ["list"],
    kinds.PERSISTENT_VOLUME_CLAIM: ["get", "list", "create", "patch"],
    kinds.NAMESPACE: READ,
    **dict.fromkeys(RESOURCES, READ),
}
Rule = dict[str, Any]  # Any: a PolicyRule as it stands in YAML


def rules(name: str) -> list[Rule]:
    """The rules of all roles in a template; the names in them that Helm fills in are "…"."""
    documents = re.sub(r"{{[^}]+}}", "…", (TEMPLATES / name).read_text()).split("\n---\n")
    roles = [text[text.index("\nrules:") :] for text in documents if "\nrules:" in text]
    return [rule for text in roles for rule in yaml.safe_load(text)["rules"]]


def granted() -> Iterator[tuple[str, str, list[str]]]:
    for rule in rules("clusterrole.yaml"):
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield group, resource, rule["verbs"]


def needed() -> Iterator[tuple[str, str, list[str]]]:
    yield "apiextensions.k8s.io", "customresourcedefinitions", ["list", "watch"]  # Kopf's own, to notice our kinds
    for kind in (value for value in vars(kinds).values() if isinstance(value, kinds.Kind) and value != kinds.LEASE):
        group = kind.api_version.rpartition("/")[0]
        yield group, kind.plural, READ_ONLY.get(kind, READ + WRITE)
        if kind in RESOURCES:
            yield group, f"{kind.plural}/status", ["patch"]
            yield group, f"{kind.plural}/finalizers", ["update"]


@pytest.mark.hostile
def test_the_operator_may_do_what_it_does_and_nothing_else() -> None:
    """3.6/133: the role, verb by verb."""
    assert sorted(granted()) == sorted(needed())


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
    assert not [rule for rule in rules(name) if "*" in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}]


@pytest.mark.hostile
def test_no_role_of_people_reaches_the_ledger_of_credentials() -> None:
    """3.6/134: `edit` and `admin` get the two kinds, and no status."""
    assert not [rule for rule in rules("clusterroles-people.yaml") for name in rule["resources"] if "/status" in name]
