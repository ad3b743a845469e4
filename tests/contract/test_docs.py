"""What `/api/docs` says is what the service does."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from registry_service.api.application import public_application
from registry_service.api.read_paths import ReadPath, match
from tests.support import packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

_PLACEHOLDERS = {"sha256": "a" * 64, "package_id": "1", "file_id": "1", "filename": "foo-1.0-py3-none-any.whl"}
_READ_PATH = "/packages/pypi/"
# Pages are for people, and so is what describes the rest.
_NOT_DESCRIBED = ("registry_service.api.pages", "registry_service.api.docs")

Described = dict[str, Any]  # Any: JSON


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind of database: what is described is the same on both."""
    return f"sqlite:///{tmp_path / 'registry.db'}"


@pytest.fixture
async def document(registry: Registry) -> Described:
    """The document as anybody gets it."""
    answer = await registry.http.get("/api/docs/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    loaded: Described = answer.json()
    return loaded


def _operations(document: Described) -> Iterator[tuple[str, str, Described]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def _filled(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: _PLACEHOLDERS.get(found[1], "x"), path)


async def test_the_document_is_valid(document: Described) -> None:
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


async def test_every_route_is_described_and_no_other(registry: Registry, document: Described) -> None:
    app = public_application(registry.service)._inner.otherwise  # type: ignore[attr-defined]  # noqa: SLF001 - the routes
    served = {
        (method, route.path_format.removesuffix("/"))
        for included in app.routes
        for route in included.original_router.routes
        if not route.endpoint.__module__.startswith(_NOT_DESCRIBED)
        for method in route.methods - {"HEAD"}
    }
    assert served
    described = {(method, path) for path, method, _ in _operations(document) if _READ_PATH not in path}
    assert described == served


async def test_the_whole_read_path_is_described_and_no_other(document: Described) -> None:
    paths = [path for path, _, _ in _operations(document) if _READ_PATH in path]
    found = [match(_filled(path).encode()) for path in paths]
    assert None not in found
    kinds = get_args(get_type_hints(ReadPath)["wanted"])
    for place in ("projects", "groups"):
        read = [type(one.wanted) for one, path in zip(found, paths, strict=True) if one and f"/{place}/" in path]
        assert set(read) == set(kinds), place


async def test_every_operation_is_there_and_asks_who_is_there(registry: Registry, document: Described) -> None:
    for path, method, operation in _operations(document):
        answer = await registry.http.request(method, _filled(path))
        if operation.get("security") == []:
            assert answer.status_code == 400, path
            continue
        assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"}), path
        if method == "GET":
            assert (await registry.http.head(_filled(path))).status_code == 401, path


async def test_every_operation_says_what_it_takes_and_answers(document: Described) -> None:
    for path, method, operation in _operations(document):
        assert operation["summary"], path
        assert len(operation["description"]) > 20, path
        asks_who = operation.get("security") != []
        assert set(operation["responses"]) >= ({"401", "403", "404", "503"} if asks_who else {"400", "503"}), path
        assert any(status.startswith("2") for status in operation["responses"]), path
        assert all(parameter["description"] for parameter in operation["parameters"]), path
        assert ("requestBody" in operation) == (method in {"POST", "PUT"}), path


def _shapes(node: object) -> Iterator[tuple[Described, object]]:
    """Schemas with the examples beside them."""
    if isinstance(node, dict):
        if "example" in node and "schema" in node:
            yield node["schema"], node["example"]
        for value in node.values():
            yield from _shapes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _shapes(value)


def _validator(document: Described, schema: Described) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


async def test_every_example_is_one(document: Described) -> None:
    shapes = list(_shapes(document))
    assert len(shapes) > 20
    for schema, example in shapes:
        _validator(document, schema).validate(example)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/api/v4/projects/demo/packages", "/api/v4/projects/{project}/packages"),
        ("/api/v4/groups/registry/packages", "/api/v4/groups/{registry}/packages"),
        ("/api/v4/projects/demo/packages/1", "/api/v4/projects/{project}/packages/{package_id}"),
        (
            "/api/v4/projects/demo/packages/1/package_files",
            "/api/v4/projects/{project}/packages/{package_id}/package_files",
        ),
        ("/api/v4/projects/demo/packages/pypi/simple", "/api/v4/projects/{project}/packages/pypi/simple"),
        (
            "/api/v4/projects/demo/packages/pypi/simple/mypypipackage",
            "/api/v4/projects/{project}/packages/pypi/simple/{package}",
        ),
    ],
)
async def test_what_comes_is_what_is_described(
    registry: Registry, document: Described, path: str, template: str
) -> None:
    token = await registry.token()
    for version in ("1.0", "2.0"):
        await registry.publish(packages.wheel(version), token)
    accept = {"accept": "application/vnd.pypi.simple.v1+json, application/json;q=0.5"}
    answer = await registry.http.get(path, headers=accept, auth=("a", token))
    described = document["paths"][template]["get"]["responses"]["200"]
    media_type = answer.headers["content-type"]
    content = answer.json()
    _validator(document, described["content"][media_type]["schema"]).validate(content)
    for shown in content if isinstance(content, list) else [content]:
        assert shown.keys() <= _members(document, described["content"][media_type]["schema"])
    for name in described.get("headers", {}):
        assert name.lower() in answer.headers


def _members(document: Described, schema: Described) -> set[str]:
    reference: str = schema.get("items", schema)["$ref"]
    return set(document["components"]["schemas"][reference.rpartition("/")[2]]["properties"])


async def test_audit_lines_are_as_they_are_described(registry: Registry, document: Described) -> None:
    token = await registry.token()
    await registry.publish(packages.wheel(), token)
    await registry.http.delete("/api/v4/projects/demo/packages/1", auth=("a", token))
    answer = await registry.http.get("/api/v1/projects/demo/audit", auth=("a", token))
    described = document["paths"]["/api/v1/projects/{project}/audit"]["get"]["responses"]["200"]["content"]
    lines = answer.text.splitlines()
    assert len(lines) > 1
    for line in lines:
        _validator(document, described[answer.headers["content-type"]]["schema"]).validate(json.loads(line))


async def test_tokens_are_as_they_are_described(registry: Registry, document: Described) -> None:
    answer = await registry.http.get("/api/v1/projects/demo/tokens", auth=("a", await registry.token()))
    described = document["paths"]["/api/v1/projects/{project}/tokens"]["get"]["responses"]["200"]["content"]
    _validator(document, described[answer.headers["content-type"]]["schema"]).validate(answer.json())
    assert set(answer.json()[0]) == _members(document, described["application/json"]["schema"])


async def test_refusals_are_as_they_are_described(registry: Registry, document: Described) -> None:
    token = await registry.token()
    answers = {
        "Refusal": await registry.http.get("/api/v4/projects/demo/packages?sort=x", auth=("a", token)),
        "Message": await registry.http.get("/api/v4/projects/other/packages", auth=("a", token)),
    }
    for name, answer in answers.items():
        _validator(document, {"$ref": f"#/components/schemas/{name}"}).validate(answer.json())


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "img", "iframe", "style"}
        given = dict(attrs)
        self.found += [value for name in ("href", "src") if (value := given.get(name))]


async def test_the_page_says_all_of_it_and_loads_nothing_from_elsewhere(
    registry: Registry, document: Described
) -> None:
    page = await registry.http.get("/api/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'; style-src 'self'" in page.headers["content-security-policy"]
    links = _Links()
    links.feed(page.text)
    assert {link for link in links.found if not link.startswith("#")} == {"/", "/-/style.css", "/api/docs/openapi.json"}
    anchors = {link for link in links.found if link.startswith("#")}
    for _, _, operation in _operations(document):
        assert f"#{operation['operationId']}" in anchors
        assert f'<section id="{operation["operationId"]}">' in page.text
        assert operation["summary"].replace("'", "&#39;") in page.text
    assert "sign-out" not in page.text
