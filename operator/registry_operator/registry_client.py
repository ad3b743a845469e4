"""A registry's sync port, seen from the operator; the only code that calls it.

The service at the other end runs an image that a user chose, so it is treated as hostile: its certificate is
pinned to the CA in its sync Secret, redirects are not followed, replies are bounded, and each call has a deadline.
No proxy of the environment is used: the address is a Service of this cluster.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from http import HTTPMethod, HTTPStatus
from typing import Final, TypeAlias, TypeVar

import aiohttp

from registry_operator.errors import (
    FormerNamespaceError,
    RegistryRefusedError,
    RegistryTooOldError,
    RegistryUnreachableError,
    SetChangedError,
    WouldWriteError,
)
from registry_service.contract import sync, wire

T = TypeVar("T")

MAX_REPLY_BYTES: Final = sync.MAX_BODY_BYTES
# A list with more pages than this belongs to a registry that names a following page for ever.
MAX_PAGES: Final = 50
# What a refusal says may be shown to people, so it is cut to the length that a condition can hold with room to spare.
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class SyncAddress:
    """Where a sync port is and how both ends know each other.

    `url` is `https://host:port`; `ca` is PEM, the only issuer that is trusted; `key` is sent as a Bearer token;
    `deadline` bounds each call, in seconds, whole reply included.
    """

    url: str
    ca: str
    key: str
    deadline: float

    def __repr__(self) -> str:
        return f"SyncAddress({self.url})"


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a sync port, but for what is the same in all of them."""

    method: HTTPMethod
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, ETag and the whole body of one answer."""

    status: int
    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An accepted set: what became of it, and the ETag that it has now."""

    reply: sync.SetReply
    etag: str


class Result(StrEnum):
    """How a call ended, as metrics count it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


# Sends a request and reads its reply; raises RegistryUnreachableError.
Exchange: TypeAlias = Callable[[Request], Awaitable[Reply]]

# Told of each call how it ended and how many seconds it took.
Observe: TypeAlias = Callable[[Result, float], None]


def _unobserved(_result: Result, _seconds: float) -> None:
    """Nobody counts."""


class RegistryClient:
    """The verbs of the sync port. Every method raises RegistryError and nothing else for a failed call."""

    def __init__(
        self, exchange: Exchange, deadline: float, observe: Observe = _unobserved, *, writes: bool = True
    ) -> None:
        self._exchange = exchange
        self._deadline = deadline
        self._observe = observe
        self._writes = writes

    def only_looking(self) -> RegistryClient:
        """The same connection for a pass that may only look: each write raises WouldWriteError."""
        return RegistryClient(self._exchange, self._deadline, self._observe, writes=False)

    async def sets(self) -> tuple[sync.SetSummary, ...]:
        """All sets that the registry holds; all pages together are bounded like one reply."""
        found: list[sync.SetSummary] = []
        query: dict[str, str] = {}
        left = MAX_REPLY_BYTES
        for _ in range(MAX_PAGES):
            reply = await self._call(Request(HTTPMethod.GET, sync.SETS_PATH, query))
            left -= len(reply.body)
            if left < 0:
                break
            page = _decode(sync.SetPage, reply)
            found += page.sets
            if page.next is None:
                return tuple(found)
            query = {"after": page.next}
        raise RegistryUnreachableError("the registry's list of sets does not end")

    async def held_set(self, namespace_uid: str) -> sync.SetSummary:
        """What the registry holds for one namespace; its ETag is NEVER_WRITTEN before the first set."""
        return _decode(sync.SetSummary, await self._call(Request(HTTPMethod.GET, f"{sync.SETS_PATH}/{namespace_uid}")))

    async def put_set(self, namespace_uid: str, body: bytes, etag: str) -> Acknowledgement:
        """Replace one namespace's set, if its ETag still is `etag`; raises SetChangedError when it is not."""
        reply = await self._put(f"{sync.SETS_PATH}/{namespace_uid}", body, etag)
        return Acknowledgement(_decode(sync.SetReply, reply), reply.etag)

    async def rules(self) -> sync.RulesState:
        """The rules that the registry obeys."""
        return _decode(sync.RulesState, await self._call(Request(HTTPMethod.GET, sync.RULES_PATH)))

    async def put_rules(self, body: bytes, etag: str) -> sync.RulesState:
        """Replace the rules, if their ETag still is `etag`; raises SetChangedError when it is not."""
        return _decode(sync.RulesState, await self._put(sync.RULES_PATH, body, etag))

    async def _put(self, path: str, body: bytes, etag: str) -> Reply:
        if not self._writes:
            raise WouldWriteError(f"PUT {path}")
        headers = {"If-Match": etag, "Content-Type": "application/json"}
        return await self._call(Request(HTTPMethod.PUT, path, headers=headers, body=body))

    async def _call(self, request: Request) -> Reply:
        began, result = time.monotonic(), Result.UNREACHABLE
        try:
            reply = _accepted(await self._send(request))
            result = Result.ACCEPTED
        except RegistryRefusedError:
            result = Result.REFUSED
            raise
        finally:
            self._observe(result, time.monotonic() - began)
        return reply

    async def _send(self, request: Request) -> Reply:
        try:
            async with asyncio.timeout(self._deadline):
                return await self._exchange(request)
        except TimeoutError as error:
            raise RegistryUnreachableError(f"no reply within {self._deadline:g} s") from error


@asynccontextmanager
async def connect(address: SyncAddress, observe: Observe = _unobserved) -> AsyncIterator[RegistryClient]:
    """Open a client for the pass that needs it; raises RegistryUnreachableError when the CA is not one."""
    # Not create_default_context: given no CA, it would trust every public one.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(cadata=address.ca)
    except (ssl.SSLError, ValueError) as error:
        raise RegistryUnreachableError("the sync Secret's ca.crt is not a certificate") from error
    session = aiohttp.ClientSession(
        address.url,
        connector=aiohttp.TCPConnector(ssl=context),
        # A compressed reply could grow past its bound while it is unpacked.
        headers={"Authorization": f"Bearer {address.key}", "Accept-Encoding": "identity"},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        # Each call has its deadline, see RegistryClient.
        timeout=aiohttp.ClientTimeout(),
    )
    async with session:
        yield RegistryClient(partial(_exchange, session), address.deadline, observe)


async def _exchange(session: aiohttp.ClientSession, request: Request) -> Reply:
    try:
        async with session.request(
            request.method,
            request.path,
            params=request.query,
            headers=request.headers,
            data=request.body,
            allow_redirects=False,
        ) as response:
            return Reply(response.status, response.headers.get("ETag", ""), await _bounded(response.content))
    except (aiohttp.ClientError, ValueError) as error:
        # ValueError: an ETag of the registry's that no header can hold.
        raise RegistryUnreachableError(f"{type(error).__name__}: {error}"[:_SHOWN]) from error


def _accepted(reply: Reply) -> Reply:
    if reply.status != HTTPStatus.OK:
        raise _refusal(reply)
    return reply


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > MAX_REPLY_BYTES:
            raise RegistryUnreachableError(f"the reply is longer than {MAX_REPLY_BYTES} bytes")
    return bytes(body)


def _decode(kind: type[T], reply: Reply) -> T:
    try:
        return wire.decode(kind, reply.body)
    except wire.WireError as error:
        raise RegistryUnreachableError(f"the reply is not what the contract says: {error}"[:_SHOWN]) from error


_REFUSALS: Final = {
    sync.RefusalReason.UNKNOWN_FIELD: RegistryTooOldError,
    sync.RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE: FormerNamespaceError,
    sync.RefusalReason.ETAG_MISMATCH: SetChangedError,
}


def _refusal(reply: Reply) -> RegistryRefusedError | RegistryUnreachableError:
    try:
        refusal = wire.decode(sync.Refusal, reply.body)
    except wire.WireError:
        return RegistryUnreachableError(f"the sync port answered {reply.status}")
    kind = _REFUSALS.get(refusal.reason, RegistryRefusedError)
    return kind(sync.Refusal(refusal.reason, refusal.message[:_SHOWN]))
