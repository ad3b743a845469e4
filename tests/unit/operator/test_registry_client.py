"""The client of the sync port against a peer that means ill: users choose the image at the other end."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable

import pytest

from registry_operator import certificates, registry_client
from registry_operator.errors import (
    FormerNamespaceError,
    RegistryError,
    RegistryRefusedError,
    RegistryTooOldError,
    RegistryUnreachableError,
    SetChangedError,
)
from registry_operator.registry_client import RegistryClient, SyncAddress
from registry_service.contract import sync, wire
from tests.unit.operator.sync_peer import HOST, NOW, Answer, Peer, always, json_reply, listening

DEADLINE = 2.0
Use = Callable[[RegistryClient], Awaitable[object]]


def ask(answer: Answer, use: Use, *, ca: str | None = None) -> tuple[object, Peer]:
    """Let `use` talk to a peer that answers with `answer`."""

    async def main() -> tuple[object, Peer]:
        async with listening(answer) as peer:
            address = SyncAddress(peer.url, peer.ca if ca is None else ca, "sesame", DEADLINE)
            async with registry_client.connect(address) as client:
                return await use(client), peer

    return asyncio.run(main())


def ask_in_vain(answer: Answer, use: Use) -> tuple[str, Peer]:
    """Like `ask`, for an answer that cannot be used; returns what the error said."""
    peers: list[Peer] = []

    async def main() -> str:
        async with listening(answer) as peer:
            peers.append(peer)
            async with registry_client.connect(SyncAddress(peer.url, peer.ca, "sesame", DEADLINE)) as client:
                with pytest.raises(RegistryUnreachableError) as raised:
                    await use(client)
                return str(raised.value)

    return asyncio.run(main()), peers[0]


def put(client: RegistryClient) -> Awaitable[object]:
    return client.put_set("uid-1", b"{}", '"7"')


def refused(status: int, reason: sync.RefusalReason) -> Answer:
    return always(json_reply(status, wire.encode(sync.Refusal(reason, "because"))))


def test_a_set_is_put_with_its_etag_and_the_key_and_answered_with_the_new_etag() -> None:
    reply = sync.SetReply(project_id=3, project="team-a", revoked=("x",))
    answer, peer = ask(always(json_reply(200, wire.encode(reply), 'ETag: "8"')), put)
    assert answer == registry_client.Acknowledgement(reply, '"8"')
    head = peer.requests[0].decode().lower()
    assert head.startswith("put /sync/v1/sets/uid-1 http/1.1\r\n")
    assert 'if-match: "7"\r\n' in head
    assert "authorization: bearer sesame\r\n" in head
    assert "accept-encoding: identity\r\n" in head


def test_all_pages_of_sets_are_read() -> None:
    def summary(uid: str) -> sync.SetSummary:
        return sync.SetSummary(namespace="n", namespace_uid=uid, digest="d", etag='"1"')

    async def answer(request: bytes) -> bytes:
        second = b"?after=u1" in request
        page = sync.SetPage((summary("u2"),)) if second else sync.SetPage((summary("u1"),), next="u1")
        return json_reply(200, wire.encode(page))

    found, peer = ask(answer, lambda client: client.sets())
    assert found == (summary("u1"), summary("u2"))
    assert len(peer.requests) == 2


def test_a_list_without_an_end_is_left() -> None:
    page = json_reply(200, wire.encode(sync.SetPage((), next="again")))
    with pytest.raises(RegistryUnreachableError, match="does not end"):
        ask(always(page), lambda client: client.sets())


def test_all_pages_together_are_bounded_like_one_reply() -> None:
    many = tuple(
        sync.SetSummary(namespace="n" * 63, namespace_uid=f"u{i}", digest="d" * 64, etag="e") for i in range(500)
    )
    page = wire.encode(sync.SetPage(many, next="again"))
    _, peer = ask_in_vain(always(json_reply(200, page)), lambda client: client.sets())
    assert len(peer.requests) == registry_client.MAX_REPLY_BYTES // len(page) + 1


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (412, sync.RefusalReason.ETAG_MISMATCH, SetChangedError),
        (409, sync.RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE, FormerNamespaceError),
        (422, sync.RefusalReason.UNKNOWN_FIELD, RegistryTooOldError),
        (422, sync.RefusalReason.TOO_MANY_TOKENS, RegistryRefusedError),
        (401, sync.RefusalReason.UNAUTHORIZED, RegistryRefusedError),
    ],
)
def test_refusals_become_errors_that_name_the_reason(
    status: int, reason: sync.RefusalReason, error: type[RegistryError]
) -> None:
    with pytest.raises(error, match=reason) as raised:
        ask(refused(status, reason), put)
    assert type(raised.value) is error


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(json_reply(302, b"", "Location: https://elsewhere.example/"), id="redirect"),
        pytest.param(json_reply(200, b"not json"), id="no JSON"),
        pytest.param(json_reply(200, b'{"projectID": 1}'), id="field missing"),
        pytest.param(json_reply(200, b'{"projectID": "1", "project": "a"}'), id="field of another type"),
        pytest.param(json_reply(500, b"<html>" + b"x" * 9000), id="error page"),
        pytest.param(json_reply(200, gzip.compress(b"x" * 10**6), "Content-Encoding: gzip"), id="compressed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", id="cut off"),
        pytest.param(b"SSH-2.0-no\r\n\r\n", id="another protocol"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_an_answer_that_cannot_be_used_means_unreachable_in_few_words(reply: bytes) -> None:
    with pytest.raises(RegistryUnreachableError) as raised:
        ask(always(reply), put)
    assert 0 < len(str(raised.value)) < 600


def test_an_etag_that_is_none_reaches_nobody() -> None:
    _, peer = ask_in_vain(always(b""), lambda client: client.put_set("uid-1", b"{}", '"7"\r\nHost: elsewhere'))
    assert peer.requests == []


def test_a_long_reply_is_not_read_to_its_end() -> None:
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b" " * (registry_client.MAX_REPLY_BYTES + 1)
    with pytest.raises(RegistryUnreachableError, match="longer than"):
        ask(always(endless), put)


def test_a_silent_peer_costs_the_deadline_and_no_more() -> None:
    async def silence(_: bytes) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(RegistryUnreachableError, match="within 2 s"):
        ask(silence, put)


def test_a_peer_with_a_certificate_of_another_issuer_gets_no_key() -> None:
    requests: list[bytes] = []

    async def answer(request: bytes) -> bytes:
        requests.append(request)
        return b""

    with pytest.raises(RegistryUnreachableError):
        ask(answer, put, ca=certificates.issue(HOST, NOW).ca)
    assert requests == []


@pytest.mark.parametrize("ca", ["", "not PEM"])
def test_a_broken_ca_is_an_error_of_ours(ca: str) -> None:
    with pytest.raises(RegistryUnreachableError, match=r"ca\.crt"):
        ask(always(b""), put, ca=ca)


def test_the_key_is_not_shown() -> None:
    assert "sesame" not in repr(SyncAddress("https://x:1", "ca", "sesame", 1.0))
