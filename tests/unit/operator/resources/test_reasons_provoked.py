"""Every reason is brought about by a test that waits for a condition to bear it; there is no list of exceptions.

The tests are read, not run: whoever waits for a reason that does not come fails where it waits.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from registry_operator.resources.reasons import Reason

_TESTS = Path(__file__).parents[3] / "kubernetes"
# Each fails, or is what a test asserts, unless a condition bears the reason.
_WAITS = {"wait_for_condition", "until_condition", "told"}
_Texts = Mapping[str, list[str]]


def test_every_reason_is_provoked() -> None:
    awaited = {reason for path in _TESTS.glob("test_*.py") for reason in _awaited(ast.parse(path.read_text()))}
    assert sorted(set(Reason) - awaited) == []
    assert sorted(awaited - set(Reason)) == [], "no condition ever bears it"


def test_only_what_is_awaited_counts() -> None:
    """The names of a table's column count where the test waits for the column."""
    table = '@pytest.mark.parametrize(("a", "reason"), [(1, "Two"), pytest.param(2, "Three", id="Four")])\n'
    written = {
        'def test(): x.wait_for_condition("Five", reason="One")': {"One"},
        'def test(): assert told("One") == "Two"': {"One"},
        'def test():\n reason = "One"\n x.until_condition("Five", reason=reason)': {"One"},
        "def test(): x.until_condition(reason=Reason.PAUSED)": {"Paused"},
        f"{table}def test(a, reason): x.until_condition(reason=reason)": {"Two", "Three"},
        f"{table}def test(a, reason): x.until_condition(says=reason)": set(),
        'def test():\n reason = "One"\n fails(reason=reason)': set(),
    }
    assert {text: set(_awaited(ast.parse(text))) for text in written} == written


def _awaited(module: ast.Module) -> Iterator[str]:
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        texts = _columns(function) | _assigned(function)
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and _name(call.func) in _WAITS:
                named = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
                told = call.args[:1] if _name(call.func) == "told" else []
                for value in (*named, *told):
                    yield from _texts(value, texts)


def _columns(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, list[str]]:
    """The texts of each column of the tables that a test is parametrized with."""
    found: dict[str, list[str]] = {}
    for table in function.decorator_list:
        if not isinstance(table, ast.Call) or _name(table.func) != "parametrize":
            continue
        columns, rows = table.args[:2]
        names = [text for element in getattr(columns, "elts", [columns]) for text in _texts(element, {})]
        for row in getattr(rows, "elts", []):
            cells = row.args if isinstance(row, ast.Call) else getattr(row, "elts", [row])
            for name, cell in zip(names, cells, strict=True):
                found.setdefault(name, []).extend(_texts(cell, {}))
    return found


def _assigned(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, list[str]]:
    assignments = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    return {_name(node.targets[0]): list(_texts(node.value, {})) for node in assignments}


def _texts(value: ast.expr, names: _Texts) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Attribute(value=ast.Name(id="Reason"), attr=member):
            yield Reason[member]
        case ast.Name(id=name):
            yield from names.get(name, ())


def _name(node: ast.expr) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))
