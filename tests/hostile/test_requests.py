"""Requests that a proxy and the registry might read differently, or that are no HTTP at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.target import statuses

if TYPE_CHECKING:
    from tests.hostile.target import Target

pytestmark = pytest.mark.hostile


def test_probe(target: Target) -> None:
    """3.2/43: x."""
    assert statuses(target.exchange(target.head("GET", "/nowhere", "Content-Length: -1"))) == [400]
