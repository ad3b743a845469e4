"""The rules in force: what the operator sent last, or the defaults of a registry on one machine."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from registry_service.contract import wire
from registry_service.contract.sync import ProjectSettings, Rules
from registry_service.database import Transaction, sets
from registry_service.domain.catalog import Visibility
from registry_service.errors import ReadOnlyError


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """Reads the rules inside a transaction; `default` holds until some were sent."""

    default: Rules

    async def read(self, tx: Transaction, *, hold: bool = False) -> Rules:
        """The rules as this transaction sees them; to `hold` them keeps them so until it ends."""
        stored = await sets.find_rules(tx, hold=hold)
        return self.default if stored.body is None else _decoded(stored.body)

    async def hold_for_change(self, tx: Transaction) -> Rules:
        """The rules, which stay what they are until this transaction has changed packages. Raises ReadOnlyError."""
        rules = await self.read(tx, hold=True)
        if rules.read_only:
            raise ReadOnlyError
        return rules


def project_settings(rules: Rules) -> Callable[[str], ProjectSettings]:
    """What the rules say about the project at a path."""
    named = {settings.path: settings for settings in rules.projects}
    return lambda path: named.get(path) or ProjectSettings(path, rules.visibility, rules.quota)


def visibility(settings: ProjectSettings) -> Visibility:
    """Who may read the project, as the database has it."""
    return Visibility(settings.visibility.lower())


@lru_cache(maxsize=4)
def _decoded(body: bytes) -> Rules:
    return wire.decode(Rules, body)
