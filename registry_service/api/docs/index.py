"""The read path, described by hand: it is answered before FastAPI's routing, which so cannot describe it."""

import copy
from typing import Final

from registry_service.api.docs.components import Described, answer, one_of, query
from registry_service.rendering.negotiation import Representation
from registry_service.rendering.provenance import CONTENT_TYPE as PROVENANCE

INDEX: Final = "Simple index and files"

_SHA256: Final = "d53334205552a355fee8ca35a164512ef7334f33d309e60240d57073ee4386e6"
_FILENAME: Final = "mypypipackage-0.0.1-py3-none-any.whl"
_EXAMPLE_ROOT: Final = {"meta": {"api-version": "1.4"}, "projects": [{"name": "mypypipackage"}]}
_EXAMPLE_PAGE: Final = {
    "meta": {"api-version": "1.4"},
    "name": "mypypipackage",
    "versions": ["0.0.1"],
    "files": [
        {
            "filename": _FILENAME,
            "url": f"/api/v4/projects/team-a/packages/pypi/files/{_SHA256}/{_FILENAME}",
            "hashes": {"sha256": _SHA256},
            "size": 1548,
            "upload-time": "2026-11-24T10:30:00.000000Z",
            "yanked": False,
            "requires-python": ">=3.6",
        }
    ],
}
_EXAMPLE_PROVENANCE: Final = {
    "version": 1,
    "attestation_bundles": [{"publisher": {"kind": "RegistryToken", "claims": {"name": "ci"}}, "attestations": ["…"]}],
}
_FORMAT: Final = query(
    "format",
    "The representation, in place of the header `Accept`; `latest` may stand for the version.",
    one_of(tuple(Representation)),
)
_NOT_MODIFIED: Final = {"description": "The client's copy, named in `If-None-Match`, is still the same."}
_ELSEWHERE: Final = {
    "description": "The name was never held here, is not reserved, and the registry sends such names upstream.",
    "headers": {"Location": {"schema": {"type": "string"}, "example": "https://index.example/simple/foo/"}},
}
_PLACES: Final = {
    "/api/v4/projects/{project}": ("project", "of a project", "Everything stands in one project."),
    "/api/v4/groups/{registry}/-": (
        "group",
        "of all projects",
        "Of all that the token may read, a name comes from one project: its own if that ever held it, else by path.",
    ),
}


def index_paths() -> dict[str, Described]:
    """Path items of the whole read path."""
    return {
        f"{prefix}/packages/pypi/{path}": {"get": copy.deepcopy(operation) | _named(operation, place, where, scope)}
        for prefix, (place, where, scope) in _PLACES.items()
        for path, operation in _OPERATIONS.items()
    }


def _named(operation: Described, place: str, where: str, scope: str) -> Described:
    return {
        "tags": [INDEX],
        "operationId": f"{operation['operationId']}_of_{place}",
        "summary": f"{operation['summary']} {where}",
        "description": f"{operation['description']} {scope}",
    }


def _page(description: str, schema: str, example: object) -> Described:
    page = answer(description, schema, example)["content"]["application/json"]
    as_html = {"schema": {"type": "string"}}
    content = {kind: page if kind is Representation.JSON else as_html for kind in Representation}
    headers = {"ETag": {"description": "Changes with the page.", "schema": {"type": "string"}}}
    return {"description": description, "content": content, "headers": headers}


def _index_operation(name: str, summary: str, description: str, page: Described) -> Described:
    not_acceptable = answer("No representation suits.", "Message", {"message": "406 Not Acceptable"})
    return {
        "operationId": name,
        "summary": summary,
        "description": f"{description} HTML or JSON, as `Accept` prefers. The final slash is optional.",
        "parameters": [_FORMAT],
        "responses": {"200": page, "304": _NOT_MODIFIED, "406": not_acceptable},
    }


def _bytes(description: str) -> Described:
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    return {"description": description, "content": content}


def _file_operation(name: str, summary: str, description: str) -> Described:
    return {
        "operationId": name,
        "summary": summary,
        "description": f"{description} One range may be asked for; `If-Range` and `If-None-Match` are understood.",
        "responses": {
            "200": _bytes("All of it."),
            "206": _bytes("The range that was asked for."),
            "304": _NOT_MODIFIED,
            "416": {"description": "The range lies outside; `Content-Range` says how long the file is."},
        },
    }


_PACKAGE: Final = _index_operation(
    "package",
    "Read a package's page",
    "One package: its versions and files.",
    _page("The page.", "IndexPage", _EXAMPLE_PAGE),
)
_PACKAGE["responses"]["302"] = _ELSEWHERE
_OPERATIONS: Final = {
    "simple": _index_operation(
        "index", "Read the index", "All packages that have files.", _page("The index.", "IndexRoot", _EXAMPLE_ROOT)
    ),
    "simple/{package}": _PACKAGE,
    "+simple/{package}": {
        **_PACKAGE,
        "operationId": "package_for_hatch",
        "summary": "Read a package's page as hatch does",
    },
    "files/{sha256}/{filename}": _file_operation(
        "file", "Download a file", "The bytes that were published; they never change. Yanked files can be downloaded."
    ),
    "files/{sha256}/{filename}.metadata": _file_operation(
        "metadata", "Download a wheel's metadata", "The wheel's own `METADATA`, byte for byte (PEP 658)."
    ),
    "integrity/{package}/{version}/{filename}/provenance": {
        "operationId": "provenance",
        "summary": "Read a file's provenance",
        "description": "The attestations that came with the file (PEP 740). The registry keeps them and vouches for "
        "nothing in them.",
        "responses": {
            "200": {
                "description": "The provenance.",
                "content": {
                    PROVENANCE: {
                        "schema": {"$ref": "#/components/schemas/Provenance"},
                        "example": _EXAMPLE_PROVENANCE,
                    }
                },
            },
            "406": answer("No representation suits.", "Message", {"message": "406 Not Acceptable"}),
        },
    },
}
