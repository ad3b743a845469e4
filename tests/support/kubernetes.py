"""A cluster as tests and the demonstration use it: kubectl with deadlines, a namespace, and waiting that explains.

When a wait fails, its error holds what a person would ask for next: conditions, events and the logs of pods.
"""

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.cluster.commands import CommandFailedError
from tests.cluster.kubectl import Kubectl

Object = dict[str, Any]  # Any: an object as the API server has it
Shown = Callable[[Object], bool]

GROUP = "pypiregistry.dev"
REGISTRY = f"pypiregistries.{GROUP}"
TOKEN = f"registrytokens.{GROUP}"
_CALL_SECONDS = 60.0
_DELETE_SECONDS = 180.0
_LOOK_AGAIN_SECONDS = 0.3
_LOG_LINES = 40


class WaitFailedError(AssertionError):
    """Something did not come true in time; the message holds the namespace's report."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """One namespace of a cluster."""

    kubectl: Kubectl
    name: str

    def __call__(self, *arguments: str, stdin: str | None = None, seconds: float = _CALL_SECONDS) -> str:
        """Run one kubectl command in this namespace. Raises CommandFailedError with kubectl's words."""
        return self.kubectl("--namespace", self.name, *arguments, stdin=stdin, timeout=seconds)

    def apply(self, *documents: Object) -> None:
        """Apply objects as a person does."""
        self("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))

    def get(self, kind: str, name: str) -> Object | None:
        """One object, or None when there is none."""
        text = self("get", kind, name, "--ignore-not-found", "-o", "json")
        return dict(json.loads(text)) if text else None

    def find(self, kind: str, *, labels: str = "") -> list[Object]:
        """All objects of a kind that carry the labels."""
        return list(json.loads(self("get", kind, "-l", labels, "-o", "json"))["items"])

    def secret(self, name: str) -> dict[str, str]:
        """The keys of a Secret, decoded. Raises CommandFailedError when there is none."""
        data = json.loads(self("get", "secret", name, "-o", "json")).get("data", {})
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def logs(self, pod_or_job: str) -> str:
        """Everything that the containers of a pod or of a Job's pods printed."""
        return self("logs", pod_or_job, "--all-containers")

    def delete(self, *objects: str) -> None:
        """Delete objects (`kind/name`) and wait until they are gone."""
        self("delete", "--ignore-not-found", "--wait=true", *objects, seconds=_DELETE_SECONDS)

    def wait_for(self, kind: str, name: str, shown: Shown, *, seconds: float, until: str) -> Object:
        """The object as soon as `shown` is true of it; `until` says what for. Raises WaitFailedError."""

        def look() -> Object | None:
            found = self.get(kind, name)
            return found if found is not None and shown(found) else None

        return self.eventually(look, seconds=seconds, until=f"{kind} {name}: {until}")

    def wait_for_condition(
        self, kind: str, name: str, condition: str, *, status: str = "True", reason: str = "", seconds: float = 240
    ) -> Object:
        """The object as soon as it has the condition, for its current generation."""

        def shown(body: Object) -> bool:
            found = condition_of(body, condition)
            return found.get("status") == status and reason in ("", found.get("reason"))

        until = f"{condition}={status} {reason}".strip()
        return self.wait_for(kind, name, shown, seconds=seconds, until=until)

    def wait_for_end(self, kind: str, name: str, *, seconds: float = 300) -> str:
        """What a Job or a pod printed, once it succeeded. Raises WaitFailedError when it fails or does not end."""
        body = self.wait_for(kind, name, lambda found: ended(found) is not None, seconds=seconds, until="ended")
        if not ended(body):
            raise WaitFailedError(f"{kind} {name} failed\n{self.report()}")
        return self.logs(f"{kind}/{name}")

    def eventually(self, look: Callable[[], Object | None], *, seconds: float, until: str) -> Object:
        """The first answer of `look` that is not None. Raises WaitFailedError with a report after `seconds`."""
        deadline = time.monotonic() + seconds
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise WaitFailedError(f"{self.name}: not within {seconds:.0f} s: {until}\n{self.report()}")
            time.sleep(_LOOK_AGAIN_SECONDS)  # another program's progress can only be asked for
        return found

    def report(self) -> str:
        """What to read when something went wrong here: conditions, events, pods and their logs."""
        parts = [
            "--- conditions",
            *self._conditions(),
            "--- events",
            self._try("get", "events", "--sort-by=.lastTimestamp"),
        ]
        parts += ["--- pods", self._try("get", "pods", "-o", "wide")]
        for pod in self.find("pods"):
            name = pod["metadata"]["name"]
            parts += [f"--- log of {name}", self._try("logs", name, "--all-containers", f"--tail={_LOG_LINES}")]
        return "\n".join(parts)

    def _conditions(self) -> Iterable[str]:
        for kind in (REGISTRY, TOKEN):
            for body in self.find(kind):
                for condition in body.get("status", {}).get("conditions", []):
                    state = f"{condition['type']}={condition['status']} {condition['reason']}"
                    yield f"{body['kind']} {body['metadata']['name']}: {state}: {condition['message']}"

    def _try(self, *arguments: str) -> str:
        """One part of a report: it must not hide the failure that it explains."""
        try:
            return self(*arguments)
        except CommandFailedError as error:
            return str(error)


def make_namespace(kubectl: Kubectl, name: str, labels: Mapping[str, str]) -> Namespace:
    """Make a namespace. Raises CommandFailedError when there is one of that name already."""
    metadata = {"name": name, "labels": dict(labels)}
    kubectl("create", "-f", "-", stdin=yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
    return Namespace(kubectl, name)


def condition_of(body: Object, name: str) -> Object:
    """A condition of the object's current generation; empty when there is none yet."""
    generation = body["metadata"].get("generation")
    conditions = body.get("status", {}).get("conditions", [])
    current = (item for item in conditions if item.get("observedGeneration", generation) == generation)
    return next((item for item in current if item["type"] == name), {})


def ended(body: Object) -> bool | None:
    """Whether a Job or a pod succeeded; None while it runs."""
    status = body.get("status", {})
    conditions = {item["type"] for item in status.get("conditions", []) if item["status"] == "True"}
    if status.get("phase") == "Succeeded" or "Complete" in conditions:
        return True
    return False if status.get("phase") == "Failed" or "Failed" in conditions else None
