"""The parts of an object's metadata that decisions depend on."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Metadata:
    """`metadata` as the API server keeps it; timestamps are RFC 3339 strings."""

    namespace: str
    name: str
    uid: str
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def terminating(self) -> bool:
        """Whether somebody deleted the object and a finalizer still holds it."""
        return self.deletion_timestamp is not None
