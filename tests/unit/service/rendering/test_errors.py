"""Errors as clients see them."""

import json

import pytest

from registry_service.contract.sync import RefusalReason
from registry_service.errors import (
    BlobMissingError,
    BusyError,
    DatabaseError,
    FileNameTakenError,
    ForbiddenError,
    GoneError,
    HiddenError,
    NotFoundError,
    RefusedError,
    RegistryError,
    StorageError,
    SyncRefusedError,
    TooManyFailuresError,
    UnauthenticatedError,
)
from registry_service.rendering.errors import render_error, render_problem, render_unrouted


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (UnauthenticatedError(), 401, "401 Unauthorized"),
        (ForbiddenError(), 403, "403 Forbidden"),
        (ForbiddenError("It is archived"), 403, "403 Forbidden - It is archived"),
        (HiddenError("Group"), 404, "404 Group Not Found"),
        (HiddenError(), 404, "404 Project Not Found"),
        (NotFoundError("Package"), 404, "404 Package Not Found"),
        (RefusedError("File is too large"), 400, "400 Bad request - File is too large"),
        (RefusedError("one", "two"), 400, "400 Bad request - one; two"),
        (GoneError("use another"), 410, "410 Gone - use another"),
        (DatabaseError("DatabaseUnreachable", "secret address"), 503, "503 Service Unavailable"),
        (StorageError("StorageUnreachable", "secret address"), 503, "503 Service Unavailable"),
        (BlobMissingError("1/a/b"), 503, "503 Service Unavailable"),
        (BusyError("too many uploads"), 503, "503 Service Unavailable - too many uploads"),
        (RegistryError("secret"), 500, "500 Internal Server Error"),
    ],
)
def test_an_error_has_gitlabs_status_and_words(error: RegistryError, status: int, message: str) -> None:
    answer = render_error(error)
    assert (answer.status, json.loads(answer.body)["message"]) == (status, message)
    assert b"secret" not in answer.body


def test_only_an_unauthenticated_client_is_challenged() -> None:
    assert render_error(UnauthenticatedError()).headers == {
        "www-authenticate": 'Basic realm="GitLab Packages Registry"'
    }
    assert render_error(HiddenError()).headers == {}


def test_who_fails_too_often_is_told_in_whole_seconds_when_to_come_back() -> None:
    answer = render_error(TooManyFailuresError(7))
    assert (answer.status, answer.headers) == (429, {"retry-after": "7"})
    assert json.loads(answer.body)["message"].startswith("429 Too Many Requests - ")


def test_an_outage_says_in_whole_seconds_when_to_come_back() -> None:
    for error in (DatabaseError("DatabaseUnreachable", ""), BusyError("too many uploads")):
        assert render_error(error).headers["retry-after"].isdecimal()


def test_a_taken_name_is_recognised_by_every_client() -> None:
    answer = render_error(FileNameTakenError("f.whl", known_as="f.whl", sha256="a" * 64))
    body = json.loads(answer.body)
    for words in ("Validation failed: File name has already been taken", "already exists"):
        assert words in body["message"]
        assert words in body["code"]
    other = json.loads(render_error(FileNameTakenError("F.whl", known_as="f.whl", sha256="a" * 64)).body)
    assert "as f.whl, which already exists" in other["message"]


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (RefusalReason.UNAUTHORIZED, 401),
        (RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE, 409),
        (RefusalReason.ETAG_MISMATCH, 412),
        (RefusalReason.UNKNOWN_FIELD, 422),
        (RefusalReason.INVALID_BODY, 400),
        (RefusalReason.TOO_MANY_TOKENS, 400),
    ],
)
def test_the_operator_gets_a_reason(reason: RefusalReason, status: int) -> None:
    answer = render_error(SyncRefusedError(reason, "why"))
    assert (answer.status, json.loads(answer.body)) == (status, {"reason": reason, "message": "why"})


def test_every_refusal_reason_has_a_status() -> None:
    assert all(render_error(SyncRefusedError(reason, "")).status for reason in RefusalReason)


def test_a_refusals_reason_fits_into_a_status_line() -> None:
    reason = render_error(RefusedError("ü\r\nset-cookie: evil" + "x" * 1000)).headers["x-error-message"]
    assert reason.startswith("???set-cookie: evil")
    assert len(reason) == 400


@pytest.mark.parametrize(("status", "words"), [(404, "404 Not Found"), (405, "405 Not Allowed")])
def test_a_path_that_is_not_there_has_the_words_of_gitlabs_framework(status: int, words: str) -> None:
    assert json.loads(render_unrouted(status)) == {"error": words}


def test_a_request_that_is_sent_in_a_wrong_way_is_told_so_like_any_other() -> None:
    answer = render_problem(431, "The header is too long")
    assert (answer.status, answer.headers["x-error-message"]) == (431, "The header is too long")
    assert json.loads(answer.body)["message"] == "431 Request Header Fields Too Large - The header is too long"
