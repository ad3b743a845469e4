"""What one user asked of an API server, by the server's own audit log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Used = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Audit:
    """The requests of `user`, kept in `folder`; nobody else's are."""

    folder: Path
    user: str

    def flags(self) -> dict[str, object]:
        """What the API server is started with."""
        policy = self.folder / "audit-policy.yaml"
        rules = [{"level": "Metadata", "users": [self.user]}, {"level": "None"}]
        described = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"]}
        policy.write_text(json.dumps(described | {"rules": rules}))
        return {"audit-policy-file": policy, "audit-log-path": self._log}

    def used(self) -> frozenset[Used]:
        """API group, resource with its subresource, verb: of every request that was for an object or a kind."""
        events = map(json.loads, self._log.read_text().splitlines())
        return frozenset(_used(event["verb"], event["objectRef"]) for event in events if "objectRef" in event)

    def refused(self) -> list[str]:
        """The requests that authorization refused."""
        events = map(json.loads, self._log.read_text().splitlines())
        return sorted(
            {f"{one['verb']} {one['requestURI']}" for one in events if one["responseStatus"].get("code") == 403}
        )

    @property
    def _log(self) -> Path:
        return self.folder / "audit.log"


def _used(verb: str, reference: Mapping[str, str]) -> Used:
    subresource = reference.get("subresource")
    resource = reference["resource"] + (f"/{subresource}" if subresource else "")
    return reference.get("apiGroup", ""), resource, verb
