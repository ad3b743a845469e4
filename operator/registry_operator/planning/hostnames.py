"""Who has a host name that several registries ask for: whoever got it first, by the word of the operator's status.

Not the oldest registry: its owner could then take the host of any younger one by naming it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from registry_operator.resources.registry import PyPIRegistry


@dataclass(frozen=True, slots=True)
class HostClaim:
    """A registry's wish for a host; `granted` when the operator's status says that it is served there."""

    uid: str
    owner: str
    hostname: str
    granted: bool
    created: str

    @classmethod
    def of(cls, registry: PyPIRegistry) -> Self | None:
        """The claim of a registry whose spec names a host; hosts of the installation's domain need none."""
        hostname, metadata = registry.spec.exposure.hostname, registry.metadata
        if hostname is None:
            return None
        return cls(
            uid=metadata.uid,
            owner=f"{metadata.namespace}/{metadata.name}",
            hostname=hostname,
            granted=registry.status.url == f"https://{hostname}",
            created=metadata.creation_timestamp,
        )


def holder(own: HostClaim, claims: Iterable[HostClaim]) -> str | None:
    """The other registry (`namespace/name`) that has the host, or None when it is this one's."""
    rivals = [claim for claim in claims if claim.hostname == own.hostname and claim.uid != own.uid]
    first = min((own, *rivals), key=lambda claim: (not claim.granted, claim.created, claim.uid))
    return None if first is own else first.owner
