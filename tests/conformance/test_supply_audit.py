"""`make audit` as its auditor runs it, against an advisory service of our own; and the bills against their schema."""

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing
import referencing.jsonschema

from tests.supply import audit
from tests.supply.bill import bills
from tests.supply.locks import Pin, read
from tests.support.environments import client

pytestmark = pytest.mark.hostile


@dataclass
class Advisories:
    """What the service knows by package, and what it was asked."""

    url: str
    known: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:  # Any: JSON of OSV's API
        """OSV's answer: nothing, or one advisory."""
        name = question["package"]["name"]
        self.asked.append((name, question["version"]))
        if name not in self.known:
            return {}
        affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": []}]
        return {"vulns": [{"id": self.known[name], "summary": "example", "affected": affected, "aliases": []}]}


@pytest.fixture
def advisories() -> Iterator[Advisories]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.dumps(service.answer(json.loads(self.rfile.read(length)))).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A test's output is no place for a log of requests."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Advisories(f"http://127.0.0.1:{server.server_port}/v1/query")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield service
        server.shutdown()
        thread.join()


def applies_here(pins: tuple[Pin, ...]) -> set[tuple[str, str]]:
    return {(pin.name, pin.version) for pin in pins if pin.on_linux}


def test_every_pin_is_asked_about_and_an_advisory_fails_the_audit(
    advisories: Advisories, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """3.7/149: the audit sees what ships, and says so with an exit code."""
    locks = [path for path in audit.audited() if path.name == "requirements.lock" and "tests" not in path.parts]
    assert len(locks) == 2
    assert audit.audit(locks, url=advisories.url, home=tmp_path) == 0
    wanted = set().union(*(applies_here(read(path.read_text())) for path in locks))
    assert set(advisories.asked) == wanted
    advisories.known["starlette"] = "EXAMPLE-2026-1"
    assert audit.audit(locks, url=advisories.url, home=tmp_path / "again") == 1
    printed = capfd.readouterr().out
    assert "starlette" in printed
    assert "EXAMPLE-2026-1" in printed


def test_a_service_that_does_not_answer_is_no_clean_bill(tmp_path: Path) -> None:
    """3.7/149: an audit without an answer has failed."""
    nobody = "http://127.0.0.1:9/v1/query"
    assert audit.audit(audit.audited()[:1], url=nobody, home=tmp_path) == 1


def test_the_bills_are_valid(tmp_path: Path) -> None:
    """3.7/148: CycloneDX 1.6, by the specification's own schema, as the auditor's library carries it."""
    (folder,) = client("pip-audit").parents[1].glob("lib/python3*/site-packages/cyclonedx/schema/_res")
    files = {name: json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text()) for name in _SCHEMAS}
    # A reference names the file beside the schema, not that schema's own address.
    resources = [
        (
            f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json",
            referencing.jsonschema.DRAFT7.create_resource(text),
        )
        for name, text in files.items()
    ]
    registry = referencing.Registry[Any]().with_resources(resources)  # Any: JSON schemas
    validator = jsonschema.Draft7Validator(files["bom-1.6"], registry=registry)
    for text in bills().values():
        assert list(validator.iter_errors(json.loads(text))) == []
        assert list(validator.iter_errors(json.loads(text) | {"serialNumber": "none"}))


_SCHEMAS = ("bom-1.6", "spdx", "jsf-0.82")
