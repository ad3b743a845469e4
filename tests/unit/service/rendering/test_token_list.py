"""A project's tokens as JSON: what people may know of them."""

import json
from datetime import UTC, datetime

from registry_service.contract.tokens import Scope, TokenType
from registry_service.domain.credentials import ListedToken
from registry_service.rendering.token_list import render_tokens

_MADE = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


def test_a_token_is_told_without_what_proves_it() -> None:
    token = ListedToken(
        id="a1",
        project="demo",
        type=TokenType.DEPLOY,
        name="ci",
        scopes=(Scope.READ_PACKAGE_REGISTRY,),
        not_after=None,
        state="active",
        created_at=_MADE,
        last_used_at=_MADE,
        projects=("shared",),
        packages=("team-*",),
    )
    assert json.loads(render_tokens([token])) == [
        {
            "id": "a1",
            "name": "ci",
            "type": "Deploy",
            "scopes": ["read_package_registry"],
            "projects": ["shared"],
            "packages": ["team-*"],
            "state": "active",
            "created_at": "2026-11-24T10:30:00Z",
            "expires_at": None,
            "last_used_at": "2026-11-24T10:30:00Z",
        }
    ]
