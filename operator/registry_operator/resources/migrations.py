"""When a registry's database is migrated."""

from dataclasses import dataclass
from enum import StrEnum


class MigrationsType(StrEnum):
    """Who decides when the database is migrated for another image."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


@dataclass(frozen=True, slots=True)
class Migrations:
    """Whose word a migration waits for, and how long it may take."""

    type: MigrationsType = MigrationsType.AUTOMATIC
    approved_image: str | None = None
    deadline_seconds: int = 900
