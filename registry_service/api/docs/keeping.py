"""What is said of the routes about audit and tokens: keyword arguments for their decorators."""

from typing import Final

from registry_service.api.docs.components import Described, answer, header, json_body, query, refusal
from registry_service.rendering.audit_lines import CONTENT_TYPE as JSON_LINES

KEEPING: Final = "Audit and tokens"
_EXAMPLE_TOKEN: Final = {
    "id": "0vJcXkO2rSg5uQ1e",
    "name": "ci",
    "type": "Deploy",
    "scopes": ["read_package_registry", "write_package_registry"],
    "projects": ["shared"],
    "packages": ["team-a-*"],
    "state": "active",
    "created_at": "2026-11-24T10:30:00Z",
    "expires_at": "2027-02-22T10:30:00Z",
    "last_used_at": "2026-11-24T11:05:00Z",
}
_LINE: Final = {
    "number": 12,
    "at": "2026-11-24T10:30:00.000000Z",
    "action": "yank",
    "actor": {"name": "ci", "token_id": "3f9c2a71", "token_type": "personal", "address": "198.51.100.7"},
    "package": "mypypipackage",
    "version": "0.0.1",
    "details": {"reason": "breaks on Python 3.14"},
}
READ_AUDIT: Final[Described] = {
    "tags": [KEEPING],
    "summary": "Read what was done in a project",
    "description": "Who published, yanked, deleted or marked what, when and from where; the oldest line first. Needs "
    "the scope `api`.",
    "responses": {
        200: {
            "description": "One JSON object a line.",
            "content": {JSON_LINES: {"schema": {"$ref": "#/components/schemas/AuditLine"}, "example": _LINE}},
            "headers": {"Link": header('Where more lines follow, with `rel="next"`.', "string")},
        },
        400: refusal("after must be the number of a line"),
    },
    "openapi_extra": {
        "parameters": [query("after", "Only lines that follow this number.", {"type": "integer", "default": 0})]
    },
}
LIST_TOKENS: Final[Described] = {
    "tags": [KEEPING],
    "summary": "List the tokens of a project",
    "description": "Also those that have ended; when one was last used is true to the hour. Needs the scope `api`.",
    "responses": {200: answer("All tokens.", "Token", [_EXAMPLE_TOKEN], many=True)},
}
REVOKE_TOKEN: Final[Described] = {
    "tags": [KEEPING],
    "summary": "Revoke a token that leaked",
    "description": "To hold a token is to be allowed to revoke it: for who finds one. It is dead at once.",
    "response_description": "It is revoked.",
    "responses": {
        400: refusal('The body must be like {"token": "pyr_…"}'),
        404: answer(
            "It is no token of this registry, or none any more.", "Message", {"message": "404 Token Not Found"}
        ),
        429: {"$ref": "#/components/responses/TooManyFailures"},
    },
    "openapi_extra": {
        "security": [],
        "requestBody": json_body("The token.", {"token": {"type": "string"}}, {"token": "pyr_…"}, "token"),
    },
}
