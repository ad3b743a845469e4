"""Guessing tokens: who guesses is told to wait, who has the right one never is."""

from __future__ import annotations

import secrets
import urllib.request
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import environment, urls
from registry_service.contract.tokens import TokenType, mint
from registry_service.memory.failures import PER_ADDRESS, PER_TOKEN
from registry_service.use_cases.minting import TokenRequest
from tests.hostile.target import basic, forged

if TYPE_CHECKING:
    from tests.hostile.target import Answer, Target

pytestmark = pytest.mark.hostile

_INDEX = urls.index_path("attacker")


def _ask(target: Target, token: str, address: str = "") -> Answer:
    return target.ask("GET", _INDEX, headers={"authorization": basic(token), "x-forwarded-for": address})


def _limited(target: Target) -> float:
    url = f"http://{target.registry.server.host}:{environment.METRICS_PORT}/metrics"
    with urllib.request.urlopen(url, timeout=10) as response:
        lines = response.read().decode().splitlines()
    name = 'registry_authentication_failures_total{status="429"} '
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def test_one_token_id_that_is_guessed_at(target: Target) -> None:
    """3.1/22: ten failures in five minutes are answered 401, the next 429; another id begins anew."""
    guessed = mint(TokenType.PERSONAL, secrets.token_bytes)
    before = _limited(target)
    assert {_ask(target, guessed).status for _ in range(PER_TOKEN)} == {401}
    told = _ask(target, guessed)
    assert (told.status, told.headers["content-type"]) == (429, "application/json")
    assert 0 < int(told.headers["retry-after"]) <= 300
    assert _ask(target, mint(TokenType.PERSONAL, secrets.token_bytes)).status == 401
    assert _limited(target) == before + 1


def test_a_token_whose_id_is_guessed_at(target: Target) -> None:
    """3.1/22: a token keeps working however often others failed with its id."""
    token = target.token(TokenRequest("attacker", TokenType.PERSONAL))
    guesses = [_ask(target, forged(token)).status for _ in range(PER_TOKEN + 1)]
    assert guesses == [401] * PER_TOKEN + [429]
    assert _ask(target, token).status == 200


def test_an_address_counts_for_nothing_without_a_proxy(target: Target) -> None:
    """5.12: what connects may be a proxy of everybody's, and what it says of others is not believed."""
    assert {_ask(target, "wrong", "198.18.0.9").status for _ in range(PER_ADDRESS + 5)} == {401}


def test_an_address_that_guesses_behind_a_proxy(proxied: Target) -> None:
    """5.12: a hundred failures, with whatever ids, then 429; its neighbours' tokens and other addresses go on."""
    guesser = "198.18.0.1"
    wrong = [mint(TokenType.PERSONAL, secrets.token_bytes) for _ in range(PER_ADDRESS)]
    assert {_ask(proxied, one, guesser).status for one in wrong} == {401}
    assert _ask(proxied, "wrong", guesser).status == 429
    assert _ask(proxied, "wrong", "198.18.0.2").status == 401
    assert _ask(proxied, proxied.attacker.password, guesser).status == 200
    assert _ask(proxied, "wrong", f"198.18.0.3, {guesser}").status == 429, "the proxy's own word counts"


def test_the_sign_in_page_is_no_way_around(proxied: Target) -> None:
    """5.12: it counts the same failures, in the same place."""
    guessed = mint(TokenType.PERSONAL, secrets.token_bytes)
    headers = {"origin": f"http://{proxied.attacker.host}", "authorization": "", "x-forwarded-for": "198.18.0.4"}
    form = f"username=__token__&token={guessed}".encode()
    asked = [proxied.ask("POST", "/-/sign-in", headers=headers, body=form) for _ in range(PER_TOKEN + 1)]
    assert [one.status for one in asked] == [401] * PER_TOKEN + [429]
    assert int(asked[-1].headers["retry-after"]) > 0
    assert _ask(proxied, guessed, "198.18.0.5").status == 429
