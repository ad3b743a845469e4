"""The audit trail as JSON lines."""

import json
from datetime import UTC, datetime

from registry_service.domain.audit import OPERATOR, Action, Actor, Entry, Recorded
from registry_service.rendering.audit_lines import render_lines

_AT = datetime(2026, 11, 24, 12, 0, 0, 5, UTC)


def test_a_line_holds_what_is_known_and_nothing_else() -> None:
    actor = Actor("ci", "id", "Job", "192.0.2.1")
    entry = Entry(Action.YANK, actor, "foo", "1.0", "foo-1.0.tar.gz", "a" * 64, {"reason": "ünsafe\n"})
    full, bare = render_lines([Recorded(7, _AT, entry), Recorded(8, _AT, Entry(Action.DELETE, OPERATOR))]).splitlines()
    assert json.loads(full) == {
        "number": 7,
        "at": "2026-11-24T12:00:00.000005Z",
        "action": "yank",
        "actor": {"name": "ci", "token_id": "id", "token_type": "Job", "address": "192.0.2.1"},
        "package": "foo",
        "version": "1.0",
        "filename": "foo-1.0.tar.gz",
        "sha256": "a" * 64,
        "details": {"reason": "ünsafe\n"},
    }
    assert json.loads(bare) == {
        "number": 8,
        "at": "2026-11-24T12:00:00.000005Z",
        "action": "delete",
        "actor": {"name": "registry-operator"},
    }
