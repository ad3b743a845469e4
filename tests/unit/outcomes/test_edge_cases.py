"""Every numbered edge case of the protocol has a test that names it: number 12 is `6.12` in a docstring."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.cluster.places import REPOSITORY
from tests.outcomes import issue_4

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = range(1, 36)


def _docstrings() -> Iterator[str]:
    for path in (REPOSITORY / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield ast.get_docstring(node) or ""


@pytest.mark.outcome(issue_4.EDGE_CASES)
def test_every_number_is_named_by_a_test() -> None:
    named = {int(number) for text in _docstrings() for number in re.findall(r"\b6\.(\d+)\b", text)}
    assert sorted(set(_NUMBERS) - named) == []
