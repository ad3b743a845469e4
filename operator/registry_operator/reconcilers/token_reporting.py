"""Writing a RegistryToken's status: its conditions, its addresses and its ledger."""

import datetime as dt
from dataclasses import dataclass, replace

from registry_operator.cluster.applying import apply_status
from registry_operator.cluster.kube import Kube
from registry_operator.errors import ClusterError
from registry_operator.planning.failures import failure
from registry_operator.planning.status import TokenReport, invalid_status, token_status
from registry_operator.planning.token_readiness import issued, not_synced, token_conditions
from registry_operator.reconcilers.token_members import Member
from registry_operator.resources.conditions import Condition, ConditionType
from registry_service.contract.clients import Access


@dataclass(frozen=True, slots=True)
class Project:
    """What the registry's acknowledgement says about the namespace's project."""

    path: str
    id: int | None


@dataclass(frozen=True, slots=True)
class Reporter:
    """Writes what a pass found out; `home_uid` is the UID of the registry's namespace, which acceptance pins."""

    kube: Kube
    now: dt.datetime
    home_uid: str | None
    project: Project | None = None

    async def report(
        self, member: Member, synced: Condition, *, access: Access | None = None, guarded: bool = False
    ) -> Member:
        """Write a member's status if it differs; a failure stays with the member."""
        if member.problem is None:
            status = token_status(member.token, self._report(member, synced, access), self.now)
        else:
            status = invalid_status(member.body, member.problem, self.now)
        try:
            body = await apply_status(self.kube, member.body, status, guarded=guarded)
        except ClusterError as error:
            return failed(member, error)
        return replace(member, body=body)

    def _report(self, member: Member, synced: Condition, access: Access | None) -> TokenReport:
        status, decision = member.token.status, member.decision
        outcome = member.failure or issued(decision, member.token, self.now)
        told = member.refused or (synced if member.in_set else not_synced())
        return TokenReport(
            conditions=token_conditions(member.accepted, told, outcome),
            credentials=member.ledger,
            issue_time=status.issue_time if decision is None else decision.issue_time,
            rotation_trigger=status.rotation_trigger if decision is None else decision.trigger,
            registry_namespace_uid=status.registry_namespace_uid or (self.home_uid if member.in_set else None),
            project=status.project if self.project is None else self.project.path,
            project_id=status.project_id if self.project is None else self.project.id or status.project_id,
            index_url=status.index_url if access is None else access.index_url,
            upload_url=status.upload_url if access is None else access.upload_url,
        )


def failed(member: Member, error: ClusterError) -> Member:
    """The member with what the API server refused for it."""
    return replace(member, failure=failure(ConditionType.ISSUED, error.reason, str(error)))
