"""A complete private registry on one machine, from the token that it prints to the page that shows a file."""

from __future__ import annotations

import hashlib
import re
import signal
from typing import TYPE_CHECKING

import pytest

from registry_service.contract import urls
from tests.cluster.commands import CommandFailedError
from tests.outcomes.issue_3 import STANDALONE
from tests.support import packages, service

if TYPE_CHECKING:
    from pathlib import Path

    from registry_service.contract.clients import Access
    from tests.conformance.programs import Programs
    from tests.support.browser import Page
    from tests.support.packages import Distribution
    from tests.support.service import Standalone


def _first_access(registry: Standalone) -> Access:
    """What a person reads off the screen after the first start."""
    printed = registry.server.printed()
    found = re.findall(r"\bpyr_p_\w+", printed)
    assert len(found) == 1, printed
    assert f"{registry.url}{urls.index_path('demo')}" in printed
    return service.access(registry.url, "demo", found[0])


@pytest.mark.outcome(STANDALONE)
def test_twine_pip_uv_and_a_browser(tmp_path: Path, programs: Programs, browser: Page) -> None:
    first, second = packages.wheel("0.0.1"), packages.wheel("0.0.2")
    with service.standalone(tmp_path) as registry:
        access = _first_access(registry)
        programs.twine("twine-7", access, first.write_to(tmp_path), packages.sdist().write_to(tmp_path)).ok()
        programs.uv_publish(access, second.write_to(tmp_path)).ok()
        programs.pip_install(access, "mypypipackage==0.0.1").ok()
        assert programs.greeting() == "Hello from MyPyPiPackage"
        assert "mypypipackage==0.0.2" in programs.uv_install(access, "mypypipackage").ok()
        assert programs.greeting() == "Hello from MyPyPiPackage"
        _look_at(browser, access, first)


def _look_at(browser: Page, access: Access, uploaded: Distribution) -> None:
    page = access.base_url + urls.packages_page_path(access.project)
    browser.open(page)
    assert urls.packages_page_path(access.project) not in browser.address().split("?")[0]
    browser.submit({"token": access.password, "username": access.username})
    assert browser.address() == page
    shown = browser.text()
    assert "mypypipackage" in shown
    assert "0.0.2" in shown
    browser.open(str(browser.evaluate(_LINK_OF.format(version="0.0.1"))))
    shown = browser.text()
    assert uploaded.filename in shown
    assert "mypypipackage-0.0.1.tar.gz" in shown
    assert hashlib.sha256(uploaded.content).hexdigest() in shown
    assert "pip install" in shown
    assert access.password not in shown


_LINK_OF = """
[...document.querySelectorAll("tr")].find(row => row.innerText.includes("{version}")).querySelector("a").href
"""


def test_the_page_is_hidden_from_who_has_no_token(one_machine: Standalone, browser: Page) -> None:
    access = one_machine.project("page-hidden")
    page = access.base_url + urls.packages_page_path(access.project)
    browser.open(page)
    browser.submit({"token": access.password[:-1] + "?", "username": access.username})
    assert "not valid" in browser.text()
    other = one_machine.project("page-other")
    browser.submit({"token": other.password, "username": other.username})
    browser.open(page)
    assert "no such project" in browser.text()


def test_a_restart_keeps_everything_and_prints_no_token(tmp_path: Path, programs: Programs) -> None:
    with service.standalone(tmp_path) as registry:
        access = _first_access(registry)
        programs.twine("twine-7", access, packages.wheel().write_to(tmp_path)).ok()
    with service.standalone(tmp_path) as again:
        assert "pyr_" not in again.server.printed()
        programs.pip_install(service.access(again.url, "demo", access.password), "mypypipackage").ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"


def test_it_ends_when_told_to(tmp_path: Path) -> None:
    with service.standalone(tmp_path) as registry:
        registry.server.process.send_signal(signal.SIGTERM)
        assert registry.server.process.wait(timeout=20) == 0


def test_killed_in_the_middle_it_has_what_it_acknowledged(tmp_path: Path, programs: Programs) -> None:
    with service.standalone(tmp_path) as registry:
        access = _first_access(registry)
        programs.twine("twine-7", access, packages.wheel().write_to(tmp_path)).ok()
        registry.server.process.kill()
        registry.server.process.wait(timeout=20)
    with service.standalone(tmp_path) as again:
        programs.pip_install(service.access(again.url, "demo", access.password), "mypypipackage").ok()
    assert programs.greeting() == "Hello from MyPyPiPackage"


def test_a_folder_is_served_by_one_process(tmp_path: Path) -> None:
    with service.standalone(tmp_path) as registry, pytest.raises(CommandFailedError, match="another process"):
        registry.program.run("serve", "--data", str(registry.data), "--port", "0", "--metrics-port", "0")


def test_tokens_made_and_revoked_by_command(one_machine: Standalone, programs: Programs, tmp_path: Path) -> None:
    access = one_machine.project("by-command")
    programs.twine("twine-7", access, packages.wheel().write_to(tmp_path)).ok()
    token_id = access.password.split("_")[2]
    data = ["--data", str(one_machine.data)]
    assert token_id in one_machine.program.run("token", "list", "--project", "by-command", *data)
    one_machine.program.run("token", "revoke", token_id, *data)
    assert "401" in programs.twine("twine-7", access, packages.wheel("0.0.2").write_to(tmp_path)).failed()
    programs.pip_install(access, "mypypipackage").failed()
    assert access.password not in one_machine.program.run("token", "list", "--project", "by-command", *data)
