"""What the descriptions of several routes share: schemas, refusals, and how to say what a route takes and answers."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from registry_service.contract.tokens import TokenType
from registry_service.domain.audit import Action

Described = dict[str, Any]  # Any: OpenAPI is JSON of many shapes

JSON: Final = "application/json"


def answer(description: str, schema: str, example: object, *, many: bool = False) -> Described:
    """A response in JSON: one value of a schema, or an array of them."""
    reference = {"$ref": f"#/components/schemas/{schema}"}
    shape: Described = {"type": "array", "items": reference} if many else reference
    return {"description": description, "content": {JSON: {"schema": shape, "example": example}}}


def header(description: str, kind: str = "integer") -> Described:
    return {"description": description, "schema": {"type": kind}}


def refusal(*problems: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Described:
    """A response that says what is wrong, with the problems that the route finds most often."""
    text, title = "; ".join(problems), "Bad request" if status is HTTPStatus.BAD_REQUEST else status.phrase
    example = {"message": f"{status} {title} - {text}", "code": f"{status} {text}", "errors": list(problems)}
    return answer("The request is wrong, for every reason listed.", "Refusal", example)


def query(name: str, description: str, schema: Mapping[str, object]) -> Described:
    """A parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": dict(schema)}


def one_of(values: Sequence[str], default: str | None = None) -> Described:
    """The schema of a text among others."""
    return {"type": "string", "enum": list(values)} | ({} if default is None else {"default": default})


def json_body(description: str, properties: Mapping[str, object], example: object, *required: str) -> Described:
    """A small JSON object as a request's body; without a required member the body itself may be absent."""
    schema = {"type": "object", "properties": dict(properties), "required": list(required)}
    return {
        "description": description,
        "required": bool(required),
        "content": {JSON: {"schema": schema, "example": example}},
    }


# Path parameters have one meaning wherever they stand.
PATH_PARAMETERS: Final[Mapping[str, str]] = {
    "project": "The project: its path, which on Kubernetes is the namespace's name, or its numeric id.",
    "registry": "The name of the registry: that of its PyPIRegistry, `registry` on one machine.",
    "package": "The name of a package, in any spelling (PEP 503).",
    "version": "A version, in any spelling that PEP 440 calls equal.",
    "filename": "The name of a wheel or source distribution. Escape `+` as `%2B`.",
    "sha256": "The file's SHA-256, 64 lower-case hexadecimal digits.",
    "package_id": "The number of a package: one name with one version.",
    "file_id": "The number of a package file.",
}

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer"}
_TIME: Final = {"type": "string", "format": "date-time"}
_TAGS: Final = {"type": "array", "items": {}, "maxItems": 0, "description": "Always empty: PyPI packages have none."}


def _object(description: str, properties: Mapping[str, object], *required: str) -> Described:
    return {"type": "object", "description": description, "properties": properties, "required": list(required)}


_PACKAGE: Final[Mapping[str, object]] = {
    "id": _NUMBER,
    "name": {**_TEXT, "description": "Normalized (PEP 503)."},
    "version": _TEXT,
    "package_type": {"const": "pypi"},
    "status": {**_TEXT, "description": "As the parameter `status` of the list explains."},
    "_links": _object(
        "Where the package is.",
        {
            "web_path": {**_TEXT, "description": "The path of its page."},
            "delete_api_path": {**_TEXT, "description": "Only for who may delete it: the URL to send DELETE to."},
        },
        "web_path",
    ),
    "created_at": _TIME,
    "last_downloaded_at": {"type": "null", "description": "Downloads are not recorded."},
    "tags": _TAGS,
    "versions": {
        "type": "array",
        "description": "The package's other versions; absent in lists.",
        "items": _object("Another version.", {"id": _NUMBER, "version": _TEXT, "created_at": _TIME, "tags": _TAGS}),
    },
    "project_id": {**_NUMBER, "description": "In a group's list."},
    "project_path": {**_TEXT, "description": "In a group's list."},
}
_PACKAGE_FILE: Final[Mapping[str, object]] = {
    "id": _NUMBER,
    "package_id": _NUMBER,
    "created_at": _TIME,
    "file_name": _TEXT,
    "size": {**_NUMBER, "description": "Bytes."},
    "file_md5": _TEXT,
    "file_sha1": {"type": ["string", "null"], "description": "Null where nobody computed it at the time."},
    "file_sha256": _TEXT,
}
_SIMPLE_FILE: Final[Mapping[str, object]] = {
    "filename": _TEXT,
    "url": {**_TEXT, "description": "An absolute path without a host, and without a query."},
    "hashes": {"type": "object", "additionalProperties": _TEXT},
    "size": {**_NUMBER, "description": "Bytes."},
    "upload-time": _TIME,
    "requires-python": _TEXT,
    "yanked": {"type": ["boolean", "string"], "description": "PEP 592: false, or the reason, or true without one."},
    "core-metadata": {"type": "object", "description": "PEP 714: the digests of `.metadata`, if there is one."},
    "dist-info-metadata": {"type": "object", "description": "The same, for clients older than PEP 714."},
    "provenance": {"type": ["string", "null"], "description": "PEP 740: where the file's attestations are."},
}
_AUDIT_LINE: Final[Mapping[str, object]] = {
    "number": _NUMBER,
    "at": _TIME,
    "action": {**_TEXT, "enum": [action.value for action in Action]},
    "actor": {
        "type": "object",
        "description": "A token by its name, public id and type, and the address it came from.",
    },
    "package": _TEXT,
    "version": _TEXT,
    "filename": _TEXT,
    "sha256": _TEXT,
    "details": {"type": "object", "description": "A reason, a status.", "additionalProperties": _TEXT},
}
_TOKEN: Final[Mapping[str, object]] = {
    "id": {**_TEXT, "description": "Public: it is in the token, the audit trail and the RegistryToken's status."},
    "name": _TEXT,
    "type": {**_TEXT, "enum": [kind.value for kind in TokenType]},
    "scopes": {"type": "array", "items": _TEXT},
    "projects": {"type": "array", "items": _TEXT, "description": "What it asks for besides its own."},
    "packages": {"type": "array", "items": _TEXT, "description": "Patterns of what it may change; none: everything."},
    "state": {**_TEXT, "enum": ["active", "expired", "revoked", "suspended"]},
    "created_at": _TIME,
    "expires_at": {**_TIME, "type": ["string", "null"]},
    "last_used_at": {**_TIME, "type": ["string", "null"]},
}
_META: Final = _object("PEP 629.", {"api-version": {**_TEXT, "description": "1.4"}}, "api-version")

SCHEMAS: Final[Mapping[str, Described]] = {
    "Message": _object("An answer in GitLab's words.", {"message": _TEXT}, "message"),
    "Refusal": _object(
        "Everything that is wrong with a request.",
        {
            "message": {**_TEXT, "description": "All of it, in GitLab's words."},
            "code": {**_TEXT, "description": "The same, under the key that uv shows."},
            "errors": {"type": "array", "items": _TEXT, "description": "One sentence each."},
        },
        *("message", "code", "errors"),
    ),
    "Package": _object("What GitLab calls a package: a release.", _PACKAGE, "id", "name", "version", "package_type"),
    "PackageFile": _object("A file of a package.", _PACKAGE_FILE, *_PACKAGE_FILE),
    "IndexRoot": _object(
        "PEP 691: all packages.",
        {"meta": _META, "projects": {"type": "array", "items": _object("A package.", {"name": _TEXT}, "name")}},
        *("meta", "projects"),
    ),
    "IndexPage": _object(
        "PEP 691 and 700: one package.",
        {
            "meta": _META,
            "name": _TEXT,
            "versions": {"type": "array", "items": _TEXT},
            "files": {"type": "array", "items": _object("A file.", _SIMPLE_FILE, "filename", "url", "hashes", "size")},
            "project-status": {"type": "object", "description": "PEP 792: status and reason, unless it is active."},
        },
        *("meta", "name", "versions", "files"),
    ),
    "AuditLine": _object(
        "What was done; what does not apply is absent.", _AUDIT_LINE, "number", "at", "action", "actor"
    ),
    "Token": _object("A token, without what proves it.", _TOKEN, *_TOKEN),
    "Provenance": {"type": "object", "description": "PEP 740: a provenance object."},
}


def _message(description: str, text: str) -> Described:
    return answer(description, "Message", {"message": text})


_CHALLENGE: Final = {"WWW-Authenticate": {"schema": _TEXT, "example": 'Basic realm="GitLab Packages Registry"'}}
_RETRY: Final = {"Retry-After": {"schema": _NUMBER, "description": "Seconds.", "example": 5}}
# What every route may say; the names are those of `#/components/responses`.
RESPONSES: Final[Mapping[str, Described]] = {
    "Unauthenticated": _message(
        "No credential, or one that cannot be verified: whether the project exists or not, and on public projects "
        "too when a credential was sent and is wrong.",
        "401 Unauthorized",
    )
    | {"headers": _CHALLENGE},
    "Forbidden": _message("The token's scopes do not allow this, or the project's state does not.", "403 Forbidden"),
    "NotFound": _message("There is no such thing, or it is not the reader's to know of.", "404 Project Not Found"),
    "TooManyFailures": answer(
        "Too many credentials with this token's id, or from this address, could not be verified. One that can be is "
        "let in all the same.",
        "Refusal",
        {
            "message": "429 Too Many Requests - Retry in 300 seconds",
            "code": "429 Retry in 300 seconds",
            "errors": ["Retry in 300 seconds"],
        },
    )
    | {"headers": _RETRY},
    "Unavailable": _message(
        "The database or the store cannot be used now, or uploads queue up.", "503 Service Unavailable"
    )
    | {"headers": _RETRY},
}
COMMON_STATUSES: Final[Mapping[str, str]] = {
    "401": "Unauthenticated",
    "403": "Forbidden",
    "404": "NotFound",
    "429": "TooManyFailures",
    "503": "Unavailable",
}

SECURITY_SCHEMES: Final[Mapping[str, Described]] = {
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The token as password. The user name of a personal token is `__token__`, of a deploy token "
        "its own (any is taken), of a job token exactly `gitlab-ci-token`.",
    },
    "private-token": {
        "type": "apiKey",
        "in": "header",
        "name": "PRIVATE-TOKEN",
        "description": "A personal token, as GitLab's API takes it.",
    },
    "deploy-token": {
        "type": "apiKey",
        "in": "header",
        "name": "Deploy-Token",
        "description": "A deploy token, as GitLab's API takes it.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "Any token."},
}
