"""The table of a chart's values: every value is in it, with its comment."""

import pytest
import yaml

from tests.chart_readmes import CHARTS, Value, readmes, values

_TEXT = """\
# Of nobody.

# Two lines
# of a | group.
group:
  # A leaf.
  leaf: "a"
  bare:
    list: [1, 2]
other: 3
"""


def test_comments_belong_to_the_line_below() -> None:
    assert list(values(_TEXT)) == [
        Value("group", "", "Two lines of a \\| group."),
        Value("group.leaf", '"a"', "A leaf."),
        Value("group.bare.list", "[1, 2]", ""),
        Value("other", "3", ""),
    ]


@pytest.mark.parametrize("chart", sorted(path.parent.name for path in CHARTS.glob("*/Chart.yaml")))
def test_every_value_of_a_chart_is_in_its_readme(chart: str) -> None:
    def leaves(tree: object, prefix: str) -> list[str]:
        if isinstance(tree, dict) and tree:
            return [path for name, inside in tree.items() for path in leaves(inside, f"{prefix}.{name}")]
        return [prefix[1:]]

    text = readmes()[CHARTS / chart / "README.md"]
    for path in leaves(yaml.safe_load((CHARTS / chart / "values.yaml").read_text()), ""):
        assert f"| `{path}` | " in text
