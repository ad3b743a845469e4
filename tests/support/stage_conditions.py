"""What conditions say on the stage, read from a watch: it misses nothing, not even what lasts a moment."""

from __future__ import annotations

import json
import math
import time
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.support import played_workloads
from tests.support.operator_stage import HOME, registry_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_server import Object
    from tests.support.operator_stage import Stage

_MERGE = "application/merge-patch+json"
_LOG = 3000


@dataclass(frozen=True, slots=True)
class Watched:
    """A resource of the stage. `since` is the resourceVersion from which on it is looked at; from now on without."""

    here: Stage
    path: str
    since: str = ""
    _said: list[str] = field(default_factory=list)

    def until_condition(
        self, condition: str, *, reason: str, status: str = "False", says: str = "", seconds: float = 90
    ) -> str:
        """Wait until a condition of the current generation has the reason, and `says` in its message; the message.

        Raises AssertionError with all that was said and the end of the operator's log.
        """
        for body in self._bodies(seconds):
            for one in (body.get("status") or {}).get("conditions", []):
                state = f"{one['type']}={one['status']} {one['reason']}: {one['message']}"
                if state not in self._said:
                    self._said.append(state)
                current = one["observedGeneration"] == body["metadata"]["generation"]
                if current and (one["type"], one["status"], one["reason"]) == (condition, status, reason):
                    assert says in one["message"]
                    return str(one["message"])
        log = (self.here.folder / "operator.log").read_text()[-_LOG:]
        wanted = f"{condition}={status} {reason}"
        raise AssertionError("\n".join([f"{self.path}: not {wanted} within {seconds} s", *self._said, log]))

    def change(self, **spec: object) -> None:
        """Change fields of the spec as a person does."""
        self.patch({"spec": spec})

    def annotate(self, value: str) -> None:
        """Have the operator look again at once."""
        self.patch({"metadata": {"annotations": {"example.org/note": value}}})

    def patch(self, body: Object, *, part: str = "") -> None:
        """Change anything, or the subresource `part`."""
        self.here.server.call("PATCH", f"{self.path}{part}", body, _MERGE)

    def delete(self) -> None:
        """Delete it."""
        self.here.server.call("DELETE", self.path)

    def _bodies(self, seconds: float) -> Iterator[Object]:
        """The resource as it was, is and becomes, for so many seconds."""
        deadline, since = time.monotonic() + seconds, self.since
        if not since:
            body = self.here.get(self.path)
            assert body is not None, self.path
            yield body
            since = body["metadata"]["resourceVersion"]
        while (left := deadline - time.monotonic()) > 0:
            yield from self._watch(left, since)

    def _watch(self, seconds: float, since: str) -> Iterator[Object]:
        kind, _, name = self.path.rpartition("/")
        query = {"watch": 1, "fieldSelector": f"metadata.name={name}", "timeoutSeconds": math.ceil(seconds)}
        query |= {"resourceVersion": since}
        request = urllib.request.Request(f"{self.here.server.url}{kind}?{urlencode(query)}")
        with urllib.request.urlopen(request, timeout=seconds + 10, context=self.here.server.admin) as lines:
            for line in lines:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    # The API server's cache of this kind may be behind its store, until something of the kind changes.
                    assert event["object"]["code"] == HTTPStatus.GATEWAY_TIMEOUT, event
                    return
                yield event["object"]


def space(here: Stage, name: str) -> str:
    """Make a namespace; the resourceVersion from which on all in it can be watched."""
    here.make_namespace(name)
    made = here.get(f"/api/v1/namespaces/{name}")
    assert made is not None
    return str(made["metadata"]["resourceVersion"])


def until_home_is_ready(here: Stage) -> None:
    """Wait until the registry that is served is as its spec asks, while its workloads are played."""
    path = registry_path(HOME)

    def look() -> bool | None:
        played_workloads.play(here.server, HOME)
        body = here.get(path) or {}
        ready = next(one for one in body["status"]["conditions"] if one["type"] == "Ready")
        current = ready["observedGeneration"] == body["metadata"]["generation"]
        return True if current and ready["status"] == "True" else None

    here.until(look, seconds=90, what=lambda: here.get(path))
