"""Sending sets: a namespace's own, and an empty one in place of what is nobody's any more (design section 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from registry_operator.errors import (
    RegistryRefusedError,
    RegistryTooOldError,
    RegistryUnreachableError,
    SetChangedError,
)
from registry_operator.planning.ledger import Credentials, IssuingContext
from registry_operator.planning.token_set import token_set
from registry_operator.reconcilers.keys import TokenSetKey
from registry_operator.reconcilers.sync_memory import SyncMemory
from registry_operator.reconcilers.token_members import Member
from registry_operator.reconcilers.token_reporting import Project
from registry_operator.registry_client import Acknowledgement
from registry_operator.resources.token import RegistryToken
from registry_service.contract import sync, wire

_NO_ETAG: Final = '"none"'


def ledgers(members: Iterable[Member]) -> list[tuple[RegistryToken, Credentials]]:
    """The credentials that are the registry's business."""
    return [(member.token, member.ledger) for member in members if member.in_set]


def set_body(namespace: str, members: Iterable[Member], context: IssuingContext) -> bytes:
    """The set of a namespace as it is sent."""
    return wire.encode(token_set(namespace, ledgers(members), context))


class Sets(Protocol):
    """The verbs of the sync port for sets, see RegistryClient."""

    async def sets(self) -> tuple[sync.SetSummary, ...]:
        """All sets that the registry holds."""

    async def held_set(self, namespace_uid: str) -> sync.SetSummary:
        """What the registry holds for one namespace."""

    async def put_set(self, namespace_uid: str, body: bytes, etag: str) -> Acknowledgement:
        """Replace one namespace's set, if its ETag still is `etag`."""


@dataclass(frozen=True, slots=True)
class SetSender:
    """Sends sets of one key to its registry and remembers what was acknowledged."""

    key: TokenSetKey
    client: Sets
    memory: SyncMemory

    async def send(self, held: sync.SetSummary, body: bytes) -> tuple[sync.SetSummary, Project | None]:
        """Send a set unless the registry holds it; returns what it holds then, and what it said of the project.

        Raises SetChangedError when another set was written since `held` was read, other RegistryErrors as they come.
        """
        if held.digest == sync.body_digest(body):
            self.memory.note(self.key.registry, held)
            return held, None
        accepted = await self.client.put_set(held.namespace_uid, body, held.etag)
        if accepted.reply.project != self.key.namespace:
            # The name goes into URLs and files of another namespace's Secrets: it is not the registry's to choose.
            raise RegistryUnreachableError("the registry names another project than the namespace's")
        revoked = tuple(sorted({*held.revoked, *accepted.reply.revoked}))
        digest = sync.body_digest(body)
        now = sync.SetSummary(self.key.namespace, held.namespace_uid, digest, accepted.etag, revoked)
        self.memory.note(self.key.registry, now)
        return now, Project(accepted.reply.project, accepted.reply.project_id)

    async def ask(self, held: sync.SetSummary, body: bytes) -> sync.Refusal | None:
        """Why the registry does not know what a set says, None when it does; nothing is written.

        The question bears an ETag that no set has, so that it is refused whatever the answer; a field that is not
        known is what a registry refuses first.
        """
        try:
            await self.client.put_set(held.namespace_uid, body, _NO_ETAG)
        except RegistryTooOldError as error:
            return error.refusal
        except SetChangedError:
            return None
        raise RegistryUnreachableError("the registry takes a set that is not meant for it")

    async def empty_former(self, current_uid: str | None) -> None:
        """Empty every set that a former namespace of this name left, under the UID that it had."""
        if not self.memory.knows(self.key.registry):
            self.memory.learn(self.key.registry, await self.client.sets())
        empty = wire.encode(sync.TokenSet(self.key.namespace))
        for former in list(self.memory.held(self.key.registry).values()):
            if former.namespace == self.key.namespace and former.namespace_uid != current_uid:
                await self._empty(former.namespace_uid, empty)

    async def _empty(self, namespace_uid: str, empty: bytes) -> None:
        held = await self.client.held_set(namespace_uid)
        if held.etag == sync.NEVER_WRITTEN and not held.namespace:
            return
        try:
            await self.send(held, empty)
        except RegistryRefusedError as error:
            # Its project went to another namespace, and with it the set: there is nothing left to empty.
            if error.refusal.reason is not sync.RefusalReason.PROJECT_OWNED_BY_FORMER_NAMESPACE:
                raise
