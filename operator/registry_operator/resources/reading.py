"""JSON of the API server to frozen dataclasses, by their type hints.

The CRD's schema has checked the body before we see it; what still does not fit comes from a CRD of another
version, and the error names the field. Fields that no dataclass has belong to a newer CRD and are ignored.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

# Initialisms keep their capitals in the API, as Kubernetes' conventions ask.
_INITIALISMS = {"id": "ID", "uid": "UID", "url": "URL"}


class InvalidResourceError(ValueError):
    """A body that the installed CRD let through and this version cannot read; the message names the field."""


def read(kind: type[T], data: object, where: str) -> T:
    """Read `data` as `kind`; `where` is the path that an error names. Raises InvalidResourceError."""
    hint: Any = kind  # Any: to the type checker not all classes can be hashed
    value: T = _reader(hint)(data, where)
    return value


def camel(name: str) -> str:
    """The API's name of a dataclass field: `registry_id` is `registryID`."""
    head, *rest = name.split("_")
    return head + "".join(_INITIALISMS.get(part, part.title()) for part in rest)  # `from_` ends in an empty part


def is_required(field: "Field[Any]") -> bool:  # Any: fields() says no more
    """Whether a body must have the field."""
    return field.default is MISSING and field.default_factory is MISSING


_Reader: TypeAlias = Callable[[object, str], Any]  # Any: a value of the type that it reads


def _read_fields(kind: Any, data: object, where: str) -> Any:  # Any: a dataclass, and a value of it
    body, values = _expect(dict, data, where), {}
    for name, key, reader, required in _plan(kind):
        if body.get(key) is not None:
            values[name] = reader(body[key], f"{where}.{key}")
        elif required:
            raise InvalidResourceError(f"{where}.{key} is missing")
    try:
        return kind(**values)
    except ValueError as error:  # what no type says: a quantity that is none, a time beyond all calendars
        raise InvalidResourceError(f"{where}: {error}") from error


@cache
def _plan(kind: Any) -> tuple[tuple[str, str, _Reader, bool], ...]:  # Any: a dataclass
    hints = get_type_hints(kind)
    return tuple(
        (field.name, camel(field.name), _reader(hints[field.name]), is_required(field)) for field in fields(kind)
    )


@cache
def _reader(kind: Any) -> _Reader:  # Any: a type hint
    """How a hint is read, found once: to look at hints takes longer than to read by them."""
    if get_origin(kind) is UnionType:
        present = _reader(next(item for item in get_args(kind) if item is not NoneType))
        return lambda data, where: None if data is None else present(data, where)
    if get_origin(kind) is tuple:
        return partial(_read_items, _reader(get_args(kind)[0]))
    if get_origin(kind) is Mapping:
        return _read_pairs
    if is_dataclass(kind):
        return partial(_read_fields, kind)
    return partial(_read_choice if issubclass(kind, StrEnum) else _expect, kind)


def _read_items(reader: _Reader, data: object, where: str) -> tuple[object, ...]:
    return tuple(reader(item, f"{where}[{index}]") for index, item in enumerate(_expect(list, data, where)))


def _read_pairs(data: object, where: str) -> dict[str, str]:
    pairs = _expect(dict, data, where).items()
    return {_expect(str, key, where): _expect(str, item, f"{where}.{key}") for key, item in pairs}


def _read_choice(kind: type[StrEnum], data: object, where: str) -> StrEnum:
    text = _expect(str, data, where)
    try:
        return kind(text)
    except ValueError as error:
        raise InvalidResourceError(f"{where}: {text!r} is not one of {', '.join(kind)}") from error


def _expect(kind: type[T], data: object, where: str) -> T:
    # bool is a subclass of int, but `true` is no number.
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise InvalidResourceError(f"{where} must be {kind.__name__}, not {type(data).__name__}")
    return data
