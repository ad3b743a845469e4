"""JSON of the sync port: frozen dataclasses to canonical bytes and strictly back.

Defaults are left out and an unknown field is refused by name, so that an older service never
silently widens a token: it says what it does not know instead.
"""

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class WireError(ValueError):
    """A body that is not what the contract says; the message names the field."""


class UnknownFieldError(WireError):
    """A field of a later contract: the other side is newer than this one."""


def encode(value: object) -> bytes:
    """Canonical JSON of a contract dataclass: sorted keys, no spaces, defaults left out, UTF-8."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode(kind: type[T], body: bytes) -> T:
    """Read a contract dataclass from JSON.

    Raises UnknownFieldError for a field that `kind` does not have, WireError for anything else that is wrong.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"the body is not JSON: {error}") from error
    value: T = _read(kind, data, "body")
    return value


def _plain(value: object) -> object:
    if is_dataclass(value):
        kind: Any = type(value)  # Any: to the type checker not all classes can be hashed
        pairs = ((name, field, getattr(value, field.name)) for name, field in _fields(kind).items())
        return {name: _plain(item) for name, field, item in pairs if item != _default(field)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _read(kind: Any, data: object, where: str) -> Any:  # Any: a type hint, and a value of that type
    if get_origin(kind) is UnionType:
        return None if data is None else _read(_present(kind), data, where)
    if get_origin(kind) is tuple:
        items = _expect(list, data, where)
        return tuple(_read(get_args(kind)[0], item, f"{where}[{index}]") for index, item in enumerate(items))
    if is_dataclass(kind):
        return _read_fields(kind, _expect(dict, data, where), where)
    if issubclass(kind, StrEnum):
        try:
            return kind(_expect(str, data, where))
        except ValueError as error:
            raise WireError(f"{where}: {data!r} is not one of {', '.join(kind)}") from error
    return _expect(kind, data, where)


def _read_fields(kind: Any, data: dict[str, object], where: str) -> Any:  # Any: see _read
    known = _fields(kind)
    for name in data:
        if name not in known:
            raise UnknownFieldError(f"{where}.{name} is not a field that this version knows")
    hints = _hints(kind)
    missing = [name for name, field in known.items() if name not in data and _default(field) is MISSING]
    if missing:
        raise WireError(f"{where}.{missing[0]} is missing")
    values = {known[name].name: _read(hints[known[name].name], item, f"{where}.{name}") for name, item in data.items()}
    return kind(**values)


@cache
def _fields(kind: Any) -> "dict[str, Field[Any]]":  # Any: a dataclass, and fields() says no more
    """The fields of a dataclass by their names in JSON."""
    return {_camel(field.name): field for field in fields(kind)}


@cache
def _hints(kind: Any) -> dict[str, Any]:  # Any: a dataclass, and its fields' type hints
    return get_type_hints(kind)


def _expect(kind: type[T], data: object, where: str) -> T:
    # bool is a subclass of int, but `true` is no number of bytes.
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise WireError(f"{where} must be {kind.__name__}, not {type(data).__name__}")
    return data


def _present(kind: UnionType) -> Any:  # Any: a type hint
    return next(item for item in get_args(kind) if item is not NoneType)


def _default(field: "Field[Any]") -> object:  # Any: fields() says no more
    return field.default


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join("ID" if part == "id" else "UID" if part == "uid" else part.title() for part in rest)
