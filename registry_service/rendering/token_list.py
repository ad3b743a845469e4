"""The tokens of a project as JSON: all but what proves them."""

from collections.abc import Iterable
from datetime import datetime

from registry_service.domain.credentials import ListedToken
from registry_service.rendering.json import render


def render_tokens(tokens: Iterable[ListedToken]) -> bytes:
    """One object for each token; times in UTC, null where there is none."""
    return render([_token(token) for token in tokens])


def _token(token: ListedToken) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "type": token.type.value,
        "scopes": token.scopes,
        "projects": token.projects,
        "packages": token.packages,
        "state": token.state,
        "created_at": _time(token.created_at),
        "expires_at": _time(token.not_after),
        "last_used_at": _time(token.last_used_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
