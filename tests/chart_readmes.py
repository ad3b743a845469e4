"""Each chart's README: how it is installed, and a table of its values, made from `values.yaml` and its comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

CHARTS: Final = Path(__file__).parents[1] / "charts"
_LINE: Final = re.compile(r"( *)([A-Za-z]\w*):(?: (.*))?")


@dataclass(frozen=True, slots=True)
class Value:
    """A value or a group of values: its path, its default as YAML (empty for a group), and what its comment says."""

    path: str
    default: str
    meaning: str


def readmes() -> dict[Path, str]:
    """Each chart's README by its path."""
    return {chart.parent / "README.md": readme(chart.parent) for chart in sorted(CHARTS.glob("*/Chart.yaml"))}


def readme(chart: Path) -> str:
    """A chart's README."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    rows = [
        f"| `{value.path}` | {f'`{value.default}`' if value.default else ''} | {value.meaning} |"
        for value in values((chart / "values.yaml").read_text())
    ]
    return "\n".join(
        [
            f"# {about['name']}",
            "",
            about["description"],
            "",
            "<!-- Made by `make generate` from Chart.yaml and values.yaml: edit these. -->",
            "",
            "| value | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def values(text: str) -> Iterator[Value]:
    """What a file of values holds, in its order. A comment belongs to the line below it; a blank line ends it."""
    path: list[str] = []
    comment: list[str] = []
    for line in text.splitlines():
        if line.strip().startswith("#"):
            comment.append(line.strip().removeprefix("#").strip())
            continue
        if found := _LINE.fullmatch(line):
            path = [*path[: len(found[1]) // 2], found[2]]
            if comment or found[3]:
                yield Value(".".join(path), found[3] or "", " ".join(comment).replace("|", "\\|"))
        comment = []
