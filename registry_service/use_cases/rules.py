"""The rules in force: what the operator sent last, or the defaults of a registry on one machine."""

from dataclasses import dataclass
from functools import lru_cache

from registry_service.contract import wire
from registry_service.contract.sync import Rules
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


def visibility(rules: Rules, path: str) -> Visibility:
    """Who may read the project that the namespace at this path has."""
    named = {settings.path: settings.visibility for settings in rules.projects}
    return Visibility(named.get(path, rules.visibility).lower())


@lru_cache(maxsize=4)
def _decoded(body: bytes) -> Rules:
    return wire.decode(Rules, body)
