"""A project's tokens as JSON: times in UTC, and null where there is none."""

import json
from datetime import UTC, datetime

from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.credentials import ListedToken
from registry_service.rendering.token_list import render_tokens

_MADE = datetime(2026, 11, 24, 10, 30, 15, 123, tzinfo=UTC)


def test_a_token_is_told_by_all_but_what_proves_it() -> None:
    token = ListedToken(
        "t1", "demo", TokenType.DEPLOY, "ci", (Scope.READ_API,), None, "active", _MADE, None, ("b",), ("a-*",)
    )
    assert json.loads(render_tokens([token])) == [
        {
            "id": "t1",
            "name": "ci",
            "type": "Deploy",
            "scopes": ["read_api"],
            "projects": ["b"],
            "packages": ["a-*"],
            "state": "active",
            "created_at": "2026-11-24T10:30:15Z",
            "expires_at": None,
            "last_used_at": None,
        }
    ]
    assert json.loads(render_tokens([])) == []
