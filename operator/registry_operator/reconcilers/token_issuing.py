"""Steps (1), (3) and (4) of issuing: what is written to the cluster for each credential (design section 4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from registry_operator.cluster.applying import APPLIED, ensure, fingerprint
from registry_operator.cluster.kube import Kube
from registry_operator.errors import AlreadyExistsError, ClusterError
from registry_operator.planning.credentials import Action, issue, promote
from registry_operator.planning.installation import Installation
from registry_operator.planning.ledger import IssuingContext
from registry_operator.planning.observed import Manifest, ObjectKey, ObservedSecret
from registry_operator.planning.token_secrets import Grant, access, differs, token_secrets
from registry_operator.reconcilers.token_members import Member
from registry_operator.reconcilers.token_reporting import Reporter, failed
from registry_operator.resources.conditions import Condition
from registry_operator.resources.registry import PyPIRegistry
from registry_service.contract.clients import Access

_ISSUING = frozenset({Action.MINT, Action.ENTER})


def wants_issue(member: Member) -> bool:
    """Whether the member is to get a new credential."""
    return member.decision is not None and member.decision.action in _ISSUING


@dataclass(frozen=True, slots=True)
class Issuer:
    """Issues for the members of one set, each for itself; `random` is a cryptographic source."""

    kube: Kube
    installation: Installation
    registry: PyPIRegistry
    context: IssuingContext
    random: Callable[[int], bytes]

    async def enter(self, member: Member, reporter: Reporter, synced: Condition) -> Member:
        """Step (1): mint in memory and write the digest as Pending, onto nothing but the status that was read."""
        if not wants_issue(member) or member.observation is None or member.decision is None:
            return member
        entered = replace(member, decision=issue(member.observation, self.context, member.decision, self.random))
        written = await reporter.report(entered, synced, guarded=True)
        # What is not in the ledger is not sent: the member goes on with the credentials that it had.
        return written if written.failure is None else replace(written, decision=None)

    async def write_secrets(self, member: Member, configuration: Access | None) -> Member:
        """Steps (3) and (4): write the Secrets that differ, then promote the Pending credential."""
        if configuration is None or member.observation is None or member.decision is None or member.failure:
            return member
        observed = (member.observation.secret, member.observation.env_secret)
        try:
            for manifest, present in zip(token_secrets(member.token, configuration), observed, strict=True):
                if _must_write(manifest, present) and await ensure(self.kube, manifest) is None:
                    raise AlreadyExistsError(f"{ObjectKey.of(manifest)} is not ours")
        except ClusterError as error:
            return failed(member, error)
        return replace(member, decision=promote(member.observation, self.context, member.decision))

    def configuration(self, member: Member, *, project: str, ca: str | None) -> Access | None:
        """The client configuration of a member whose credential is known; None while it is not."""
        decision = member.decision
        if decision is None or decision.password is None or decision.action is Action.WAIT:
            return None
        return access(member.token, self.registry, self.installation, Grant(project, decision.password, ca))


def _must_write(manifest: Manifest, present: ObservedSecret | None) -> bool:
    """Whether a Secret is other than wanted; only the mark tells of what is no longer wanted."""
    left_over = present is not None and present.annotations.get(APPLIED) != fingerprint(manifest)
    return left_over or differs(manifest, present)
