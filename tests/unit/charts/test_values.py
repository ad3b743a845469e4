"""The operator's chart, as far as it can be judged without Helm: every value has a use, a schema and a comment.

`tests/kubernetes/test_chart.py` renders it.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from registry_operator import settings

CHART = Path(__file__).parents[3] / "charts" / "pypi-registry-operator"
Values = dict[str, Any]  # Any: values of a chart are free-form until the schema has judged them


def values() -> Values:
    found: Values = yaml.safe_load((CHART / "values.yaml").read_text())
    return found


def schema() -> Values:
    found: Values = json.loads((CHART / "values.schema.json").read_text())
    return found


def templates() -> str:
    return "\n".join(path.read_text() for path in sorted((CHART / "templates").iterdir()))


def paths(tree: Values, prefix: str = "") -> Iterator[str]:
    for name, value in tree.items():
        if isinstance(value, dict) and value and not prefix.startswith("resources"):
            yield from paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def names_of_values() -> list[str]:
    # An image's parts and the resources' are passed on whole.
    return sorted({re.sub(r"^(images\.\w+|resources)\..*$", r"\1", path) for path in paths(values())})


@pytest.mark.parametrize("name", names_of_values())
def test_every_value_is_used_by_a_template(name: str) -> None:
    if name.startswith("images."):
        assert f'(list . "{name.removeprefix("images.")}")' in templates()
    else:
        assert re.search(rf"\.Values\.{re.escape(name)}\b", templates())


def test_every_value_that_a_template_uses_has_a_default() -> None:
    used = set(re.findall(r"\.Values\.([\w.]+)", templates())) - {"images"}
    assert used <= set(names_of_values())


def test_the_schema_is_one_and_accepts_the_defaults() -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    jsonschema.validate(values(), schema())


def test_the_schema_knows_every_value_and_no_other() -> None:
    assert set(schema()["properties"]) == {*values(), "global"}
    for group in ("images", "ingress", "serviceAccount", "rollout", "metrics", "networkPolicy", "crds"):
        assert set(schema()["properties"][group]["properties"]) == set(values()[group])


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"unknown": 1}, "unknown"),
        ({"logFormat": "yaml"}, "yaml"),
        ({"baseDomain": "Upper.Case"}, "Upper.Case"),
        ({"ingress": {"caSecret": "a", "caConfigMap": "b"}}, "caSecret"),
        ({"ingress": {"trustedProxies": ["198.18.0.1"]}}, "198.18.0.1"),
        ({"images": {**values()["images"], "service": {"repository": "Not/Allowed"}}}, "Not/Allowed"),
        ({"images": {**values()["images"], "service": {"digest": "sha256:0"}}}, "sha256:0"),
        ({"imagePullSecrets": ["a-string"]}, "a-string"),
        ({"networkPolicy": {"apiServerPorts": [65536]}}, "65536"),
        ({"networkPolicy": {"monitoringNamespace": "Upper"}}, "Upper"),
        ({"metrics": {"serviceMonitor": {"interval": "soon"}}}, "soon"),
        ({"metrics": {"rules": {"severity": "low"}}}, "severity"),
        ({"crds": {"keep": "yes"}}, "yes"),
        ({"rollout": {"maxConcurrent": 0}}, "0"),
        ({"rollout": {"maxConcurrent": "many"}}, "many"),
        ({"podLabels": {"team": 1}}, "team"),
        ({"podAnnotations": ["a"]}, "podAnnotations"),
        ({"affinity": "near"}, "near"),
        ({"priorityClassName": "Not A Name"}, "Not A Name"),
    ],
)
def test_the_schema_refuses(change: Values, where: str) -> None:
    with pytest.raises(jsonschema.ValidationError) as refused:
        jsonschema.validate(values() | change, schema())
    assert where in str(refused.value)


def test_the_operator_reads_every_variable_that_the_chart_sets_and_no_variable_is_forgotten() -> None:
    known = {
        value for name, value in vars(settings).items() if isinstance(value, str) and value.startswith("OPERATOR_")
    }
    given = set(re.findall(r"\bOPERATOR_\w+", templates()))
    # The ports are the operator's own defaults in a pod.
    assert known - given == {settings.LIVENESS_PORT, settings.METRICS_PORT}
    assert given <= known
