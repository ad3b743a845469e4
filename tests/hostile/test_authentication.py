"""Credentials that are stolen, guessed, doubled, mistyped or too small for what they are used for."""

from __future__ import annotations

import json
import secrets
import statistics
import threading
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from registry_service.contract import urls
from registry_service.contract.tokens import JOB_USERNAME, Scope, TokenType, mint
from registry_service.use_cases.minting import TokenRequest
from tests.hostile.target import basic, forged, statuses
from tests.support import packages
from tests.support.forms import CONTENT_TYPE, file, form, part

if TYPE_CHECKING:
    from tests.contract.conftest import Registry
    from tests.hostile.target import Answer, Target

pytestmark = pytest.mark.hostile

_UPLOAD, _INDEX = urls.upload_path("attacker"), urls.index_path("attacker")
_OTHERS_INDEX = urls.index_path("other-team")
_PAIRS = 40
_THREADS = 8


def _ask(target: Target, token: str, path: str = _INDEX, method: str = "GET", username: str = "__token__") -> Answer:
    return target.ask(method, path, headers={"authorization": basic(token, username)})


def _publish(target: Target, token: str, name: str, username: str = "__token__") -> int:
    body = form(part("name", name), part("version", "0.0.1"), file(packages.wheel(name=name)))
    headers = {"authorization": basic(token, username), "content-type": CONTENT_TYPE}
    return target.ask("POST", _UPLOAD, headers=headers, body=body).status


def _wrong() -> str:
    """A token that nobody ever issued."""
    return mint(TokenType.PERSONAL, secrets.token_bytes)


def test_an_id_cannot_be_probed(target: Target) -> None:
    """3.1/1: a known id with a wrong secret is answered as an unknown id: same words, same time."""
    token = target.token(TokenRequest("attacker", TokenType.PERSONAL))
    known, unknown = forged(token), _wrong()
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    assert known.split("_")[2] == token.split("_")[2]
    answers: dict[str, list[tuple[int, bytes]]] = {"known": [], "unknown": []}
    for _ in range(_PAIRS):
        for name, one in (("known", known), ("unknown", unknown)):
            started = time.perf_counter()
            answer = _ask(target, one)
            spent[name].append(time.perf_counter() - started)
            answers[name].append((answer.status, answer.body[:40]))
    assert answers["known"] == answers["unknown"]
    medians = [statistics.median(times) for times in spent.values()]
    assert max(medians) < 2 * min(medians)
    assert _ask(target, token).status == 200


def test_a_token_of_another_registry(target: Target, registry_behind_a_proxy: Target) -> None:
    """3.1/2: it is one that nobody ever issued."""
    assert _ask(target, registry_behind_a_proxy.attacker.password).status == 401


def test_a_reader_who_uploads(target: Target) -> None:
    """3.1/4: refused by the head alone; of a body that waits for leave not a byte is asked for."""
    reader = target.token(TokenRequest("attacker", TokenType.PERSONAL, scopes=(Scope.READ_API,)))
    lines = ("Expect: 100-continue", f"Content-Length: {100 * packages.MIB}", f"Content-Type: {CONTENT_TYPE}")
    assert statuses(target.exchange(target.head("POST", _UPLOAD, *lines, password=reader))) == [403]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", _INDEX),
        ("GET", "/api/v4/projects/attacker/packages"),
        ("GET", "/api/v1/projects/attacker/audit"),
        ("DELETE", "/api/v4/projects/attacker/packages/1"),
        ("PUT", "/api/v1/projects/attacker/packages/a/1/yank"),
        ("PUT", "/api/v1/projects/attacker/status"),
    ],
)
def test_an_uploader_who_does_anything_else(target: Target, method: str, path: str) -> None:
    """3.1/5: a token that may only publish reads, deletes and yanks nothing."""
    writer = target.token(TokenRequest("attacker", TokenType.PERSONAL, scopes=(Scope.WRITE_PACKAGE_REGISTRY,)))
    assert _ask(target, writer, path, method).status == 403
    assert _ask(target, writer, path.replace("attacker", "other-team"), method).status == 404


def test_spellings_of_one_name(target: Target) -> None:
    """3.1/10: every spelling is the same package, and what only looks like one is another or none."""
    token = target.attacker.password
    assert _publish(target, token, "acme-sdk") == 201
    for spelling in ("Acme__SDK", "acme.sdk", "ACME-SDK", "acme._-sdk"):
        assert _ask(target, token, f"{_INDEX}/{spelling}/").status == 200
    for other in ("acme", "acmesdk", "acme-sdk2", "acme%20sdk", "acme%2Fsdk", "acme-sdk%00", "%EF%BD%81cme-sdk"):
        assert _ask(target, token, f"{_INDEX}/{other}/").status == 404


def test_a_name_and_a_version_that_together_are_another(target: Target) -> None:
    """3.1/11: `rails-html` at `sanitizer-1.4.2` is not `rails-html-sanitizer` at `1.4.2`."""
    assert _publish(target, target.attacker.password, "rails-html-sanitizer") == 201
    for package, version in (("rails-html", "sanitizer-0.0.1"), ("rails", "html-sanitizer-0.0.1")):
        path = f"/api/v1/projects/attacker/packages/{package}/{version}/yank"
        assert _ask(target, target.attacker.password, path, "PUT").status in (400, 404)


def test_a_token_that_is_revoked_while_it_is_used(target: Target) -> None:
    """3.1/13: no request that begins after the revocation succeeds, on any connection."""
    token = target.token(TokenRequest("attacker", TokenType.PERSONAL))
    seen: list[tuple[float, int]] = []
    ended = threading.Event()

    def use() -> None:
        while not ended.is_set():
            began = time.monotonic()
            seen.append((began, _ask(target, token).status))

    threads = [threading.Thread(target=use) for _ in range(_THREADS)]
    for one in threads:
        one.start()
    target.revoke(token)
    revoked = time.monotonic()
    while sum(began > revoked for began, _ in list(seen)) < 2 * _THREADS:
        time.sleep(0.01)  # until enough requests have begun since
    ended.set()
    for one in threads:
        one.join()
    assert {status for began, status in seen if began > revoked} <= {401, 429}


def test_a_token_of_others_is_not_ended(target: Target) -> None:
    """3.1/16: who knows only the id of a token cannot revoke it; nor does a foreign project's number help."""
    revoke, nobody = "/api/v1/tokens/revoke", {"authorization": ""}
    for found in (forged(target.other.password), target.other.password.split("_")[2], "", "\ud800", "pyr_p_\0"):
        body = json.dumps({"token": found}).encode()
        assert target.ask("POST", revoke, headers=nobody, body=body).status in (400, 404)
    foreign = f"/api/v4/projects/{target.number('other-team')}"
    for path in (f"{foreign}/packages", f"{foreign}/packages/1/package_files", f"{foreign}/packages/pypi/simple"):
        assert _ask(target, target.attacker.password, path).status == 404


def test_two_credentials(target: Target) -> None:
    """3.1/19: two headers of a kind are refused; of two kinds the first counts alone, never the better one."""
    good, bad = target.attacker.password, _wrong()
    for lines in (
        [f"Authorization: {basic(bad)}", f"Authorization: {basic(good)}"],
        [f"Authorization: {basic(good)}", f"Authorization: {basic(bad)}"],
        [f"Private-Token: {good}", f"Private-Token: {bad}"],
    ):
        assert statuses(target.exchange(target.head("GET", _INDEX, *lines, password=""))) == [400]
    mixed = ["Connection: close", f"Authorization: {basic(bad)}", f"Private-Token: {good}", f"Deploy-Token: {good}"]
    assert statuses(target.exchange(target.head("GET", _INDEX, *mixed, password=""))) == [401]
    both = ["Connection: close", f"Authorization: {basic(bad)}, {basic(good)}"]
    assert statuses(target.exchange(target.head("GET", _INDEX, *both, password=""))) == [401]


@pytest.mark.parametrize("username", ["", "root", "other-team", "somebody@evil", "a" * 4000, "\x00", JOB_USERNAME])
def test_a_user_name_that_is_not_the_tokens(target: Target, username: str) -> None:
    """3.1/20: who asks is the token alone; a user name adds nothing."""
    assert _publish(target, target.attacker.password, f"by-{abs(hash(username))}", username) == 201
    assert target.actors()[-1]["token_id"] == target.attacker.password.split("_")[2]
    assert _ask(target, target.attacker.password, _OTHERS_INDEX, username=username).status == 404
    job = target.token(TokenRequest("attacker", TokenType.JOB))
    assert _ask(target, job, username=username).status == (200 if username == JOB_USERNAME else 401)


def test_tokens_that_are_nearly_right(target: Target) -> None:
    """3.1/22: a flipped letter, another case, a piece, more than the whole: 401."""
    token = target.attacker.password
    flipped = token[:30] + ("a" if token[30] != "a" else "b") + token[31:]
    for wrong in (flipped, token.swapcase(), token[:-1], token + "a", token + "\n", f" {token}", token.upper(), "pyr_"):
        assert _ask(target, wrong).status == 401, wrong


@pytest.mark.parametrize(
    "value",
    ["", "Basic", "Basic ", "Basic !!!", "Basic " + "A" * 40_000, "Digest a=b", "Bearer", "Negotiate x", "Basic Og=="],
)
def test_headers_that_are_no_credential(target: Target, value: str) -> None:
    """3.1/22: what cannot be read is a credential that is wrong, on a public project too."""
    for project in ("attacker", "open"):
        lines = (f"Authorization: {value}", "Connection: close")
        sent = target.head("GET", urls.index_path(project), *lines, password="")
        assert statuses(target.exchange(sent)) == [401]


@pytest.mark.anyio
async def test_a_mistyped_token_costs_no_query(registry: Registry) -> None:
    """3.1/22: a checksum that is wrong is known to be without the database."""
    token, queries = await registry.token(), [0]

    def count(*_: object) -> None:
        queries[0] += 1

    engine = registry.service.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    for wrong in (token[:-1] + ("a" if token[-1] != "a" else "b"), "password", token.lower()):
        assert (await registry.page(wrong)).status_code == 401
    assert queries == [0]
    await registry.page(token)
    event.remove(engine, "before_cursor_execute", count)
    assert queries[0] > 0


def test_tokens_leave_no_trace(target: Target) -> None:
    """3.1/23: made, used well and badly, as credential, field and query; then looked for in every place there is."""
    for _ in range(20):
        token = target.token(TokenRequest("attacker", TokenType.PERSONAL))
        assert _ask(target, token).status == 200
        _ask(target, token + "x")
        target.exchange(
            target.head("GET", f"{_INDEX}?private_token={token}", password="") + token.encode() + b"\r\n\r\n"
        )
        target.ask("POST", _UPLOAD, headers={"content-type": CONTENT_TYPE}, body=form(part("password", token)))
        sign_in = f"username=__token__&token={token}&next=/attacker/-/packages".encode()
        origin = {"origin": f"http://{target.attacker.host}", "authorization": ""}
        assert target.ask("POST", "/-/sign-in", headers=origin, body=sign_in).status == 303
    assert target.leaks() == {}
