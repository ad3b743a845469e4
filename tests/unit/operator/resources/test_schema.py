"""The CRDs' schemas and the dataclasses that read them are one thing said twice: every property is walked."""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import yaml

from registry_operator.resources import names
from registry_operator.resources.conditions import MAX_MESSAGE, ConditionType
from registry_operator.resources.reading import camel, is_required, read
from registry_operator.resources.registry import PyPIRegistrySpec, PyPIRegistryStatus
from registry_operator.resources.token import RegistryTokenSpec, RegistryTokenStatus

CRDS = Path(__file__).parents[4] / "crds"
Schema = dict[str, Any]  # Any: a JSON schema
BOUNDED = ("maxLength", "enum")
KINDS = {
    names.REGISTRY_PLURAL: (PyPIRegistrySpec, PyPIRegistryStatus),
    names.TOKEN_PLURAL: (RegistryTokenSpec, RegistryTokenStatus),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One property of a schema beside the type hint of the field that reads it."""

    path: str
    schema: Schema
    hint: Any  # Any: a type hint


def load(plural: str) -> Schema:
    crd: Schema = yaml.safe_load((CRDS / f"{plural}.yaml").read_text())
    return crd


def version(plural: str) -> Schema:
    (only,) = load(plural)["spec"]["versions"]
    return dict(only)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it; a property without a field, or a field without a property, ends the test."""
    yield node
    hint = without_none(node.hint)
    if get_origin(hint) is tuple:
        yield from walk(Node(f"{node.path}[]", node.schema["items"], get_args(hint)[0]))
    elif is_dataclass(hint):
        hints = get_type_hints(hint)
        keyed = {camel(field.name): hints[field.name] for field in fields(hint)}
        assert set(node.schema["properties"]) == set(keyed), f"{node.path} and {hint} differ"
        for key, inner in keyed.items():
            yield from walk(Node(f"{node.path}.{key}", node.schema["properties"][key], inner))


def without_none(hint: Any) -> Any:  # Any: a type hint
    if get_origin(hint) is UnionType:
        return next(item for item in get_args(hint) if item is not NoneType)
    return hint


def nodes(*, status: bool = True) -> list[Node]:
    found: list[Node] = []
    for plural, (spec, reported) in KINDS.items():
        properties = version(plural)["schema"]["openAPIV3Schema"]["properties"]
        found += walk(Node(f"{plural}.spec", properties["spec"], spec))
        found += walk(Node(f"{plural}.status", properties["status"], reported)) if status else []
    return found


NODES = nodes()
SPEC_NODES = nodes(status=False)
by_path = pytest.mark.parametrize("node", NODES, ids=lambda node: node.path)
by_spec_path = pytest.mark.parametrize("node", SPEC_NODES, ids=lambda node: node.path)


@by_path
def test_every_property_has_the_type_of_its_field(node: Node) -> None:
    hint = without_none(node.hint)
    wanted = "object"
    if get_origin(hint) is tuple:
        wanted = "array"
    elif hint in (int, str, bool) or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        wanted = {int: "integer", bool: "boolean"}.get(hint, "string")
    assert node.schema["type"] == wanted


@by_path
def test_every_choice_is_the_same(node: Node) -> None:
    hint = without_none(node.hint)
    is_choice = isinstance(hint, type) and issubclass(hint, StrEnum) and hint is not ConditionType
    assert node.schema.get("enum") == (list(hint) if is_choice else None)


@by_path
def test_everything_is_bounded(node: Node) -> None:
    schema = node.schema
    if schema["type"] == "string":
        assert any(key in schema for key in BOUNDED) or schema.get("format") == "date-time"
    if schema["type"] == "array":
        assert schema["maxItems"] > 0
        assert schema["x-kubernetes-list-type"] in {"map", "set", "atomic"}
    if "additionalProperties" in schema:
        assert schema["maxProperties"] > 0
        assert schema["additionalProperties"]["maxLength"] > 0


@by_path
def test_everything_is_described(node: Node) -> None:
    assert node.path.endswith("[]") or node.schema["description"].endswith((".", ")"))


@by_spec_path
def test_what_is_required_is_the_same(node: Node) -> None:
    hint = without_none(node.hint)
    wanted = {camel(field.name) for field in fields(hint) if is_required(field)} if is_dataclass(hint) else set()
    assert set(node.schema.get("required", [])) == wanted


@by_spec_path
def test_every_default_is_the_same(node: Node) -> None:
    hint = without_none(node.hint)
    if not is_dataclass(hint):
        return
    hints = get_type_hints(hint)
    for field in fields(hint):
        schema = node.schema["properties"][camel(field.name)]
        if "default" in schema:
            assert read(hints[field.name], schema["default"], node.path) == field.default, field.name
        elif field.default is not MISSING and not is_dataclass(field.default):
            assert field.default in (None, ()), f"{field.name} has a default that the schema lacks"


@pytest.mark.parametrize("plural", KINDS)
def test_printed_columns_and_scale_show_what_is_there(plural: str) -> None:
    shown = version(plural)
    paths = [column["jsonPath"] for column in shown["additionalPrinterColumns"]]
    scale = shown["subresources"].get("scale", {})
    paths += [scale[key] for key in ("specReplicasPath", "statusReplicasPath", "labelSelectorPath") if key in scale]
    for path in paths:
        schema = shown["schema"]["openAPIV3Schema"]
        for part in path.split("[")[0].strip(".").split("."):
            if part == "creationTimestamp":
                break
            schema = schema["properties"][part]


@pytest.mark.parametrize("plural", KINDS)
def test_a_condition_fits_into_the_status(plural: str) -> None:
    status = version(plural)["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    condition = status["conditions"]["items"]["properties"]
    assert condition["message"]["maxLength"] == MAX_MESSAGE
    assert status["conditions"]["maxItems"] >= len(ConditionType)


@pytest.mark.parametrize(("plural", "short"), [(names.REGISTRY_PLURAL, "pyreg"), (names.TOKEN_PLURAL, "pytok")])
def test_the_kinds_are_found_by_their_names(plural: str, short: str) -> None:
    spec = load(plural)["spec"]
    assert (spec["group"], version(plural)["name"]) == (names.GROUP, names.VERSION)
    assert (spec["names"]["plural"], spec["names"]["shortNames"]) == (plural, [short])
    assert spec["names"]["categories"] == ["pypi"]


@pytest.mark.parametrize("plural", KINDS)
def test_every_rule_has_a_sentence_that_says_what_to_do(plural: str) -> None:
    rules = list(_rules(version(plural)["schema"]["openAPIV3Schema"]))
    assert rules
    for rule in rules:
        assert len(rule["message"].split()) > 4


def _rules(schema: Any) -> Iterator[Schema]:  # Any: part of a JSON schema
    if isinstance(schema, dict):
        yield from schema.get("x-kubernetes-validations", [])
        for item in schema.values():
            yield from _rules(item)
