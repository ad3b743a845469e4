"""Alerts and dashboard of the operator's chart: they name what operator and service tell, and say what to do next."""

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from registry_operator.metrics import Metrics, Readings
from registry_operator.reconcilers.census import Census
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from registry_operator.registry_client import Result as SyncResult
from registry_operator.work_queue import Result
from registry_service import metrics as of_service

CHART = Path(__file__).parents[3] / "charts" / "pypi-registry-operator"
# A scrape adds them to every sample.
TARGET = {"namespace", "job", "instance", "pod"}
KEYWORDS = {"and", "or", "unless"}
Tree = dict[str, Any]  # Any: YAML and JSON, which these tests look into
Labels = dict[str, set[str]]


@cache
def told() -> dict[str, Labels]:
    """Every sample's name that operator and service tell, with the values of its labels."""
    found: dict[str, Labels] = {}
    for text in (_operator(), _service()):
        for sample in (sample for one in text_string_to_metric_families(text) for sample in one.samples):
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def _operator() -> str:
    metrics, census = Metrics("1"), Census()
    quiet: Any = dict.fromkeys(Readings.__slots__, lambda: 0)  # Any: numbers but for two
    metrics.ask(Readings(**quiet | {"resources": census.resources, "credentials": census.credentials}))
    registry = RegistryKey("a", "b")
    for key in (registry, TokenSetKey(registry, "a")):
        for result in Result:
            metrics.ended(key, result, 1)
    for ended in SyncResult:
        metrics.sync_request(ended, 1)
    metrics.kubernetes_request("GET", 200, 1)
    return metrics.exposition().decode()


def _service() -> str:
    of_service.observe("GET", 500, 1)
    of_service.count_failure(429)
    return of_service.exposition().decode()


def alerts() -> list[Tree]:
    (group,) = yaml.safe_load((CHART / "monitoring" / "alerts.yaml").read_text())["groups"]
    rules: list[Tree] = group["rules"]
    return rules


def panels() -> list[Tree]:
    found: list[Tree] = json.loads((CHART / "monitoring" / "dashboard.json").read_text())["panels"]
    return found


def charts() -> list[Tree]:
    return [panel for panel in panels() if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in alerts())
    yield from (target["expr"] for panel in charts() for target in panel["targets"])


def used(expression: str) -> set[str]:
    """The names of samples in an expression of PromQL."""
    bare = re.sub(r"{[^}]*}|\[[^\]]*\]|\b(by|on)\s*\([^)]*\)", " ", expression)
    return set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare)) - KEYWORDS


def test_names_are_found_in_expressions() -> None:
    found = used('sum by (le) (rate(a_b{c="d"}[5m])) / on (job) e > 0.5 and f == 1 or histogram_quantile(0.9, g)')
    assert found == {"a_b", "e", "f", "g"}


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_expression_names_what_is_told(expression: str) -> None:
    names = used(expression)
    assert names
    assert names <= told().keys()
    known = TARGET.union(*(told()[name] for name in names))
    for labels in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        assert {label.strip() for label in labels.split(",")} <= known
    for name, matchers in re.findall(r"(\w+){([^}]*)}", expression):
        for label, operator, value in re.findall(r'(\w+)(=~?)"([^"]*)"', matchers):
            assert label in told()[name].keys() | TARGET
            assert operator == "=~" or value in told()[name][label]


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_expression_is_whole(expression: str) -> None:
    depth = 0
    for character in re.sub(r'"[^"]*"', "", expression):
        depth += {"(": 1, ")": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert all(re.fullmatch(r"\d+[smh]|\$__rate_interval", one) for one in re.findall(r"\[([^\]]*)\]", expression))
    # A counter says something by its growth only.
    counters = re.findall(r"\b\w+_(?:total|count|bucket)\b", expression)
    assert len(counters) == len(re.findall(r"\b(?:rate|increase)\(", expression))


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong_and_what_to_do(rule: Tree) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\d+m", rule.get("for", "1m"))
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert set(rule["annotations"]) == {"summary", "description"}
    assert rule["annotations"]["summary"].endswith(".")
    assert "kubectl " in rule["annotations"]["description"]
    named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["description"]))
    kept = re.search(r"\bby \(([^)]*)\)", rule["expr"])
    assert named <= (TARGET if kept is None else set(kept[1].split(", ")))


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"(PyPIRegistry|RegistryToken)[A-Za-z]+", name) for name in names)


def test_the_dashboard_asks_the_chosen_source_and_its_panels_lie_side_by_side() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels())
    for panel in charts():
        assert panel["title"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    for one, other in combinations((panel["gridPos"] for panel in panels()), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in panels()) == 24


def test_every_metric_of_the_operator_is_on_the_dashboard() -> None:
    """What nobody looks at need not be told."""
    shown = {re.sub(r"_(count|bucket|sum)$", "", name) for one in expressions() for name in used(one)}
    families = {re.sub(r"_(count|bucket|sum|created)$", "", name) for name in told() if "registry_operator" in name}
    families -= {name for name in families if f"{name}_total" in told()}
    assert families - shown == set()


def test_templates_take_in_files_that_exist() -> None:
    text = "\n".join(path.read_text() for path in (CHART / "templates").iterdir())
    files = re.findall(r'\.Files\.Get "([^"]+)"', text)
    present = [path for folder in ("monitoring", "test") for path in (CHART / folder).iterdir()]
    assert sorted(files) == sorted(str(path.relative_to(CHART)) for path in present)
