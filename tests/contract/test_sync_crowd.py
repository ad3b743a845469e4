"""A registry with the tokens of a thousand namespaces: what the operator asks of it stays bounded."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from registry_operator.errors import FormerNamespaceError
from registry_operator.registry_client import RegistryClient
from registry_service.contract import sync
from registry_service.contract.sync import SetSummary, TokenEntry, TokenSet
from registry_service.contract.tokens import Scope, TokenType, digest, mint
from registry_service.contract.wire import encode
from tests.support.sync_exchange import exchange_over

if TYPE_CHECKING:
    import httpx2

    from tests.contract.conftest import Registry

pytestmark = pytest.mark.anyio

NAMESPACES, TOKENS = 1000, 10
# A page more than the sets fill, since the last full one cannot know that it is the last.
MOST_REQUESTS = 3
_DEADLINE = 60.0


def _uid(number: int) -> str:
    return f"7e2f0f4e-0000-4000-8000-{number:012}"


def _set(number: int) -> tuple[bytes, str]:
    """The set of a namespace, and one of its tokens."""
    made = [mint(TokenType.DEPLOY, secrets.token_bytes) for _ in range(TOKENS)]
    entries = tuple(
        TokenEntry(
            id=token.split("_")[2],
            digest=digest(token),
            name=f"ci-{place}",
            type=TokenType.DEPLOY,
            scopes=(Scope.READ_PACKAGE_REGISTRY,),
        )
        for place, token in enumerate(made)
    )
    return encode(TokenSet(f"team-{number}", entries)), made[0]


async def test_ten_thousand_tokens_of_a_thousand_namespaces_are_compared_in_three_requests(registry: Registry) -> None:
    client, asked = RegistryClient(exchange_over(registry.sync), _DEADLINE), _counted(registry.sync)
    sent: dict[str, SetSummary] = {}
    working = ""
    for number in range(NAMESPACES):
        body, working = _set(number)
        accepted = await client.put_set(_uid(number), body, sync.NEVER_WRITTEN)
        sent[_uid(number)] = SetSummary(f"team-{number}", _uid(number), sync.body_digest(body), accepted.etag)
        if number == NAMESPACES // 2:
            await _refuses_one(client, number)
    asked.clear()
    held = await client.sets()
    assert {summary.namespace_uid: summary for summary in held} == sent
    assert len(held) == NAMESPACES
    assert 0 < len(asked) <= MOST_REQUESTS
    url = f"/api/v4/projects/team-{NAMESPACES - 1}/packages/pypi/simple/"
    assert (await registry.http.get(url, auth=("ci", working))).status_code == 200


async def _refuses_one(client: RegistryClient, number: int) -> None:
    """A namespace that was made again is refused its predecessor's project; those after it are not."""
    body, _ = _set(number)
    with pytest.raises(FormerNamespaceError):
        await client.put_set(_uid(NAMESPACES + number), body, sync.NEVER_WRITTEN)


def _counted(client: httpx2.AsyncClient) -> list[str]:
    asked: list[str] = []

    async def note(request: httpx2.Request) -> None:
        asked.append(request.url.path)

    client.event_hooks = {"request": [note]}
    return asked
