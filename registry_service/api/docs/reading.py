"""The OpenAPI document as a person reads it: by section, with every reference followed."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from registry_service.api.docs.components import JSON, Described
from registry_service.api.docs.document import operations

# Where the members of a body stand, by its media type.
_PLACES: Final = {JSON: "body", "multipart/form-data": "form"}
_FORM: Final = ("name=foo", "version=1.0", "content=@dist/foo-1.0-py3-none-any.whl")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a member of a body: where it stands, what it may be, what it means."""

    name: str
    place: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, with an example of its body if it has one."""

    status: str
    description: str
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    call: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The routes of one tag."""

    name: str
    description: str
    operations: tuple[Operation, ...]


def sections(document: Described) -> tuple[Section, ...]:
    """All of a document, in the order of its tags."""
    return tuple(_section(document, tag["name"], tag["description"]) for tag in document["tags"])


def _section(document: Described, name: str, description: str) -> Section:
    tagged = [found for found in operations(document["paths"]) if name in found[2]["tags"]]
    return Section(name, description, tuple(_operation(document, *found) for found in tagged))


def _operation(document: Described, path: str, method: str, operation: Described) -> Operation:
    kind, body = _content(operation.get("requestBody", {}))
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        fields=(*map(_parameter, operation["parameters"]), *_members(body.get("schema", {}), _PLACES.get(kind, ""))),
        call=_call(method.upper(), path, operation),
        answers=tuple(_answer(document, status, answer) for status, answer in operation["responses"].items()),
    )


def _call(method: str, path: str, operation: Described) -> str:
    """How to ask for it with curl."""
    kind, body = _content(operation.get("requestBody", {}))
    words = ["curl"] if method == "GET" else ["curl", f"--request {method}"]
    if operation.get("security") != []:
        words.append('--header "PRIVATE-TOKEN: $TOKEN"')
    if kind == JSON:
        words.append(f"--json {shlex.quote(json.dumps(body['example'], ensure_ascii=False))}")
    elif kind:
        words += [f"--form {field}" for field in _FORM]
    return " ".join([*words, f'"$REGISTRY{path}"'])


def _parameter(parameter: Described) -> Field:
    required = parameter.get("required", False)
    return Field(parameter["name"], parameter["in"], _kind(parameter["schema"]), required, parameter["description"])


def _members(schema: Mapping[str, Described], place: str) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        yield Field(name, place, _kind(member), name in required, member.get("description", ""))


def _kind(schema: Described) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    return str(schema.get("const") or schema.get("format") or schema["type"])


def _answer(document: Described, status: str, answer: Described) -> Answer:
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    _, content = _content(answer)
    return Answer(f"{status} {HTTPStatus(int(status)).phrase}", answer["description"], _example(content))


def _content(described: Described) -> tuple[str, Described]:
    """The first media type, and what is said of it."""
    return next(iter(described.get("content", {}).items()), ("", {}))


def _example(content: Described) -> str:
    return json.dumps(content["example"], indent=2, ensure_ascii=False) if "example" in content else ""
