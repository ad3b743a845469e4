"""JSON of the API server to frozen dataclasses, by their type hints.

The CRD's schema has checked the body before we see it; what still does not fit comes from a CRD of another
version, and the error names the field. Fields that no dataclass has belong to a newer CRD and are ignored.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

# Initialisms keep their capitals in the API, as Kubernetes' conventions ask.
_INITIALISMS = {"id": "ID", "uid": "UID", "url": "URL"}


class InvalidResourceError(ValueError):
    """A body that the installed CRD let through and this version cannot read; the message names the field."""


def read(kind: type[T], data: object, where: str) -> T:
    """Read `data` as `kind`; `where` is the path that an error names. Raises InvalidResourceError."""
    value: T = _read(kind, data, where)
    return value


def camel(name: str) -> str:
    """The API's name of a dataclass field: `registry_id` is `registryID`."""
    head, *rest = name.split("_")
    return head + "".join(_INITIALISMS.get(part, part.title()) for part in rest)  # `from_` ends in an empty part


def is_required(field: "Field[Any]") -> bool:  # Any: fields() says no more
    """Whether a body must have the field."""
    return field.default is MISSING and field.default_factory is MISSING


def _read(kind: Any, data: object, where: str) -> Any:  # Any: a type hint, and a value of that type
    if get_origin(kind) is UnionType:
        present = next(item for item in get_args(kind) if item is not NoneType)
        return None if data is None else _read(present, data, where)
    if get_origin(kind) is tuple:
        items = _expect(list, data, where)
        return tuple(_read(get_args(kind)[0], item, f"{where}[{index}]") for index, item in enumerate(items))
    if get_origin(kind) is Mapping:
        pairs = _expect(dict, data, where).items()
        return {_expect(str, key, where): _expect(str, item, f"{where}.{key}") for key, item in pairs}
    if is_dataclass(kind):
        return _read_fields(kind, _expect(dict, data, where), where)
    if issubclass(kind, StrEnum):
        return _read_choice(kind, _expect(str, data, where), where)
    return _expect(kind, data, where)


def _read_choice(kind: type[StrEnum], text: str, where: str) -> StrEnum:
    try:
        return kind(text)
    except ValueError as error:
        raise InvalidResourceError(f"{where}: {text!r} is not one of {', '.join(kind)}") from error


def _read_fields(kind: Any, data: dict[str, object], where: str) -> Any:  # Any: see _read
    values = {}
    for name, key, hint, required in _plan(kind):
        if data.get(key) is not None:
            values[name] = _read(hint, data[key], f"{where}.{key}")
        elif required:
            raise InvalidResourceError(f"{where}.{key} is missing")
    try:
        return kind(**values)
    except ValueError as error:  # what no type says: a quantity that is none, a time beyond all calendars
        raise InvalidResourceError(f"{where}: {error}") from error


@cache
def _plan(kind: Any) -> tuple[tuple[str, str, Any, bool], ...]:  # Any: see _read
    hints = get_type_hints(kind)
    return tuple((field.name, camel(field.name), hints[field.name], is_required(field)) for field in fields(kind))


def _expect(kind: type[T], data: object, where: str) -> T:
    # bool is a subclass of int, but `true` is no number.
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise InvalidResourceError(f"{where} must be {kind.__name__}, not {type(data).__name__}")
    return data
