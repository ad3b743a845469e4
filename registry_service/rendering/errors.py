"""Errors as HTTP: GitLab's statuses and words, and the keys that each client shows a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

from registry_service.contract import wire
from registry_service.contract.sync import Refusal, RefusalReason
from registry_service.errors import (
    BusyError,
    ForbiddenError,
    GoneError,
    HiddenError,
    NotFoundError,
    ReasonedError,
    RefusedError,
    RegistryError,
    SyncRefusedError,
    TooManyFailuresError,
    UnauthenticatedError,
)
from registry_service.rendering.json import render

RETRY_AFTER_SECONDS: Final = 5
CHALLENGE: Final = 'Basic realm="GitLab Packages Registry"'
MAX_REASON_CHARACTERS: Final = 400
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]")
_SYNC_STATUS: Final = {
    RefusalReason.UNAUTHORIZED: 401,
    RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE: 409,
    RefusalReason.ETAG_MISMATCH: 412,
    RefusalReason.UNKNOWN_FIELD: 422,
    RefusalReason.INVALID_BODY: 400,
    RefusalReason.TOO_MANY_TOKENS: 400,
}


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as a client gets it: always `application/json`, because uv reads no other type."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def render_error(error: RegistryError) -> ErrorAnswer:  # noqa: PLR0911 - one for each kind of error
    """Put an error into GitLab's form: `{"message": "401 Unauthorized"}` and the like."""
    match error:
        case RefusedError(problems=problems):
            return _explained(400, "Bad request", problems)
        case GoneError():
            return _explained(410, "Gone", (str(error),))
        case SyncRefusedError(reason=reason, message=message):
            refusal = Refusal(RefusalReason(reason), message)
            return ErrorAnswer(_SYNC_STATUS[refusal.reason], wire.encode(refusal))
        case NotFoundError(what=what):
            return _answer(404, f"404 {what} Not Found")
        case BusyError():
            answer = _explained(503, "Service Unavailable", (str(error),))
            return replace(answer, headers={**answer.headers, "retry-after": str(RETRY_AFTER_SECONDS)})
        case ReasonedError():
            return _answer(503, "503 Service Unavailable", {"retry-after": str(RETRY_AFTER_SECONDS)})
    return _access_denied(error)


def render_problem(status: int, problem: str) -> ErrorAnswer:
    """Refuse a request for how it is sent, before anybody asks what it wants."""
    return _explained(status, HTTPStatus(status).phrase, (problem,))


def _access_denied(error: RegistryError) -> ErrorAnswer:
    match error:
        case TooManyFailuresError(seconds=seconds):
            problem = f"Too many credentials from here or with this id were wrong. Retry in {seconds} seconds"
            return replace(render_problem(429, problem), headers={"retry-after": str(seconds)})
        case UnauthenticatedError():
            return _answer(401, "401 Unauthorized", {"www-authenticate": CHALLENGE})
        case ForbiddenError(why=""):
            return _answer(403, "403 Forbidden")
        case ForbiddenError(why=why):
            return _explained(403, "Forbidden", (why,))
        case HiddenError(what=what):
            return _answer(404, f"404 {what} Not Found")
    return _answer(500, "500 Internal Server Error")


def _explained(status: int, title: str, problems: tuple[str, ...]) -> ErrorAnswer:
    text = "; ".join(problems)
    # `message` is GitLab's key, `code` the one that uv shows, `errors` has each problem by itself.
    body = {"message": f"{status} {title} - {text}", "code": f"{status} {text}", "errors": problems}
    # What a header and a status line may hold, and no more of it than a person reads.
    reason = _UNPRINTABLE.sub("?", text)[:MAX_REASON_CHARACTERS]
    return ErrorAnswer(status, render(body), {"x-error-message": reason})


def _answer(status: int, message: str, headers: Mapping[str, str] | None = None) -> ErrorAnswer:
    return ErrorAnswer(status, render({"message": message}), headers or {})


def render_unrouted(status: int) -> bytes:
    """What GitLab's framework says where no route answers, or none for the method: `{"error": "404 Not Found"}`."""
    phrase = "Not Allowed" if status == HTTPStatus.METHOD_NOT_ALLOWED else HTTPStatus(status).phrase
    return render({"error": f"{status} {phrase}"})
