"""Steps (1) to (4) over all members of a set that the registry answers for."""

from dataclasses import dataclass, replace

from registry_operator.errors import ChangedMeanwhileError
from registry_operator.planning.addresses import external_ca
from registry_operator.planning.syncing import synced, too_many, too_old
from registry_operator.planning.token_set import is_later, left_out, question
from registry_operator.reconcilers.parallel import in_parallel
from registry_operator.reconcilers.token_issuing import Issuer, wants_issue
from registry_operator.reconcilers.token_members import Member
from registry_operator.reconcilers.token_observing import read_tls_secret
from registry_operator.reconcilers.token_reporting import Project, Reporter
from registry_operator.reconcilers.token_syncing import SetSender, ledgers, set_body
from registry_operator.resources.conditions import Condition, ConditionType, unknown
from registry_operator.resources.reasons import Reason
from registry_service.contract.sync import NEVER_WRITTEN, SetSummary, body_digest
from registry_service.contract.wire import encode


@dataclass(frozen=True, slots=True)
class TokenRound:
    """What one round needs; `held` is what the registry held before everything else was read."""

    issuer: Issuer
    sender: SetSender
    reporter: Reporter
    held: SetSummary

    async def run(self, members: list[Member]) -> list[Member]:
        """Issue, send, write and report; raises RegistryError when a set is not accepted."""
        members = await self._without_refused(members)
        if self.held.etag == NEVER_WRITTEN and not any(member.in_set for member in members):
            # No set, no project: a namespace that is not allowed leaves no trace in the registry.
            return await in_parallel(lambda member: self.reporter.report(member, synced()), members)
        held, told = await self._claim(members)
        pending = _not_acknowledged()
        members = await in_parallel(lambda member: self.issuer.enter(member, self.reporter, pending), members)
        held, more = await self.sender.send(held, self._body(members))
        self._require_all_alive(members, held)
        return await self._serve(members, held, more or told)

    async def _without_refused(self, members: list[Member]) -> list[Member]:
        """Leave out what the registry's image has no words for: without them it would take a wider token.

        It is asked before anything is minted, and only when there is something new to say.
        """
        later = [member for member in members if member.in_set and is_later(member.token)]
        if not later or not (any(map(wants_issue, later)) or self.held.digest != body_digest(self._body(members))):
            return members
        asked = encode(question(self.sender.key.namespace, (member.token for member in later)))
        refusal = await self.sender.ask(self.held, asked)
        if refusal is None:
            return members
        told = too_old(refusal)
        return [replace(one, decision=None, refused=told) if one in later else one for one in members]

    async def _claim(self, members: list[Member]) -> tuple[SetSummary, Project | None]:
        """Before the first credential: have the project made, or be refused while nothing is minted yet."""
        if self.held.etag != NEVER_WRITTEN or not any(wants_issue(member) for member in members):
            return self.held, None
        return await self.sender.send(self.held, self._body(members))

    def _require_all_alive(self, members: list[Member], held: SetSummary) -> None:
        dead = set(held.revoked) - set(self.held.revoked)
        if any(entry.token_id in dead for member in members for entry in member.ledger):
            raise ChangedMeanwhileError("a credential was revoked in the registry during the pass")

    async def _serve(self, members: list[Member], held: SetSummary, told: Project | None) -> list[Member]:
        """Steps (3) and (4), for what the acknowledged set holds."""
        issuer = self.issuer
        ca = external_ca(issuer.registry, issuer.installation, await read_tls_secret(issuer.kube, issuer.registry))
        path = self.sender.key.namespace if told is None else told.path
        beyond = left_out(ledgers(members), issuer.context)
        reporter = replace(self.reporter, project=told)

        async def serve(member: Member) -> Member:
            if member.token.metadata.name in beyond:
                return await reporter.report(member, too_many())
            access = issuer.configuration(member, project=path, ca=ca)
            return await reporter.report(await issuer.write_secrets(member, access), synced(), access=access)

        served = await in_parallel(serve, members)
        await self.sender.send(held, self._body(served))
        return served

    def _body(self, members: list[Member]) -> bytes:
        return set_body(self.sender.key.namespace, members, self.issuer.context)


def _not_acknowledged() -> Condition:
    return unknown(ConditionType.SYNCED, Reason.NOT_SYNCED, "The registry has not acknowledged the credential yet.")
