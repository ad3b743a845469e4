"""JSON Schemas of what the service sends, written from the specifications and not from the service.

The Simple index is PyPA's "Simple repository API" at version 1.4 (PEP 691, 700, 714, 592, 740, 792), packages and
their files are GitLab's packages API. They are stricter than the specifications where we promise more, and name every
key that may be there: a key that nobody specified is an error.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Every schema."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


def validate(name: str, document: object) -> None:
    """Raise jsonschema's ValidationError, which says where, unless `document` is what the schema `name` describes."""
    validator(name).validate(document)


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of one schema; the schemas refer to each other by their ids."""
    return Draft202012Validator(_schemas()[name], registry=_registry())


def check(name: str) -> None:
    """Raise jsonschema's SchemaError unless a schema is one itself."""
    Draft202012Validator.check_schema(_schemas()[name])


@cache
def _schemas() -> dict[str, dict[str, Any]]:  # Any: JSON
    return {name: json.loads((_FOLDER / f"{name}.json").read_text()) for name in names()}


@cache
def _registry() -> Registry[bool | Mapping[str, Any]]:  # Any: JSON
    made: Registry[bool | Mapping[str, Any]] = Registry()  # Any: JSON
    return made.with_contents((str(schema["$id"]), schema) for schema in _schemas().values())
