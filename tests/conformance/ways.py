"""The ways from a client to a registry, for tests of what its user sees: a proxy changes what a client is told.

Each list has both kinds of registry, and reaches at least one of them through Traefik.
"""

from __future__ import annotations

from typing import Final

import pytest

DIRECTLY_AND_THROUGH_TRAEFIK: Final = pytest.mark.parametrize("registry", ["one_machine", "websecure"], indirect=True)
EVERY_WAY: Final = pytest.mark.parametrize("registry", ["one_machine", "in_a_pod", "web", "websecure"], indirect=True)
