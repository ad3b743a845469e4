"""What a blob's key may look like, so that no key reaches a claim, a temporary file or the world outside the root."""

import re
from typing import Final

CLAIMS_FOLDER: Final = ".claim"

_NAME: Final = re.compile(r"[0-9A-Za-z_][0-9A-Za-z._-]{0,127}\Z")
_MAX_PARTS: Final = 8


def check_key(key: str) -> str:
    """The key itself: `{project id}/{sha256}/{upload id}` and the like. Raises ValueError for any other form."""
    parts = key.split("/")
    if len(parts) > _MAX_PARTS or not all(_NAME.match(part) for part in parts):
        raise ValueError(f"not a blob's key: {key!r}")
    return key


def claim_key(registry_id: str) -> str:
    """Where a registry's mark lies. Raises ValueError when the ID is not a plain name."""
    if not _NAME.match(registry_id):
        raise ValueError(f"not a registry's ID: {registry_id!r}")
    return f"{CLAIMS_FOLDER}/{registry_id}"
