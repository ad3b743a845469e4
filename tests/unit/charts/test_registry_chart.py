"""The chart of one registry and its tokens, as far as it can be judged without Helm."""

import json
from typing import Any

import jsonschema
import pytest
import yaml

from registry_operator.resources.registry import PyPIRegistry
from tests.chart_readmes import CHARTS

_CHART = CHARTS / "pypi-registry"
Values = dict[str, Any]  # Any: values of a chart are free-form until the schema has judged them


def _values() -> Values:
    found: Values = yaml.safe_load((_CHART / "values.yaml").read_text())
    return found


def _schema() -> Values:
    found: Values = json.loads((_CHART / "values.schema.json").read_text())
    return found


def test_the_schema_is_one_and_accepts_the_defaults() -> None:
    jsonschema.Draft7Validator.check_schema(_schema())
    jsonschema.validate(_values(), _schema())
    assert set(_schema()["properties"]) == {*_values(), "global"}
    for group in ("registry", "test"):
        assert set(_schema()["properties"][group]["properties"]) == set(_values()[group])


def test_the_default_spec_is_one_that_the_operator_reads() -> None:
    metadata = {"namespace": "n", "name": "pypi", "uid": "u"}
    assert PyPIRegistry.parse({"metadata": metadata, "spec": _values()["registry"]["spec"]}).spec.replicas == 1


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"unknown": 1}, "unknown"),
        ({"registry": {"name": "a--b", "spec": {"database": {}, "storage": {}}}}, "a--b"),
        ({"registry": {"spec": {"database": {}}}}, "storage"),
        ({"tokens": {"Upper": {"type": "Job"}}}, "Upper"),
        ({"tokens": {"ci": {}}}, "type"),
        ({"tokens": {"ci": {"type": "Root"}}}, "Root"),
        ({"tokens": {"ci": {"type": "Job", "registryRef": {"name": "other"}}}}, "other"),
        ({"test": {"image": "two words"}}, "two words"),
    ],
)
def test_the_schema_refuses(change: Values, where: str) -> None:
    with pytest.raises(jsonschema.ValidationError) as refused:
        jsonschema.validate(_values() | change, _schema())
    assert where in str(refused.value)
