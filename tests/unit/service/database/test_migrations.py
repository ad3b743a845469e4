"""A migration is applied while pods of the version before it serve: it adds, and asks nothing of rows they write."""

import ast
from pathlib import Path

import pytest

import registry_service.database

_VERSIONS = sorted((Path(registry_service.database.__file__).parent / "migrations" / "versions").glob("*.py"))
_ADDING = {"add_column", "create_table", "create_index", "execute", "get_bind"}


@pytest.mark.parametrize("file", _VERSIONS, ids=lambda file: file.stem)
def test_a_migration_takes_nothing_away_from_the_version_before(file: Path) -> None:
    used = {call.func.attr for call in _calls(file) if isinstance(call.func, ast.Attribute) and _is_op(call.func)}
    assert used
    assert used <= _ADDING


@pytest.mark.parametrize("file", _VERSIONS, ids=lambda file: file.stem)
def test_an_added_column_need_not_be_filled(file: Path) -> None:
    for call in _calls(file):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_column":
            column = call.args[1]
            assert isinstance(column, ast.Call)
            given = {keyword.arg: keyword.value for keyword in column.keywords}
            nullable = given.get("nullable", ast.Constant(value=True))
            assert "server_default" in given or (isinstance(nullable, ast.Constant) and nullable.value is True)


def _calls(file: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]


def _is_op(function: ast.Attribute) -> bool:
    return isinstance(function.value, ast.Name) and function.value.id == "op"
