"""What the work queue holds."""

from dataclasses import dataclass
from typing import TypeAlias

from registry_operator.resources import names


@dataclass(frozen=True, slots=True, order=True)
class RegistryKey:
    """One PyPIRegistry."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def kind(self) -> str:
        """What metrics count it under."""
        return "registry"

    @property
    def reference(self) -> dict[str, str]:
        """The object that a log line is about."""
        return _reference(names.REGISTRY_KIND, self.namespace, self.name)


@dataclass(frozen=True, slots=True, order=True)
class TokenSetKey:
    """All RegistryTokens of one namespace that refer to one registry."""

    registry: RegistryKey
    namespace: str

    def __str__(self) -> str:
        return f"tokens of {self.namespace} in {self.registry}"

    @property
    def kind(self) -> str:
        """What metrics count it under."""
        return "token_set"

    @property
    def reference(self) -> dict[str, str]:
        """The object that a log line is about: the registry, since the tokens are many."""
        return self.registry.reference


Key: TypeAlias = RegistryKey | TokenSetKey


def _reference(kind: str, namespace: str, name: str) -> dict[str, str]:
    return {"apiVersion": names.API_VERSION, "kind": kind, "namespace": namespace, "name": name}
