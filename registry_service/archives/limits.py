"""What reading an archive may cost, whatever it claims to hold; the limits are those of the public index."""

from pathlib import Path
from typing import Final

MAX_METADATA_BYTES: Final = 16 * 1024 * 1024
MAX_MEMBERS: Final = 100_000
# An archive may unpack to this much in any case, and to so many times its own size beyond it.
UNPACKED_BYTES: Final = 64 * 1024 * 1024
MAX_EXPANSION: Final = 50


class UnreadableError(Exception):
    """The archive cannot be read; the message says why."""


def unpacked_limit(path: Path) -> int:
    """How many bytes an archive may unpack to."""
    return max(UNPACKED_BYTES, MAX_EXPANSION * path.stat().st_size)


def require_members(count: int) -> None:
    """Refuse an archive of too many members. Raises UnreadableError."""
    if count > MAX_MEMBERS:
        raise UnreadableError(f"it has more than {MAX_MEMBERS} members")


def require_unpacked(size: int, limit: int) -> None:
    """Refuse an archive that unpacks to more than its limit. Raises UnreadableError."""
    if size > limit:
        raise UnreadableError(f"it unpacks to more than {MAX_EXPANSION} times its size")
