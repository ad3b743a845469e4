"""The OpenAPI document: FastAPI's own of its routes, the read path's beside it, and what both share filled in."""

import re
from collections.abc import Iterator
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from registry_service.api.docs.components import (
    COMMON_STATUSES,
    PATH_PARAMETERS,
    RESPONSES,
    SCHEMAS,
    SECURITY_SCHEMES,
    Described,
)
from registry_service.api.docs.index import INDEX, index_paths
from registry_service.api.docs.keeping import KEEPING
from registry_service.api.docs.operations import CURATING, PACKAGES, PUBLISHING

TITLE: Final = "PyPI registry"
# The document's own version: that of what it describes is in the paths.
_VERSION: Final = "1"
_DESCRIPTION: Final = """\
A private Python package registry, at the URLs that GitLab's package registry made familiar.

Every route takes a token, in any of four ways: as password of HTTP Basic, in `PRIVATE-TOKEN`, in `Deploy-Token`, \
or as bearer. Without one only public projects can be read. What a token may do is in its scopes: `read_api` and \
`read_package_registry` read, `write_package_registry` publishes, `api` does all; a job token reads and publishes \
in its own project.

HEAD answers wherever GET does. Errors are JSON objects whose `message` is in GitLab's words."""
_ALWAYS: Final = ("503", COMMON_STATUSES["503"])
_TAGS: Final = {
    PUBLISHING: "How a file gets into a project.",
    INDEX: "What installers read: the Simple repository API, version 1.4.",
    PACKAGES: "GitLab's packages API.",
    CURATING: "What GitLab lacks: yanks (PEP 592) and status markers (PEP 792).",
    KEEPING: "What happened in a project, its tokens, and the end of one that leaked.",
}


def document(app: FastAPI) -> Described:
    """The whole document."""
    made = get_openapi(title=TITLE, version=_VERSION, description=_DESCRIPTION, routes=app.routes)
    paths = made["paths"] | index_paths()
    for path, method, operation in operations(paths):
        _complete(path, method, operation)
    return {
        "openapi": "3.1.0",
        "info": made["info"],
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
        "security": [{name: []} for name in SECURITY_SCHEMES],
        "paths": paths,
        "components": {"schemas": SCHEMAS, "responses": RESPONSES, "securitySchemes": SECURITY_SCHEMES},
    }


def operations(paths: Described) -> Iterator[tuple[str, str, Described]]:
    """Every operation: its path, its method, what is said of it."""
    for path, item in paths.items():
        for method, operation in item.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: Described) -> None:
    """Say what holds for every route; FastAPI's guess at an answer 422 is not ours."""
    given = [parameter for parameter in operation.get("parameters", ()) if parameter["in"] != "path"]
    operation["parameters"] = [_path_parameter(name) for name in re.findall(r"{(\w+)}", path)] + given
    operation["responses"].pop("422", None)
    asks_who = operation.get("security") != []
    for status, name in COMMON_STATUSES.items() if asks_who else [_ALWAYS]:
        operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{name}"})
    operation["responses"] = dict(sorted(operation["responses"].items()))
    if method == "get" and "{project}" in path:
        operation["security"] = [*({name: []} for name in SECURITY_SCHEMES), {}]  # public projects need none


def _path_parameter(name: str) -> Described:
    kind = "integer" if name.endswith("_id") else "string"
    described = {"name": name, "in": "path", "required": True, "schema": {"type": kind}}
    return {**described, "description": PATH_PARAMETERS[name]}
