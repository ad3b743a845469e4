"""A lock holds the hash that the index shows; what has it is installed, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.locks import LOCKERS
from tests.outcomes.issue_4 import CLIENTS
from tests.support import packages

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs


@pytest.mark.outcome(CLIENTS)
@pytest.mark.parametrize("client", LOCKERS)
def test_installed_by_hash(access: Access, programs: Programs, tmp_path: Path, client: str) -> None:
    wheel, locker = packages.wheel(), LOCKERS[client]
    programs.uv_publish(access, wheel.write_to(tmp_path)).ok()
    lock = locker.lock(programs, access, wheel)
    locked = lock.file.read_text()
    hashed = f"sha256:{wheel.sha256}"
    assert hashed in locked
    # The URL of the file, which some locks hold too, stays as it is.
    lock.file.write_text(locked.replace(hashed, "sha256:" + "0" * 64))
    assert locker.mismatch in lock.install().result.failed()
    lock.file.write_text(locked)
    assert lock.install().versions()["mypypipackage"] == "0.0.1"
