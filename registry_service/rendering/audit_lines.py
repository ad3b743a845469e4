"""The audit trail as JSON lines."""

from collections.abc import Iterable
from typing import Final

from registry_service.domain.audit import Recorded
from registry_service.rendering.json import render

CONTENT_TYPE: Final = "application/jsonl"


def render_lines(recorded: Iterable[Recorded]) -> bytes:
    """One object a line; what an entry does not have is left out."""
    return b"".join(render(_line(one)) + b"\n" for one in recorded)


def _line(recorded: Recorded) -> dict[str, object]:
    entry = recorded.entry
    actor = {"name": entry.actor.name, "token_id": entry.actor.token_id, "token_type": entry.actor.token_type}
    line: dict[str, object] = {
        "number": recorded.number,
        "at": recorded.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "action": entry.action.value,
        "actor": _present({**actor, "address": entry.actor.address}),
        "package": entry.package,
        "version": entry.version,
        "filename": entry.filename,
        "sha256": entry.sha256,
        "details": _present(entry.details),
    }
    return {name: value for name, value in line.items() if value}


def _present(texts: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}
