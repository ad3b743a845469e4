"""One RegistryToken on its way through a pass: what was read, what was decided, what went wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from registry_operator.cluster.kinds import Object
from registry_operator.cluster.kube import Kube
from registry_operator.planning.acceptance import Acceptance, accepted
from registry_operator.planning.credentials import Decision, TokenObservation, decide
from registry_operator.planning.installation import Installation
from registry_operator.planning.ledger import Credentials, IssuingContext
from registry_operator.planning.syncing import unsent
from registry_operator.reconcilers.keys import TokenSetKey
from registry_operator.reconcilers.token_observing import (
    Surroundings,
    TokenBody,
    UnreadableToken,
    read_secrets,
    read_tokens,
)
from registry_operator.resources import names
from registry_operator.resources.conditions import Condition
from registry_operator.resources.reasons import Reason
from registry_operator.resources.token import RegistryToken


@dataclass(frozen=True, slots=True)
class Member:
    """A RegistryToken of the set; `failure` is what the API server refused for it, and stops no other.

    `refused` is why the registry cannot hold it; with a `problem` its rights could be read and nothing else, so that
    its credentials live on and nothing is issued.
    """

    token: RegistryToken
    body: Object
    accepted: Condition
    observation: TokenObservation | None = None
    decision: Decision | None = None
    failure: Condition | None = None
    refused: Condition | None = None
    problem: str | None = None

    @property
    def in_set(self) -> bool:
        """Whether its credentials are the registry's business: an address that is missing revokes nobody."""
        return self.refused is None and self._admitted

    @property
    def _admitted(self) -> bool:
        return self.accepted.is_true or self.accepted.reason == Reason.REGISTRY_NOT_EXPOSED

    @property
    def ledger(self) -> Credentials:
        """The credentials that it has from now on."""
        return self.token.status.credentials if self.decision is None else self.decision.credentials

    @property
    def needs_another_look(self) -> bool:
        """Whether something may change of which no event tells: a Secret that is not watched."""
        source = None if self.observation is None else self.observation.source
        unwatched = self.token.spec.source.secret is not None and (
            source is None or names.WATCH_LABEL not in source.labels
        )
        return (
            unwatched or self.refused is not None or (self.decision is not None and self.decision.problem is not None)
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """The RegistryTokens of a set, and those that belong to it and cannot be read."""

    members: list[Member]
    unreadable: list[UnreadableToken]

    @property
    def obstacle(self) -> Condition | None:
        """Synced=False when a set without what cannot be read might end a credential of its."""
        endangered = next((one for one in self.unreadable if one.may_live), None)
        return None if endangered is None else unsent(endangered.body["metadata"]["name"], endangered.problem)


async def read_members(kube: Kube, key: TokenSetKey, around: Surroundings, *, installation: Installation) -> Membership:
    """Read the RegistryTokens of a set and whether each is accepted; raises ClusterError."""
    if around.namespace is None:
        return Membership([], [])
    home = around.registry_namespace
    acceptance = Acceptance(around.namespace, None if home is None else home.uid, installation)
    found = await read_tokens(kube, key)
    members = [
        Member(one.token, one.body, accepted(one.token, around.registry, acceptance), problem=one.problem)
        for one in found
        if isinstance(one, TokenBody)
    ]
    return Membership(members, [one for one in found if isinstance(one, UnreadableToken)])


async def decide_all(kube: Kube, members: Iterable[Member], context: IssuingContext) -> list[Member]:
    """Decide about the credential of each accepted member; raises ClusterError."""
    members = list(members)
    accepted_tokens = [member.token for member in members if member.accepted.is_true and member.problem is None]
    if not accepted_tokens:
        return members
    observations = await read_secrets(kube, accepted_tokens, accepted_tokens[0].metadata.namespace)
    return [_decided(member, observations.get(member.token.metadata.name), context) for member in members]


def _decided(member: Member, observation: TokenObservation | None, context: IssuingContext) -> Member:
    if observation is None:
        return member
    return replace(member, observation=observation, decision=decide(observation, context))
