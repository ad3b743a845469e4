"""What clients ask a registry for while they resolve and install, seen on the wire."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from tests.conformance.installers import INSTALLERS
from tests.outcomes.issue_4 import CLIENTS
from tests.support import packages
from tests.support.packages import MIB
from tests.support.recording_proxy import recording

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs

pytestmark = pytest.mark.outcome(CLIENTS)

_NEEDS_TWO = "Requires-Dist: mypypilibrary>=2\n"


@pytest.mark.parametrize("client", INSTALLERS)
def test_no_wheel_of_a_discarded_candidate(access: Access, programs: Programs, tmp_path: Path, client: str) -> None:
    newest, chosen = packages.wheel("2.0", extra=_NEEDS_TWO), packages.wheel("1.0")
    library = packages.wheel("1.0", name="mypypilibrary")
    programs.uv_publish(access, *(wheel.write_to(tmp_path) for wheel in (newest, chosen, library))).ok()
    with recording(access.base_url) as recorder:
        proxied = dataclasses.replace(access, base_url=recorder.url)
        installation = INSTALLERS[client].install(programs, proxied, ["mypypipackage", "mypypilibrary"])
        assert installation.versions()["mypypipackage"] == "1.0"
    asked = recorder.filenames()
    assert f"{newest.filename}.metadata" in asked
    assert newest.filename not in asked
    assert chosen.filename in asked


@pytest.mark.parametrize("client", INSTALLERS)
def test_an_interrupted_download(access: Access, programs: Programs, tmp_path: Path, client: str) -> None:
    """pip and poetry ask for the rest, uv and pdm for all of it again."""
    wheel = packages.wheel(padding=8 * MIB)
    programs.uv_publish(access, wheel.write_to(tmp_path)).ok()
    with recording(access.base_url) as recorder:
        proxied = dataclasses.replace(access, base_url=recorder.url)
        recorder.cuts[wheel.filename] = 3 * MIB
        assert INSTALLERS[client].install(programs, proxied, ["mypypipackage"]).versions()["mypypipackage"] == "0.0.1"
    first, again = recorder.of(wheel.filename)
    assert first.status == 200
    if client not in ("pip", "poetry"):
        assert again.status == 200
        return
    assert again.status == 206
    assert again.asked["range"] == f"bytes={3 * MIB}-"
    # poetry asks for a range without saying of which bytes; the lock's hash finds out.
    assert again.asked.get("if-range") == (f'"{wheel.sha256}"' if client == "pip" else None)
