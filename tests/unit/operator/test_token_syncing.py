"""What a registry's acknowledgement is believed."""

import asyncio

import pytest

from registry_operator import registry_client
from registry_operator.errors import RegistryUnreachableError
from registry_operator.reconcilers.keys import RegistryKey, TokenSetKey
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.reconcilers.token_syncing import SetSender
from registry_operator.registry_client import SyncAddress
from registry_service.contract import sync, wire
from tests.unit.operator.sync_peer import always, json_reply, listening

KEY = TokenSetKey(RegistryKey("team-a", "demo"), "team-b")
HELD = sync.SetSummary(namespace="team-b", namespace_uid="uid-1", digest="d", etag='"1"', revoked=("old",))


def send(project: str) -> tuple[sync.SetSummary, SyncMemory]:
    """Send a set to a registry that acknowledges it for `project`."""
    memory = SyncMemory()
    reply = wire.encode(sync.SetReply(project_id=7, project=project, revoked=("new",)))

    async def main() -> sync.SetSummary:
        async with listening(always(json_reply(200, reply, 'ETag: "2"'))) as peer:
            address = SyncAddress(peer.url, peer.ca, "key", 2.0)
            async with registry_client.connect(address) as client:
                return (await SetSender(KEY, client, memory).send(HELD, b"{}"))[0]

    return asyncio.run(main()), memory


def test_an_acknowledged_set_is_remembered_with_all_that_is_revoked() -> None:
    now, memory = send("team-b")
    assert now == sync.SetSummary("team-b", "uid-1", sync.body_digest(b"{}"), '"2"', ("new", "old"))
    assert memory.held(KEY.registry) == {"uid-1": now}


@pytest.mark.parametrize("project", ["team-a", "", "team-b\nextra-index-url = https://evil.example", "../team-b"])
def test_a_registry_does_not_choose_what_stands_in_other_namespaces_files(project: str) -> None:
    with pytest.raises(RegistryUnreachableError, match="another project"):
        send(project)
